//! Heroku: `Procfile`, `app.json`, and what its command line prints.

use std::collections::BTreeSet;

use crate::app::Origin::Export;
use crate::app::{App, is_postgres};
use crate::document::Entry;
use crate::domain_file::Ssl;
use crate::variables::{self, Variable};
use crate::{ImportError, Input, Source, addon, app_json, buildpack, json, scale};

/// The files that are read.
pub(crate) const FILES: &[&str] = &[
    "Procfile",
    app_json::FILE,
    buildpack::MANAGE,
    buildpack::PACKAGE,
    ".buildpacks",
    "Aptfile",
    "heroku.yml",
];

/// Keys of a domain that say nothing of how it is served.
const OF_HEROKU: [&str; 8] =
    ["acm_status_reason", "app", "cname", "created_at", "id", "sni_endpoint", "status", "updated_at"];

/// Reads the app.
pub(crate) fn read(app: &mut App, input: &Input) -> Result<(), ImportError> {
    let Some(procfile) = input.file("Procfile") else {
        return Err(ImportError {
            file: "Procfile".to_owned(),
            line: None,
            reason:
                "is missing; add one with the line `web: ` and the command that starts your server on $PORT"
                    .to_owned(),
        });
    };
    app.read_procfile(procfile)?;
    let exported =
        input.config.as_ref().map(|source| Ok((source, variables::exported(source)?))).transpose()?;
    let collects = exported.as_ref().is_none_or(|(_, all)| {
        all.iter().all(|it| it.name != buildpack::WITHOUT_COLLECTSTATIC || it.value == "0")
    });
    buildpack::read(app, input, collects)?;
    if let Some(source) = input.file(app_json::FILE) {
        let all = exported.as_ref().map(|(_, all)| all.as_slice());
        let counts = app_json::read(app, source, crate::Tool::Heroku, all)?;
        // It counts when an app is made; later, people scale it.
        if input.scale.is_none() {
            app.scale(&source.name, counts);
        }
    }
    if let Some((source, variables)) = exported {
        for variable in variables {
            add_variable(app, source, variable);
        }
    }
    match &input.scale {
        Some(source) => app.scale(&source.name, scale::read(source)?),
        None => app.note_unknown_counts("pass the output of `heroku ps:scale` as `--scale`"),
    }
    match &input.domains {
        Some(source) => read_domains(app, source),
        None => Ok(()),
    }
}

fn add_variable(app: &mut App, source: &Source, variable: Variable) {
    let Variable { name, value, line } = &variable;
    let is_of_amazon = value.contains(".amazonaws.com");
    let instead = match name.as_str() {
        "DATABASE_URL" if is_postgres(value) && (is_of_amazon || !app.branch.stores.is_empty()) => {
            app.add_postgres();
            format!(
                "is set by `stores: {{db: Postgres}}`; move the data with `heroku pg:backups:capture`, `heroku pg:backups:download` \
                 and `ssh deploy@host store load {} <latest.dump`",
                app.target()
            )
        }
        "REDIS_URL" | "REDIS_TLS_URL" if is_of_amazon => addon::REDIS.to_owned(),
        _ if name.starts_with("HEROKU_POSTGRESQL_") && is_postgres(value) => {
            "is another address of a Heroku database; `DATABASE_URL` has the address of the store".to_owned()
        }
        _ if name.starts_with("HEROKU_") => {
            "is set by Heroku; `GIT_COMMIT` has the commit, and `pypaas releases` the history".to_owned()
        }
        "BUILDPACK_URL" => "the build is chosen by the files in the commit (docs/languages.md)".to_owned(),
        buildpack::WITHOUT_COLLECTSTATIC => {
            "add or remove `collectstatic` in `hooks: {after_build: …}`".to_owned()
        }
        _ => return app.add_variable(&source.name, variable, Export),
    };
    app.note(&source.name, *line, name, instead);
}

/// Reads what `heroku domains --json` prints.
fn read_domains(app: &mut App, source: &Source) -> Result<(), ImportError> {
    let mut has_certificate = false;
    let mut unused = BTreeSet::new();
    for entry in Entry::document(&source.name, json::read(source)?).items() {
        let line = entry.line;
        let mut map = entry.map()?;
        let Some(hostname) = map.take("hostname") else {
            return Err(ImportError::at(
                &source.name,
                line,
                "has no `hostname`: `heroku domains --json` prints one",
            ));
        };
        let kind = map.take("kind");
        let acm = map.take("acm_status");
        unused.extend(map.take_where(|key| OF_HEROKU.contains(&key)).into_iter().map(|it| it.key));
        app.note_rest(map);
        let name = hostname.text()?;
        if kind.is_some_and(|kind| kind.text() == Ok("heroku")) {
            app.note(
                &source.name,
                line,
                name,
                "belongs to Heroku; use a domain of your own, or `apps_domain` in pypaas.yml",
            );
            continue;
        }
        has_certificate |= acm.is_some_and(|it| it.text().is_ok_and(|it| !it.is_empty()));
        app.add_domain(&source.name, line, name);
        if name.starts_with("*.") {
            app.note(
                &source.name,
                line,
                name,
                "pypaas cannot get a certificate for a name with `*`; use `ssl: true` with your own (docs/https.md)",
            );
        }
    }
    if !unused.is_empty() {
        let keys = unused.into_iter().collect::<Vec<String>>().join("`, `");
        app.note(&source.name, None, &keys, "do not say how a domain is served");
    }
    app.sites.ssl = has_certificate.then_some(Ssl::Auto);
    if !has_certificate && !app.sites.names.is_empty() {
        app.note(
            &source.name,
            None,
            "acm_status",
            "Heroku does not manage certificates of this app; set `ssl: auto` in the domain's file to serve it over https (docs/https.md)",
        );
    }
    Ok(())
}
