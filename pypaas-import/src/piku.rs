//! piku: `Procfile`, `ENV` and `SCALING`.
//!
//! What each line means is piku's own code, `piku.py`: `parse_procfile`, `spawn_app` and `spawn_worker`.

use pypaas_runners::{Procfile, ProcfileLine};

use crate::app::{App, Origin};
use crate::domain_file::Ssl;
use crate::repo_file::Runner;
use crate::variables::{self, Variable};
use crate::{ImportError, Input, Source, crontab, scale};

mod settings;

/// The files that are read.
pub(crate) const FILES: &[&str] = &["Procfile", "ENV", "SCALING"];

/// A variable, and the file it is from.
type Setting<'a> = (&'a Source, Origin, Variable);

/// Reads the app.
pub(crate) fn read(app: &mut App, input: &Input) -> Result<(), ImportError> {
    let Some(procfile) = input.file("Procfile") else {
        return Err(ImportError {
            file: "Procfile".to_owned(),
            line: None,
            reason: "is missing; piku runs nothing without one".to_owned(),
        });
    };
    let mut settings: Vec<Setting<'_>> = Vec::new();
    let sources = [(input.file("ENV"), Origin::Repository), (input.config.as_ref(), Origin::Export)];
    for (source, origin) in sources.into_iter().filter_map(|(it, origin)| Some((it?, origin))) {
        for variable in variables::plain(source, true)? {
            settings.retain(|(.., other)| other.name != variable.name);
            settings.push((source, origin, variable));
        }
    }
    read_processes(app, procfile, &settings)?;
    settings::read(app, settings)?;
    if let Some(domains) = &input.domains {
        return Err(ImportError::whole(domains, "is not read: piku's domains are in `NGINX_SERVER_NAME`"));
    }
    if let Some(source) = input.scale.as_ref().or_else(|| input.file("SCALING")) {
        let mut counts = scale::read(source)?;
        // The `wsgi` process is the runner `web` here.
        counts.iter_mut().filter(|it| it.process == "wsgi").for_each(|it| it.process = "web".to_owned());
        app.scale(&source.name, counts);
    }
    Ok(())
}

fn read_processes(app: &mut App, procfile: &Source, settings: &[Setting<'_>]) -> Result<(), ImportError> {
    let lines = Procfile::lines(&procfile.text).map_err(|error| ImportError::of_manifest(procfile, error))?;
    let is_wsgi = lines.iter().any(|it| matches!(it.name, "wsgi" | "jwsgi" | "rwsgi"));
    let is_plain = |line: &ProcfileLine<'_>| {
        !matches!(line.name, "wsgi" | "jwsgi" | "rwsgi" | "php" | "static" | "preflight")
            && !line.name.starts_with("cron")
    };
    if lines.iter().all(is_plain) {
        return app.read_procfile(procfile);
    }
    for ProcfileLine { name, command, line } in lines {
        let instead = match name {
            "web" if is_wsgi => "is left out: piku ignores `web` if there is a `wsgi` process",
            "web" => {
                app.add_runner("web", Runner::web(command));
                continue;
            }
            "wsgi" => {
                app.add_runner("web", settings::wsgi(command, settings));
                app.note(
                    &procfile.name,
                    line,
                    name,
                    "still runs in uWSGI; install it on the host: `apt-get install uwsgi-core uwsgi-plugin-python3`",
                );
                continue;
            }
            "jwsgi" => {
                "runs a servlet in uwsgi; write a runner `web` whose `cmd` starts an HTTP server on `$PORT`"
            }
            "rwsgi" => "runs Rack in uwsgi; write a runner `web` with `cmd: bundle exec puma -p $PORT`",
            "php" => {
                "runs PHP in uwsgi; write a runner `web` whose `cmd` starts an HTTP server on `$PORT`, such as FrankenPHP"
            }
            "static" => {
                read_static(app, procfile, line, command);
                continue;
            }
            "preflight" => {
                app.branch.hooks.before_build = Some(command.to_owned());
                continue;
            }
            "release" => {
                app.branch.hooks.release = Some(command.to_owned());
                continue;
            }
            _ if name.starts_with("cron") => {
                let Some((at, cmd)) = crontab::split(command) else {
                    let reason = format!("`{name}` is not five fields of a time and a command");
                    return Err(ImportError::at(&procfile.name, line, reason));
                };
                app.add_runner(name, Runner::job(&at, cmd));
                continue;
            }
            _ => {
                app.add_runner(name, Runner::worker(command));
                continue;
            }
        };
        app.note(&procfile.name, line, name, instead);
    }
    app.note_unread_procfile(&procfile.name);
    Ok(())
}

/// Reads `public`, or `/:public,/docs:docs/html`.
fn read_static(app: &mut App, procfile: &Source, line: usize, command: &str) {
    let command = command.trim_matches('/');
    let paths = if command.starts_with(':') { format!("/{command}") } else { format!("/:{command}") };
    settings::add_static_paths(app, &procfile.name, line, "static", &paths);
}

/// Serves the app at its domains, with certificates, as piku does.
fn add_domains(app: &mut App, file: &str, variable: &Variable) {
    for name in variable.value.split([',', ' ']).filter(|name| !name.is_empty()) {
        app.add_domain(file, variable.line, name);
    }
    app.sites.ssl = Some(Ssl::Auto);
}
