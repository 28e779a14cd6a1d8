//! The variables that piku itself understands, and those of the app.

use super::{Setting, add_domains};
use crate::ImportError;
use crate::app::App;
use crate::repo_file::Runner;
use crate::variables::Variable;

/// Variables of piku that its values may use, and that pypaas has not.
const OF_PIKU: [&str; 6] = ["$DATA_ROOT", "$LOG_ROOT", "$APP", "$VIRTUAL_ENV", "$NGINX_ROOT", "$PORT"];

const CACHE: &str =
    "pypaas does not cache responses in nginx; send `Cache-Control` from the app, or cache in the app";

/// What is done with settings of piku that have no counterpart.
const LISTED: &[(&str, &str)] = &[
    ("PIKU_AUTO_RESTART", "every push starts new processes, before the old ones stop"),
    ("PYTHON_VERSION", "the host's Python is used; install another one there, and name it in a `build` hook"),
    ("NODE_VERSION", "the host's Node is used; install another one there, and `share` it with the branch"),
    ("NODE_PACKAGE_MANAGER", "npm, pnpm, Yarn or Bun is chosen by the lock file"),
    ("DISABLE_IPV6", "`nginx: {listen: [0.0.0.0]}` in pypaas.yml sets this for all domains"),
    ("NGINX_IPV4_ADDRESS", "`nginx: {listen: […]}` in pypaas.yml sets this for all domains"),
    ("NGINX_IPV6_ADDRESS", "`nginx: {listen: […]}` in pypaas.yml sets this for all domains"),
    (
        "NGINX_CLOUDFLARE_ACL",
        "write `allow` and `deny` into `nginx_https_extra_config` of the domain, and `trusted_proxies` into pypaas.yml",
    ),
    ("NGINX_ALLOW_GIT_FOLDERS", "files whose names begin with a dot are never served, except `.well-known`"),
    ("NGINX_INCLUDE_FILE", "copy the directives of that file into `nginx_https_extra_config` of the domain"),
    ("NGINX_CACHE_PREFIXES", CACHE),
    ("NGINX_CACHE_SIZE", CACHE),
    ("NGINX_CACHE_TIME", CACHE),
    ("NGINX_CACHE_REDIRECTS", CACHE),
    ("NGINX_CACHE_ANY", CACHE),
    ("NGINX_CACHE_CONTROL", CACHE),
    ("NGINX_CACHE_EXPIRY", CACHE),
    ("NGINX_CACHE_PATH", CACHE),
    ("NGINX_ROOT", "is an internal directory of piku"),
    ("ACME_ROOT_CA", "`acme: {directory: …}` in pypaas.yml names another authority"),
    ("UWSGI_INCLUDE_FILE", "add `--ini` and the file to `cmd` of the runner `web`"),
    ("UWSGI_IDLE", "has no effect: processes always run"),
    ("UWSGI_LOG_MAXSIZE", "multilog rotates the logs"),
    ("UWSGI_LOG_X_FORWARDED_FOR", "add `--log-x-forwarded-for` to `cmd` of the runner `web`"),
];

/// Settings that [`wsgi`] reads, each with the option of uwsgi and piku's default.
const OF_UWSGI: [(&str, &str, Option<&str>); 6] = [
    ("UWSGI_PROCESSES", "processes", Some("2")),
    ("UWSGI_THREADS", "threads", Some("4")),
    ("UWSGI_MAX_REQUESTS", "max-requests", Some("1024")),
    ("UWSGI_LISTEN", "listen", Some("48")),
    ("UWSGI_GEVENT", "gevent", None),
    ("UWSGI_ASYNCIO", "asyncio", None),
];

/// Reads the settings: those of piku, and the variables of the app.
pub(super) fn read(app: &mut App, settings: Vec<Setting<'_>>) -> Result<(), ImportError> {
    let has_bind_address = settings.iter().any(|(.., it)| it.name == "BIND_ADDRESS");
    for (source, origin, variable) in settings {
        let Variable { name, value, line } = &variable;
        let (file, line) = (&source.name, *line);
        match name.as_str() {
            "NGINX_SERVER_NAME" => add_domains(app, file, &variable),
            "NGINX_STATIC_PATHS" => add_static_paths(app, file, line, name, value),
            "NGINX_CATCH_ALL" => set_catch_all(app, file, &variable),
            "NGINX_HTTPS_ONLY" if is_true(value) => {}
            "NGINX_HTTPS_ONLY" => {
                app.note(file, line, name, "http is redirected to https once there is a certificate");
            }
            "UWSGI_ENABLE_THREADS" => {
                if !is_true(value) {
                    app.note(file, line, name, "remove `--enable-threads` from `cmd` of the runner `web`");
                }
            }
            _ if OF_UWSGI.iter().any(|(of_uwsgi, ..)| of_uwsgi == name) => {
                let is_used = app.branch.runners.values().any(|it| it.kind == "UwsgiNginxBackend");
                if !is_used {
                    app.note(file, line, name, "has no effect without a `wsgi` process");
                }
            }
            _ => match LISTED.iter().find(|(listed, _)| listed == name) {
                Some((_, instead)) => app.note(file, line, name, *instead),
                None => add_variable(app, (source, origin, variable)),
            },
        }
    }
    let uses = |runner: &Runner| runner.cmd.as_ref().is_some_and(|cmd| cmd.contains("BIND_ADDRESS"));
    if !has_bind_address && app.branch.runners.values().any(uses) {
        app.branch.env.insert("BIND_ADDRESS".to_owned(), "127.0.0.1".to_owned());
    }
    Ok(())
}

