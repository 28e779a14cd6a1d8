//! `servers`: each role is a runner.

use crate::app::App;
use crate::document::{Entry, Map, Value};
use crate::repo_file::Runner;
use crate::{ImportError, Input, Source, crontab, dockerfile, kamal};

/// Rails' own script.
const ENTRYPOINT: &str = "bin/docker-entrypoint";

/// What the commands and limits of roles depend on besides `servers`.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) input: &'a Input,
    /// The Dockerfile that is built.
    pub(super) dockerfile: Option<&'a Source>,
    pub(super) timeouts: Timeouts,
}

/// The time limits that all roles share.
#[derive(Debug, Default)]
pub(super) struct Timeouts {
    start: Option<String>,
    drain: Option<String>,
    stop: Option<String>,
}

impl Timeouts {
    pub(super) fn take(map: &mut Map) -> Result<Self, ImportError> {
        let mut seconds = |key: &str| kamal::seconds(map.take(key));
        Ok(Self {
            start: seconds("deploy_timeout")?,
            drain: seconds("drain_timeout")?,
            stop: seconds("stop_timeout")?,
        })
    }
}

/// Reads `servers` and `primary_role`.
pub(super) fn read(app: &mut App, map: &mut Map, context: &Context<'_>) -> Result<(), ImportError> {
    let primary = map.take("primary_role");
    let primary = primary.map(|it| it.text().map(str::to_owned)).transpose()?.unwrap_or("web".to_owned());
    let Some(servers) = map.take("servers") else {
        let reason = "has no `servers`".to_owned();
        return Err(ImportError { file: super::CONFIG.to_owned(), line: None, reason });
    };
    if !servers.is_map() {
        let role = Entry { key: primary.clone(), ..servers };
        return add(app, role, &primary, context);
    }
    for role in servers.map()?.rest() {
        add(app, role, &primary, context)?;
    }
    Ok(())
}

/// Adds one role: a list of hosts, or a mapping with `hosts` and `cmd`.
fn add(app: &mut App, role: Entry, primary: &str, context: &Context<'_>) -> Result<(), ImportError> {
    let timeouts = &context.timeouts;
    let (whole, name) = (role.clone(), role.key.clone());
    let mut map = if role.is_map() { role.map()? } else { Map::of_one("hosts", role) };
    for (number, host) in (1..).zip(map.take_items("hosts")) {
        if matches!(host.value, Value::Map(_)) {
            app.note_entry(
                &host,
                "has tags; their variables are not imported, because pypaas runs on one server",
            );
        } else if number == 1 {
            app.note_entry(&host, "is not needed: the app runs on the host that it is pushed to");
        } else {
            app.note_entry(&host, "is left out: pypaas runs on one server, with `process_count` processes");
        }
    }
    let cmd = map.take("cmd");
    let proxy = map.take("proxy");
    let is_served = match &proxy {
        Some(proxy) if proxy.is_map() => {
            app.note_entry(proxy, "is left out: its settings belong into the file of its domain");
            true
        }
        Some(proxy) => proxy.boolean()?,
        None => name == primary,
    };
    let stop = kamal::seconds(map.take("stop_timeout"))?.or(timeouts.stop.clone());
    for (key, instead) in [
        ("options", "is left out: processes share the memory and processors of the host"),
        ("logging", "`pypaas logs` shows the output of the processes"),
        ("labels", super::IMAGE),
        (
            "env",
            "is left out: all runners share `env` of the branch; set a variable for one of them in its command, such as `NAME=value bin/jobs`",
        ),
        ("asset_path", "assets of the old version are not served after the switch"),
    ] {
        app.note_key(&mut map, key, instead);
    }
    app.note_rest(map);
    if let Some(cmd) = cmd.as_ref().filter(|cmd| cmd.text().is_ok_and(|it| it.contains("crontab"))) {
        return add_jobs(app, cmd, context.input);
    }
    let cmd = match &cmd {
        Some(cmd) => cmd.text()?.to_owned(),
        None => of_image(app, &whole, context)?,
    };
    let runner = if is_served { Runner::web(&cmd) } else { Runner::worker(&cmd) };
    let (start, drain) = (timeouts.start.clone(), timeouts.drain.clone());
    let runner = if is_served {
        Runner { start_timeout: start, drain_timeout: drain, stop_timeout: stop, ..runner }
    } else {
        Runner { stop_timeout: stop, ..runner }
    };
    // Domains route to `web`.
    let name = if name == primary && is_served { "web" } else { &name };
    if is_served && name != "web" {
        app.note_entry(&whole, "no domain routes to it; write a domain file that does");
    }
    app.add_runner(name, runner);
    Ok(())
}

