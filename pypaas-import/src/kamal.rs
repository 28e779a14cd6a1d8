//! Kamal: `config/deploy.yml`, the names in `.kamal/secrets`, and how the image is started.
//!
//! The keys: Kamal's own commented example of each, in `lib/kamal/configuration/docs`.

use crate::app::App;
use crate::document::{Entry, Map};
use crate::{ImportError, Input, Source, yaml};

mod accessories;
mod env;
mod proxy;
mod roles;

/// The files that are read.
pub(crate) const FILES: &[&str] = &[
    CONFIG,
    SECRETS,
    ".kamal/secrets-common",
    "Dockerfile",
    "Procfile",
    "bin/docker-entrypoint",
    "config/crontab",
];

const CONFIG: &str = "config/deploy.yml";
const SECRETS: &str = ".kamal/secrets";

const IMAGE: &str = "apps run without containers, so no image or registry is needed";
const SSH: &str = "pushes use git over ssh; keys are files in `~/.ssh/authorized_keys.d` on the host";

/// Keys without a counterpart.
const LISTED: [(&str, &str); 19] = [
    ("image", IMAGE),
    ("registry", IMAGE),
    ("labels", IMAGE),
    ("ssh", SSH),
    ("sshkit", SSH),
    ("boot", "all new processes start at the same time, next to the old ones"),
    ("logging", "`pypaas logs` shows the output of the processes"),
    ("output", "`deploy_logger_cmd` in pypaas.yml gets the output of every deploy"),
    ("hooks_path", "hooks are commands in `hooks` of the branch, and run on the host"),
    ("hooks_output", "the output of hooks is shown in the push"),
    ("secrets_path", "`pypaas secret set` keeps secrets on the host"),
    ("error_pages_path", "write `error_page` into `nginx_https_extra_config` of the domain"),
    (
        "require_destination",
        "each destination is a branch, or a repo of its own: import it with the values of its file",
    ),
    ("allow_empty_roles", "has no effect: a role is a runner of the branch"),
    (
        "retain_containers",
        "`keep_checkouts` in pypaas.yml keeps earlier checkouts, `keep_releases` the history",
    ),
    ("minimum_version", "is a setting of Kamal itself"),
    ("readiness_delay", "`min_uptime` of a `SimpleProcess` says how long it must stay up"),
    ("run_directory", "is an internal directory of Kamal"),
    ("asset_path", "assets of the old version are not served after the switch"),
];

/// Reads the app.
pub(crate) fn read(app: &mut App, input: &Input) -> Result<(), ImportError> {
    let Some(source) = input.file(CONFIG) else {
        let reason = "is missing; name the directory of the app with `--app`".to_owned();
        return Err(ImportError { file: CONFIG.to_owned(), line: None, reason });
    };
    for (other, tells) in [(&input.domains, "`proxy`"), (&input.scale, "`servers`")] {
        if let Some(other) = other {
            return Err(ImportError::whole(
                other,
                format!("is not read: Kamal has that in {tells} of {CONFIG}"),
            ));
        }
    }
    let mut map = Entry::document(&source.name, yaml::read(source)?).map()?;
    note_erb(app, source);
    let extensions: Vec<Entry> = map.take_where(|key| key.starts_with("x-"));
    for entry in extensions {
        app.note_entry(&entry, "is not imported itself; its anchors are resolved where they are used");
    }
    let service = map.take("service");
    if let Some(service) = &service {
        app.note_entry(service, format!("is replaced by the name of the repo, `{}`", app.repo));
    }
    let service = service.map(|it| it.text().map(str::to_owned)).transpose()?.unwrap_or_default();
    let builder = map.take_map("builder")?.rest();
    for entry in &builder {
        let instead = "the build is chosen by the files in the commit (docs/languages.md), and runs on the host; `hooks: {build: …}` replaces it";
        app.note_entry(entry, instead);
    }
    let is_other = |entry: &Entry| entry.key == "dockerfile" && entry.text() != Ok("Dockerfile");
    if let Some(source) = input.file("Dockerfile") {
        let instead = "is not built; what it installs with apt-get must be installed on the host";
        app.note(&source.name, None, "Dockerfile", instead);
    }
    if let Some(source) = input.file("Procfile") {
        app.note_unread_procfile(&source.name);
    }
    let dockerfile = input.file("Dockerfile").filter(|_| !builder.iter().any(is_other));
    let timeouts = roles::Timeouts::take(&mut map)?;
    let accessories = accessories::read(app, map.take_map("accessories")?, &service)?;
    roles::read(app, &mut map, &roles::Context { input, dockerfile, timeouts })?;
    proxy::read(app, map.take("proxy"))?;
    env::read(app, map.take("env"), input, &accessories)?;
    read_aliases(app, map.take_map("aliases")?)?;
    read_volumes(app, map.take_items("volumes"))?;
    for (key, instead) in LISTED {
        app.note_key(&mut map, key, instead);
    }
    app.note_rest(map);
    Ok(())
}

