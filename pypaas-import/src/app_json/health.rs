//! `healthchecks`: when a process of dokku is ready.

use crate::ImportError;
use crate::app::App;
use crate::document::{Entry, Map};
use crate::repo_file::HealthCheck;

/// dokku's own values: attempts, and in seconds the pause between two and the limit of each.
const DEFAULTS: (u64, u64, u64) = (3, 5, 5);

/// Keys of a check without a counterpart.
const LISTED: [(&str, &str); 7] = [
    ("content", "only the status of the response is checked, not its content"),
    ("command", "a check is an HTTP request to `healthcheck: {path: …}`"),
    ("httpHeaders", "a check is sent as nginx sends requests, with no headers of its own"),
    ("port", "a check is sent to `$PORT`"),
    ("scheme", "a check is sent over http"),
    ("warn", "a failed check refuses the push"),
    ("onFailure", "a failed check refuses the push; `hooks: {deploy_failed: …}` sends notifications"),
];

/// Reads the checks of all processes.
pub(super) fn read(app: &mut App, mut all: Map) -> Result<(), ImportError> {
    for entry in all.rest() {
        let process = entry.key.clone();
        for check in entry.items() {
            read_check(app, &process, check)?;
        }
    }
    Ok(())
}

fn read_check(app: &mut App, process: &str, entry: Entry) -> Result<(), ImportError> {
    let whole = entry.clone();
    let mut map = entry.map()?;
    // For people.
    map.take("name");
    map.take("description");
    let kind = map.take("type");
    if let Some(kind) = kind.filter(|kind| kind.text() != Ok("startup")) {
        app.note_entry(
            &kind,
            "is left out: processes are checked before they get requests, and restarted when they exit",
        );
        return Ok(());
    }
    for (key, instead) in LISTED {
        app.note_key(&mut map, key, instead);
    }
    let mut number = |key: &str| map.take(key).map(|it| it.number()).transpose();
    let (attempts, wait, timeout) = (number("attempts")?, number("wait")?, number("timeout")?);
    let (delay, uptime) = (number("initialDelay")?, number("uptime")?);
    let path = map.take("path");
    // Every process that is served must listen on its port in any case.
    map.take("listening");
    app.note_rest(map);
    let Some(runner) = app.branch.runners.get_mut(process) else {
        app.note_entry(&whole, "no process has this name");
        return Ok(());
    };
    if let Some(uptime) = uptime.filter(|_| runner.kind == "SimpleProcess") {
        runner.min_uptime = Some(format!("{uptime}s"));
    }
    if runner.kind != "NginxBackend" {
        if path.is_some() {
            app.note_entry(
                &whole,
                "only a runner of `type: NginxBackend` can have a health check with a path",
            );
        }
        return Ok(());
    }
    let seconds = |number: u64| format!("{number}s");
    if let Some(path) = path {
        let (interval, timeout) = (wait.map(seconds), timeout.map(seconds));
        runner.healthcheck = Some(HealthCheck { path: path.text()?.to_owned(), interval, timeout });
    }
    if attempts.or(wait).or(timeout).or(delay).is_some() {
        let (attempts, wait, timeout) =
            (attempts.unwrap_or(DEFAULTS.0), wait.unwrap_or(DEFAULTS.1), timeout.unwrap_or(DEFAULTS.2));
        let all = attempts.saturating_mul(wait.saturating_add(timeout));
        runner.start_timeout = Some(seconds(all.saturating_add(delay.unwrap_or(0))));
    }
    if uptime.is_some() {
        app.note_entry(&whole, "`uptime` is left out: a server is ready when it answers");
    }
    Ok(())
}
