//! Waiting for a process to count as started.

use std::time::Duration;

use camino::Utf8Path;
use pypaas_config::{HealthCheck, format_duration};

use super::port_ownership::{Ownership, PortOwnership};
use crate::host::{HealthRequest, Host, ServiceError};
use crate::{Listen, Origin, Progress, Readiness, ServiceName};

/// How often a starting process is looked at.
const INTERVAL: Duration = Duration::from_millis(20);

/// How long a process is watched that only has to be started.
const WATCH: Duration = Duration::from_secs(1);

/// How long a service may be without a process right after it was started: supervise waits a second between two starts.
const GRACE: Duration = Duration::from_millis(1500);

/// How long a process may take to answer the first request for its page.
const FIRST_PAGE: Duration = Duration::from_secs(5);

/// How many of a process's own last lines are shown when it does not get ready.
const SHOWN_LINES: usize = 20;

/// Says why a process does not count as started.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// It is not.
    #[error("{service} {reason}")]
    Process {
        /// The service.
        service: ServiceName,
        /// What is wrong with it.
        reason: String,
    },
    /// It cannot be seen.
    #[error("cannot tell whether it is ready")]
    Unseen(#[from] ServiceError),
    /// Whoever asked does not wait any more.
    #[error("nobody waits for it any more: {0}")]
    Abandoned(String),
}

/// A process that is waited for, and where it is asked whether it is ready.
#[derive(Debug, Clone, Copy)]
pub(super) struct HealthTarget<'a> {
    /// Its service.
    pub(super) service: &'a ServiceName,
    /// Where it must listen; `None` for one that takes no requests.
    pub(super) listen: Option<&'a Listen>,
    /// The script it is asked for by FastCGI; `None` for HTTP.
    pub(super) script: Option<&'a Utf8Path>,
    /// The origin under which clients request it.
    pub(super) origin: &'a Origin,
    /// Whether nobody needs to wait any more once the caller wants to stop.
    pub(super) can_be_abandoned: bool,
}

pub(super) fn await_ready(
    host: &mut dyn Host,
    progress: &mut dyn Progress,
    target: HealthTarget<'_>,
    readiness: &Readiness,
) -> Result<(), NotReady> {
    let HealthTarget { service, can_be_abandoned, .. } = target;
    let outcome = match readiness {
        Readiness::Started => match watch(host, service, WATCH, can_be_abandoned)? {
            Ok(()) => return Ok(()),
            Err(reason) => {
                progress.warn(&format!("{service} {reason}; the supervisor keeps restarting it"));
                show_log(host, progress, service);
                return Ok(());
            }
        },
        Readiness::StaysUp(time) => watch(host, service, *time, can_be_abandoned)?,
        Readiness::Accepts { within, http } => {
            let outcome = serve(host, progress, target, None, *within)?;
            if outcome.is_ok() && *http {
                warn_about_page(host, progress, target);
            }
            outcome
        }
        Readiness::Healthy { check, within } => serve(host, progress, target, Some(check), *within)?,
    };
    outcome.map_err(|reason| {
        show_log(host, progress, service);
        NotReady::Process { service: service.clone(), reason }
    })
}

/// Asks a process without a health check for `/`, as nginx asks for a client. A refusal or a failure does not stop the deploy: some
/// apps have nothing there. One process of a runner is enough.
fn warn_about_page(host: &mut dyn Host, progress: &mut dyn Progress, target: HealthTarget<'_>) {
    let HealthTarget { service, listen, script, origin, .. } = target;
    let is_asked = service.index == 0 && *origin != Origin::localhost();
    let request = HealthRequest { origin, path: "/", script };
    let listen = listen.filter(|_| is_asked);
    let answered = listen.map(|listen| host.probe().answers(listen, request, FIRST_PAGE));
    let Some(Ok(status @ (400 | 500..=599))) = answered else { return };
    progress.warn(&format!(
        "{service} answers {status} to a request for {}://{}/, and goes live all the same",
        origin.scheme(),
        origin.host
    ));
    if status == 400 {
        progress.note("a framework that answers 400 often lacks this name in its list of allowed hosts");
    }
    show_log(host, progress, service);
    progress.note("to refuse such a version, write `healthcheck: {path: /}` into the runner");
}

fn show_log(host: &mut dyn Host, progress: &mut dyn Progress, service: &ServiceName) {
    let lines = host.logs().last_lines(service, SHOWN_LINES);
    if lines.is_empty() {
        progress.note(&format!("{service} wrote nothing to its log"));
        return;
    }
    progress.note(&format!("the last lines of {service}:"));
    for line in lines {
        progress.output(format!("  {line}\n").as_bytes());
    }
}