/// Reads a number of seconds as a duration.
fn seconds(entry: Option<Entry>) -> Result<Option<String>, ImportError> {
    entry.map(|it| Ok(format!("{}s", it.number()?))).transpose()
}

/// Lists values that Ruby computes: they are read as they are written.
fn note_erb(app: &mut App, source: &Source) {
    for (line, text) in (1..).zip(source.text.lines()) {
        if text.contains("<%") && !text.trim_start().starts_with('#') {
            app.note(&source.name, line, "<%", "ERB is not evaluated; replace it with the value");
        }
    }
}

/// Makes a custom command of an alias that runs one in the app.
fn read_aliases(app: &mut App, mut aliases: Map) -> Result<(), ImportError> {
    for entry in aliases.rest() {
        let text = entry.text()?;
        let words = shlex::split(text).unwrap_or_default();
        let command = match words.as_slice() {
            [app, exec, rest @ ..] if app == "app" && exec == "exec" => {
                let options = rest.iter().take_while(|word| word.starts_with('-')).count();
                (rest.len() == options + 1).then(|| rest[options].clone())
            }
            _ => None,
        };
        match command {
            Some(command) => drop(app.branch.custom_cmds.insert(entry.key.clone(), command)),
            None if text.starts_with("app logs") => {
                app.note_entry(&entry, format!("`ssh deploy@host logs {} -f`", app.target()));
            }
            None => app
                .note_entry(&entry, "only aliases of `app exec` with a quoted command become `custom_cmds`"),
        }
    }
    Ok(())
}

/// Keeps what an app writes into a volume below its own directory.
fn read_volumes(app: &mut App, volumes: Vec<Entry>) -> Result<(), ImportError> {
    for entry in volumes {
        let text = entry.text()?;
        let mut parts = text.split(':');
        let (Some(outside), Some(inside)) = (parts.next(), parts.next()) else {
            app.note_entry(&entry, "is not of the form `outside:inside`");
            continue;
        };
        let within = ["/rails/", "/app/", "/usr/src/app/"].iter().find_map(|it| inside.strip_prefix(it));
        match within.map(|it| it.trim_end_matches('/')) {
            Some(path) if !path.is_empty() => {
                app.branch.persist.push(path.to_owned());
                let data = format!("data/{}/{}", app.repo, app.branch_name);
                app.note_entry(
                    &entry,
                    format!("`{path}` is kept by `persist`; copy the content of `{outside}` to `~/{data}/{path}` on the host"),
                );
            }
            _ if outside.starts_with('/') => {
                let options: String = parts.filter(|it| *it == "ro").map(|it| format!(":{it}")).collect();
                app.branch.share.push(format!("{outside}{options}"));
                app.note_entry(
                    &entry,
                    format!("is shared as `{outside}`; the app must use this path instead of `{inside}`"),
                );
            }
            _ => app
                .note_entry(&entry, "keep files in `PYPAAS_DATA_DIR`, or below the checkout with `persist`"),
        }
    }
    Ok(())
}
