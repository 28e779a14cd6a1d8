//! The end of the way: do the processes behind nginx run, listen where they should, and answer?

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use pypaas_config::{BranchRef, Diagnostic, RunnerName, Severity};
use pypaas_core::host::{HealthRequest, Host, Probe};
use pypaas_core::{Deployment, Listen, Process, Readiness, ServiceName};

use super::{Trace, problem};
use crate::format::{count, span};
use pypaas_linux::checks::CheckScope;

/// How many of an app's last lines are shown.
const LINES: usize = 10;

/// How far back starts are counted, to tell a process that keeps ending from one that just started.
const LATELY: Duration = Duration::from_secs(60);

/// Checks every process of `runner`: with one that is down, some requests fail.
pub(super) fn check(
    walk: &mut Trace<'_>,
    branch: &BranchRef,
    live: &Deployment,
    runner: &RunnerName,
) -> Result<(), Box<Diagnostic>> {
    let own: Vec<&Process> = live.processes.iter().filter(|it| it.runner == *runner).collect();
    if walk
        .installation
        .platform
        .runner(&branch.runner(runner), Some(live))
        .is_none_or(|it| it.command().is_none())
    {
        return Ok(());
    }
    for process in &own {
        runs(walk, branch, live, process)?;
    }
    let run = if own.len() == 1 { "runs" } else { "run" };
    walk.pass(format!("{} of {runner} {run}", count(own.len(), "process", "processes")));
    for process in &own {
        listens(walk, branch, live, process)?;
    }
    if own.iter().any(|it| it.socket.is_some()) {
        walk.pass("they accept connections at their sockets".to_owned());
    }
    let ports: Vec<String> = own.iter().filter_map(|it| it.port).map(|port| port.to_string()).collect();
    if !ports.is_empty() {
        walk.pass(format!("they accept connections at 127.0.0.1, port {}", ports.join(", ")));
    }
    for process in &own {
        is_healthy(walk, branch, live, process)?;
    }
    Ok(())
}

/// Returns the last lines of the processes of `live`, or of one of them.
pub(super) fn last_lines(
    walk: &mut Trace<'_>,
    branch: &BranchRef,
    live: &Deployment,
    only: Option<&ServiceName>,
) -> Vec<String> {
    let mut lines = Vec::new();
    for service in live.services(branch).filter(|service| only.is_none_or(|only| only == service)) {
        lines.extend(walk.host.logs().last_lines(&service, LINES));
    }
    lines
}

fn runs(
    walk: &mut Trace<'_>,
    branch: &BranchRef,
    live: &Deployment,
    process: &Process,
) -> Result<(), Box<Diagnostic>> {
    let service = process.service(branch, live.slot);
    let state = walk.host.services().inspect_service(&service);
    let state = state.map_err(|error| problem(error.to_string(), "run `pypaas check`"))?;
    let Some(state) = state else {
        return Err(problem(format!("the service {service} is gone"), "run `pypaas apply`"));
    };
    if !state.supervised {
        let defects = walk.host.check(&walk.installation.platform, CheckScope::Branch(branch));
        let why = defects.into_iter().find(|it| it.category == "services" && it.severity == Severity::Error);
        return Err(match why {
            Some(defect) => Box::new(defect),
            None => problem(
                format!("nothing supervises {service}"),
                "is svscan running, and does it watch `services_dir`?",
            ),
        });
    }
    if !state.enabled {
        return Err(problem(format!("{service} is disabled"), "run `pypaas apply`"));
    }
    // What was tried before in the same slot may have ended again and again.
    let lately = SystemTime::now().checked_sub(LATELY).unwrap_or(SystemTime::UNIX_EPOCH);
    let since = lately.max(live.at.into());
    let stats = walk.host.service_stats([(service.clone(), since)]);
    let starts = stats.get(&service).and_then(|it| it.starts).unwrap_or(0);
    let keeps_ending = starts >= 3;
    match state.process {
        Some((_, uptime)) if !keeps_ending || uptime >= LATELY => Ok(()),
        _ => {
            let what = match keeps_ending {
                true => format!("{service} is crash-looping: {starts} starts in the last {}", span(LATELY)),
                false => format!("{service} is down"),
            };
            let found = problem(what, format!("see its log: `pypaas logs {branch} {}`", process.runner));
            // The process of this moment may not have printed anything yet.
            Err(found.because(walk.host.supervisor().last_lines_of_all(&service, LINES)).into())
        }
    }
}