fn add_variable(app: &mut App, (source, origin, variable): Setting<'_>) {
    let used = OF_PIKU.iter().find(|it| {
        let braced = it.replacen('$', "${", 1) + "}";
        variable.value.contains(**it) || variable.value.contains(&braced)
    });
    match used {
        Some(used) => {
            let instead = if *used == "$DATA_ROOT" {
                "is left out because it uses `$DATA_ROOT` of piku; the data directory of the app is in `PYPAAS_DATA_DIR`"
                    .to_owned()
            } else {
                format!(
                    "is left out because it uses `{used}` of piku; values cannot refer to other variables"
                )
            };
            app.note(&source.name, variable.line, &variable.name, instead);
        }
        None => app.add_variable(&source.name, variable, origin),
    }
}

fn is_true(value: &str) -> bool {
    matches!(value.to_lowercase().as_str(), "1" | "on" | "true" | "enabled" | "yes" | "y")
}

/// Returns the runner for a `wsgi` process: uwsgi with piku's options.
pub(super) fn wsgi(module: &str, settings: &[Setting<'_>]) -> Runner {
    let value = |name: &str| {
        let setting = settings.iter().find(|(.., it)| it.name == name);
        setting.map(|(.., it)| it.value.as_str())
    };
    let mut cmd = format!(
        "uwsgi --socket 127.0.0.1:$PORT --plugin python3 --virtualenv .venv --module {module} --master --die-on-term --enable-threads"
    );
    for (name, option, default) in OF_UWSGI {
        if let Some(value) = value(name).or(default) {
            cmd.push_str(&format!(" --{option} {value}"));
        }
    }
    Runner { kind: "UwsgiNginxBackend", ..Runner::web(&cmd) }
}

/// Adds runners for `/url:path,/other:path`.
pub(super) fn add_static_paths(app: &mut App, file: &str, line: usize, what: &str, paths: &str) {
    for item in paths.split(',').map(str::trim).filter(|it| !it.is_empty()) {
        let Some((url, path)) = item.split_once(':').filter(|(url, _)| url.starts_with('/')) else {
            app.note(
                file,
                line,
                what,
                format!("`{item}` is not of the form `/url:path`; piku ignores it, too"),
            );
            continue;
        };
        let url = format!("{}/", url.trim_end_matches('/'));
        if path.starts_with('/') || path.split('/').any(|part| part == "..") {
            app.note(
                file,
                line,
                what,
                format!("`{path}` is outside of the checkout; copy it there in the build, or serve it with `nginx_https_extra_config`"),
            );
            continue;
        }
        if app.sites.locations.contains_key(&url) {
            app.note(file, line, what, format!("`{url}` is served already"));
            continue;
        }
        let path = path.trim_matches('/');
        let path = path.strip_prefix("./").unwrap_or(path);
        let name = path.rsplit('/').next().unwrap_or_default();
        let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
        let name = app.free_name(if name.is_empty() || path == "." { "static" } else { &name });
        app.branch.runners.insert(name.clone(), Runner::files(if path == "." { "" } else { path }));
        app.sites.locations.insert(url, name);
    }
}

/// With `NGINX_CATCH_ALL` nginx sends one file for all paths that are none.
fn set_catch_all(app: &mut App, file: &str, variable: &Variable) {
    let root = app.sites.locations.get("/").and_then(|name| app.branch.runners.get_mut(name));
    match root.filter(|it| it.kind == "NginxStatic" && variable.value == "index.html") {
        Some(runner) => runner.spa = Some(true),
        None => app.note(
            file,
            variable.line,
            &variable.name,
            "`spa: true` of an `NginxStatic` serves its `index.html` for all paths; other files cannot be named",
        ),
    }
}