/// Returns the command that the image starts with, or that of `web` in a `Procfile`.
fn of_image(app: &mut App, role: &Entry, context: &Context<'_>) -> Result<String, ImportError> {
    let input = context.input;
    if let Some(source) = context.dockerfile {
        let start = dockerfile::read(source);
        if let Some((line, entrypoint)) = &start.entrypoint {
            read_entrypoint(app, source, *line, entrypoint, input);
        }
        if let Some((line, cmd)) = start.cmd {
            let without = cmd.strip_prefix("./bin/thrust ").or_else(|| cmd.strip_prefix("bin/thrust "));
            if without.is_some() {
                app.note(
                    &source.name,
                    line,
                    "bin/thrust",
                    "is left out: nginx is the proxy in front of the app; for compression, add `gzip on;` to `nginx_https_extra_config`",
                );
            }
            return Ok(without.unwrap_or(&cmd).to_owned());
        }
    }
    let procfile = input.file("Procfile");
    let lines = procfile.map(|it| {
        let lines = pypaas_runners::Procfile::lines(&it.text);
        lines.map_err(|error| ImportError::of_manifest(it, error))
    });
    let web = lines.transpose()?.and_then(|all| all.into_iter().find(|it| it.name == "web"));
    web.map(|it| it.command.to_owned()).ok_or_else(|| {
        role.wrong("a role with a `cmd`, and no `CMD` of a Dockerfile and no `web` of a Procfile says one")
    })
}

/// Rails' entrypoint prepares the database before the server starts: that is the `release` hook.
fn read_entrypoint(app: &mut App, source: &Source, line: usize, entrypoint: &str, input: &Input) {
    let script = input.file(ENTRYPOINT).filter(|_| entrypoint.ends_with(ENTRYPOINT));
    let mut lines = script.iter().flat_map(|it| it.text.lines()).map(str::trim);
    let instead = match lines.find(|line| line.ends_with("bin/rails db:prepare")) {
        Some(command) => {
            app.branch.hooks.release = Some(command.to_owned());
            "is not run; its `db:prepare` is in `hooks: {release: …}`".to_owned()
        }
        None => format!("`{entrypoint}` is not run; move what it does to `hooks: {{release: …}}`"),
    };
    app.note(&source.name, line, "ENTRYPOINT", instead);
}

/// Makes a job of each line of `config/crontab`, which a role for cron installs.
fn add_jobs(app: &mut App, cmd: &Entry, input: &Input) -> Result<(), ImportError> {
    let Some(source) = input.file("config/crontab") else {
        app.note_entry(cmd, "write each of its jobs as a runner of `type: Scheduled` (docs/jobs.md)");
        return Ok(());
    };
    let is_job = |(_, text): &(usize, &str)| !text.trim().is_empty() && !text.trim().starts_with('#');
    for (line, text) in (1..).zip(source.text.lines()).filter(is_job) {
        match crontab::split(text) {
            Some((at, cmd)) => {
                let number = app.branch.runners.keys().filter(|name| name.starts_with("cron-")).count() + 1;
                app.add_runner(&format!("cron-{number}"), Runner::job(&at, cmd));
            }
            None => app.note(&source.name, line, text.trim(), "is not five fields of a time and a command"),
        }
    }
    Ok(())
}
