//! Who listens on the port of a starting process: itself, somebody else, or nobody yet.
//!
//! That somebody answers is not enough. Any user of the machine may have been faster, and would get the app's requests.

use std::time::Duration;

use crate::host::{Host, PortHolder};
use crate::{Listen, Progress, ServiceName};

/// How often it is looked where else the process listens, which takes a few milliseconds.
const SEARCH: Duration = Duration::from_secs(1);

/// How long somebody else must hold the port. A process that was just forked may not be seen as one of the service yet.
const PATIENCE: Duration = Duration::from_secs(1);

/// What was seen of the port of a starting process.
pub(super) enum Ownership {
    /// The process listens there, and nobody else does.
    Held,
    /// It does not listen there yet, for this reason.
    NotYet(String),
    /// It never will, for this reason.
    Lost(String),
}

/// What was seen of the port so far.
pub(super) struct PortOwnership<'a> {
    service: &'a ServiceName,
    listen: &'a Listen,
    /// Since when somebody else holds it.
    lost_since: Option<Duration>,
    next_search: Option<Duration>,
}

impl<'a> PortOwnership<'a> {
    pub(super) fn new(service: &'a ServiceName, listen: &'a Listen) -> Self {
        Self { service, listen, lost_since: None, next_search: Some(SEARCH) }
    }

    /// Looks again, `waited` after the start.
    pub(super) fn look(
        &mut self,
        host: &mut dyn Host,
        progress: &mut dyn Progress,
        waited: Duration,
    ) -> Ownership {
        let accepts = host.probe().accepts(self.listen);
        let holder = accepts.and_then(|()| host.probe().holder(self.service, self.listen));
        let reason = match holder {
            Ok(PortHolder::Service) => return Ownership::Held,
            Ok(PortHolder::Other(other)) => {
                let reason = self.held_by(&other);
                if waited.saturating_sub(*self.lost_since.get_or_insert(waited)) >= PATIENCE {
                    return Ownership::Lost(format!("does not get its port: {reason}"));
                }
                return Ownership::NotYet(reason);
            }
            Ok(PortHolder::Nobody) => "connection refused".to_owned(),
            Err(error) => error.to_string(),
        };
        self.lost_since = None;
        self.search(host, progress, waited);
        Ownership::NotYet(match self.listen {
            Listen::Port(port) => format!("127.0.0.1:{port}: {reason}"),
            Listen::Socket(path) => format!("{path}: {reason}"),
        })
    }

    /// Says early, once, that the process listens on another port. It may open its own later, so it is waited for.
    fn search(&mut self, host: &mut dyn Host, progress: &mut dyn Progress, waited: Duration) {
        let Listen::Port(port) = *self.listen else { return };
        if self.next_search.is_none_or(|next| waited < next) {
            return;
        }
        self.next_search = Some(waited + SEARCH);
        let ports = self.ports(host).unwrap_or_default();
        if ports.is_empty() || ports.contains(&port) {
            return;
        }
        self.next_search = None;
        let (service, ports) = (self.service, words(&ports));
        progress.note(&format!(
            "{service} listens on port {ports}, and not yet on port {port}, the value of `PORT`"
        ));
    }

    /// Adds to `reason`, why the process ended, who holds its port.
    pub(super) fn explain(&self, host: &mut dyn Host, reason: String) -> String {
        match host.probe().holder(self.service, self.listen) {
            Ok(PortHolder::Other(other)) => format!("{reason}; {}", self.held_by(&other)),
            _ => reason,
        }
    }

    fn held_by(&self, other: &str) -> String {
        format!("{} is held by {other}, which is not a process of this service", self.listen)
    }

    /// Says where the process listens instead.
    pub(super) fn elsewhere(&self, host: &mut dyn Host) -> Option<String> {
        let Listen::Port(port) = *self.listen else {
            return Some("it should listen on the socket at the path in `SOCKET`".to_owned());
        };
        let ports = self.ports(host)?;
        if ports.contains(&port) {
            let addresses = host.probe().listening(self.service).ok()?;
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            return Some(format!("it listens on {}", addresses.join(", ")));
        }
        if ports.is_empty() {
            return Some(format!(
                "it listens on no port; it should listen on port {port}, the value of `PORT`"
            ));
        }
        let ports = words(&ports);
        Some(format!("it listens on port {ports} and should listen on port {port}, the value of `PORT`"))
    }

    fn ports(&self, host: &mut dyn Host) -> Option<Vec<u16>> {
        let listening = host.probe().listening(self.service).ok()?;
        Some(listening.iter().map(|address| address.port()).collect())
    }
}

fn words(ports: &[u16]) -> String {
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    ports.join(", ")
}