fn listens(
    walk: &mut Trace<'_>,
    branch: &BranchRef,
    live: &Deployment,
    process: &Process,
) -> Result<(), Box<Diagnostic>> {
    let service = process.service(branch, live.slot);
    let Some(listen) = process.listen(&walk.installation.platform.layout) else { return Ok(()) };
    let accepts = walk.host.accepts(&listen);
    let port = match (&listen, &accepts) {
        (Listen::Port(port), _) => *port,
        (Listen::Socket(_), Ok(())) => return Ok(()),
        (Listen::Socket(path), Err(error)) => {
            let what = format!("{service} does not listen where nginx asks it, at {path}: {error}");
            let fix = "let the app listen on the socket at the path in its variable `SOCKET`";
            let lines = last_lines(walk, branch, live, Some(&service));
            return Err(problem(what, fix).because(lines).into());
        }
    };
    let addresses = walk.host.listening(&service).unwrap_or_default();
    if accepts.is_ok() && addresses.iter().any(|address| address.port() == port) {
        return Ok(());
    }
    let what = match accepts {
        Ok(()) => format!("another program listens at port {port}, which is {service}'s"),
        Err(error) => format!(
            "{service} does not listen where nginx asks it, at 127.0.0.1:{port}: {}",
            instead(&addresses, port, &error.0)
        ),
    };
    let fix = match addresses.iter().any(|address| address.port() == port) {
        true => "let the app listen on 127.0.0.1, or on all addresses".to_owned(),
        false => "let the app listen on the port in its variable `PORT`".to_owned(),
    };
    Err(problem(what, fix).because(last_lines(walk, branch, live, Some(&service))).into())
}

/// Says where it listens instead.
fn instead(addresses: &BTreeSet<SocketAddr>, port: u16, refusal: &str) -> String {
    let own: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let only_v6 = |address: &SocketAddr| {
        address.port() == port && matches!(address.ip(), IpAddr::V6(ip) if ip.is_loopback())
    };
    match own.as_slice() {
        [] => format!("it is not listening on any port ({refusal})"),
        _ if addresses.iter().any(only_v6) => format!("it listens only on {}", own.join(", ")),
        _ => format!("it listens on {}", own.join(", ")),
    }
}

fn is_healthy(
    walk: &mut Trace<'_>,
    branch: &BranchRef,
    live: &Deployment,
    process: &Process,
) -> Result<(), Box<Diagnostic>> {
    let platform = &walk.installation.platform;
    let Some(runner) = platform.runner(&branch.runner(&process.runner), Some(live)) else { return Ok(()) };
    let Readiness::Healthy { check, .. } = runner.readiness() else { return Ok(()) };
    let Some(listen) = process.listen(&platform.layout) else { return Ok(()) };
    let script = runner.script().map(|script| platform.layout.checkout(branch, &live.checkout).join(script));
    let service = process.service(branch, live.slot);
    let origin = platform.origin(&service.runner);
    let request = HealthRequest { origin: &origin, path: &check.path, script: script.as_deref() };
    let what = match walk.host.answers(&listen, request, check.timeout) {
        Ok(status) if check.status.contains(&status) => {
            walk.pass(format!("{service} answers its health check {}", check.path));
            return Ok(());
        }
        Ok(status) => format!("{service} answers its health check {} with {status}", check.path),
        Err(error) => format!("{service} does not answer its health check {}: {error}", check.path),
    };
    let fix = format!("see its log, or restart it: `pypaas restart {branch}`");
    Err(problem(what, fix).because(last_lines(walk, branch, live, Some(&service))).into())
}
