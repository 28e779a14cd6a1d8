//! dokku: `Procfile`, `app.json`, `CHECKS`, `DOKKU_SCALE`, and what its commands print.

use crate::app::Origin::Export;
use crate::app::{App, is_postgres};
use crate::domain_file::Ssl;
use crate::variables::{self, Variable};
use crate::{ImportError, Input, Source, Tool, addon, app_json, buildpack, scale};

mod checks;

/// The files that are read.
pub(crate) const FILES: &[&str] = &[
    "Procfile",
    app_json::FILE,
    "CHECKS",
    "DOKKU_SCALE",
    buildpack::MANAGE,
    buildpack::PACKAGE,
    ".buildpacks",
    "Aptfile",
    "nginx.conf.sigil",
];

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
    if let Some(source) = input.scale.as_ref().or_else(|| input.file("DOKKU_SCALE")) {
        app.scale(&source.name, scale::read(source)?);
    }
    let collects = exported.as_ref().is_none_or(|(_, all)| {
        all.iter().all(|it| it.name != buildpack::WITHOUT_COLLECTSTATIC || it.value == "0")
    });
    buildpack::read(app, input, collects)?;
    if let Some(source) = input.file(app_json::FILE) {
        let all = exported.as_ref().map(|(_, all)| all.as_slice());
        let counts = app_json::read(app, source, Tool::Dokku, all)?;
        // It counts in every deploy.
        app.scale(&source.name, counts);
    }
    if let Some(source) = input.file("CHECKS") {
        checks::read(app, source)?;
    }
    let is_https = exported.as_ref().is_some_and(|(_, all)| all.iter().any(says_https));
    if let Some((source, variables)) = exported {
        for variable in variables {
            add_variable(app, source, variable);
        }
    }
    app.note_unknown_counts("pass the output of `dokku ps:scale APP` as `--scale`");
    if let Some(source) = &input.domains {
        read_domains(app, source)?;
        app.sites.ssl = is_https.then_some(Ssl::Auto);
        if !is_https && !app.sites.names.is_empty() {
            let instead = "the variables do not say whether dokku serves them over https; set `ssl: auto` in the domain's file to do so (docs/https.md)";
            app.note(&source.name, None, "domains", instead);
        }
    }
    Ok(())
}

fn says_https(variable: &Variable) -> bool {
    match variable.name.as_str() {
        "DOKKU_LETSENCRYPT_EMAIL" | "DOKKU_PROXY_SSL_PORT" => true,
        "DOKKU_PROXY_PORT_MAP" => variable.value.contains("https:"),
        _ => false,
    }
}

fn add_variable(app: &mut App, source: &Source, variable: Variable) {
    let Variable { name, value, line } = &variable;
    // A linked service has a container, whose name is the host.
    let service = value
        .split_once("@dokku-")
        .and_then(|(_, host)| host.split_once('-'))
        .map(|(kind, _)| kind.to_owned());
    let instead = match (name.as_str(), service.as_deref()) {
        ("DATABASE_URL", Some("postgres")) if is_postgres(value) => {
            app.add_postgres();
            format!(
                "is set by `stores: {{db: Postgres}}`; move the data with `dokku postgres:export SERVICE >shop.dump` and \
                 `ssh deploy@host store load {} <shop.dump`",
                app.target()
            )
        }
        (_, Some("postgres")) => {
            "`DATABASE_URL` has the address of the store `db`; let the app read that".to_owned()
        }
        (_, Some("redis")) => addon::REDIS.to_owned(),
        (_, Some(kind)) => {
            format!("install {kind} on the host, and set its address with `pypaas secret set`")
        }
        ("GIT_REV", _) => "the commit is in `GIT_COMMIT`".to_owned(),
        ("NO_VHOST", _) => "an app without a domain file is not reachable from outside".to_owned(),
        ("DOKKU_LETSENCRYPT_EMAIL", _) => "`acme: {email: …}` in pypaas.yml is for all domains".to_owned(),
        ("DOKKU_PROXY_PORT_MAP" | "DOKKU_PROXY_PORT" | "DOKKU_PROXY_SSL_PORT", _) => {
            "nginx listens on 80 and 443, or on the ports in pypaas.yml; the app listens on `$PORT`"
                .to_owned()
        }
        _ if name.starts_with("DOKKU_") => "is a setting of dokku itself".to_owned(),
        (buildpack::WITHOUT_COLLECTSTATIC, _) => {
            "add or remove `collectstatic` in `hooks: {after_build: …}`".to_owned()
        }
        _ => return app.add_variable(&source.name, variable, Export),
    };
    app.note(&source.name, *line, name, instead);
}

/// Reads what `dokku domains:report APP` prints.
fn read_domains(app: &mut App, source: &Source) -> Result<(), ImportError> {
    let mut reports = 0;
    for (line, text) in (1..).zip(source.text.lines()) {
        let text = text.trim();
        if text.starts_with("=====>") {
            reports += 1;
            if reports > 1 {
                let reason = "the report has more than one app; use `dokku domains:report APP`";
                return Err(ImportError::at(&source.name, line, reason));
            }
            continue;
        }
        let Some((key, value)) = text.split_once(':').map(|(key, value)| (key.trim(), value.trim())) else {
            if text.is_empty() {
                continue;
            }
            return Err(ImportError::at(&source.name, line, "is not a line of `dokku domains:report APP`"));
        };
        match key {
            "Domains app vhosts" => {
                for name in value.split_whitespace() {
                    app.add_domain(&source.name, line, name);
                }
            }
            "Domains app enabled" if value == "false" => {
                app.note(
                    &source.name,
                    line,
                    key,
                    "an app without a domain file is not reachable from outside",
                );
            }
            "Domains app enabled" | "Domains global enabled" => {}
            "Domains global vhosts" if value.is_empty() => {}
            "Domains global vhosts" => {
                app.note(
                    &source.name,
                    line,
                    key,
                    "`apps_domain` in pypaas.yml sets the domain of apps that have none",
                );
            }
            key => app.note(&source.name, line, key, "`pypaas import` does not know this line"),
        }
    }
    Ok(())
}