/// What was seen of a process: it must be there, and stay the same one.
struct Watched<'a> {
    service: &'a ServiceName,
    begin: Duration,
    seen: Option<u32>,
    can_be_abandoned: bool,
}

impl Watched<'_> {
    /// Looks again. Gives the time since the beginning, or why the process will not do.
    fn look(&mut self, host: &mut dyn Host) -> Result<Result<Duration, String>, NotReady> {
        if let Some(reason) = host.caller().wants_to_stop().filter(|_| self.can_be_abandoned) {
            return Err(NotReady::Abandoned(reason));
        }
        let state = host.services().inspect_service(self.service)?;
        let process = state.and_then(|state| state.process).map(|(pid, _)| pid);
        let waited = host.clock().elapsed().saturating_sub(self.begin);
        match (process, self.seen) {
            (Some(_), None) => self.seen = process,
            (Some(now), Some(before)) if now == before => {}
            (None, None) if waited < GRACE => {}
            (None, None) => return Ok(Err("exits as soon as it is started".to_owned())),
            _ => return Ok(Err(format!("exited {} after it was started", format_duration(round(waited))))),
        }
        Ok(Ok(waited))
    }
}

fn watch(
    host: &mut dyn Host,
    service: &ServiceName,
    time: Duration,
    can_be_abandoned: bool,
) -> Result<Result<(), String>, NotReady> {
    let mut watched = Watched { service, begin: host.clock().elapsed(), seen: None, can_be_abandoned };
    loop {
        let waited = match watched.look(host)? {
            Ok(waited) => waited,
            Err(reason) => return Ok(Err(reason)),
        };
        let uptime = host
            .services()
            .inspect_service(service)?
            .and_then(|state| state.process)
            .map(|(_, uptime)| uptime);
        if uptime.is_some_and(|uptime| uptime >= time) {
            return Ok(Ok(()));
        }
        if waited > time + GRACE {
            return Ok(Err(format!("was not up for {}", format_duration(time))));
        }
        host.clock().pause(INTERVAL);
    }
}

fn serve(
    host: &mut dyn Host,
    progress: &mut dyn Progress,
    target: HealthTarget<'_>,
    check: Option<&HealthCheck>,
    within: Duration,
) -> Result<Result<(), String>, NotReady> {
    let HealthTarget { service, can_be_abandoned, .. } = target;
    let Some(listen) = target.listen else { return Ok(Err("has no address to listen on".to_owned())) };
    let mut watched = Watched { service, begin: host.clock().elapsed(), seen: None, can_be_abandoned };
    let mut ownership = PortOwnership::new(service, listen);
    let mut next_check = Duration::ZERO;
    let mut answer = String::new();
    loop {
        let waited = match watched.look(host)? {
            Ok(waited) => waited,
            Err(reason) => return Ok(Err(ownership.explain(host, reason))),
        };
        match ownership.look(host, progress, waited) {
            Ownership::Lost(reason) => return Ok(Err(reason)),
            Ownership::NotYet(refusal) => answer = refusal,
            Ownership::Held if waited < next_check => {}
            Ownership::Held => match check.map_or(Ok(()), |check| ask(host, target, listen, check)) {
                Ok(()) => return Ok(watched.look(host)?.map(drop)),
                Err(said) => {
                    let interval = check.map_or(INTERVAL, |check| check.interval);
                    next_check = host.clock().elapsed().saturating_sub(watched.begin) + interval;
                    answer = said;
                }
            },
        }
        if waited >= within {
            let elsewhere = ownership.elsewhere(host).map(|text| format!("; {text}")).unwrap_or_default();
            return Ok(Err(format!("is not ready after {}: {answer}{elsewhere}", format_duration(within))));
        }
        host.clock().pause(INTERVAL);
    }
}

fn ask(
    host: &mut dyn Host,
    target: HealthTarget<'_>,
    listen: &Listen,
    check: &HealthCheck,
) -> Result<(), String> {
    let request = HealthRequest { origin: target.origin, path: &check.path, script: target.script };
    let status = host.probe().answers(listen, request, check.timeout);
    let said = match status {
        Ok(status) if check.status.contains(&status) => return Ok(()),
        Ok(status) => format!("answered {status}, wanted {}-{}", check.status.start(), check.status.end()),
        Err(error) => error.to_string(),
    };
    Err(format!("its health check {}: {said}", check.path))
}

fn round(time: Duration) -> Duration {
    let millis = time.as_millis() as u64;
    Duration::from_millis(millis - millis % 100)
}
