//! What can be seen of ports.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use camino::Utf8Path;

use crate::{Listen, Origin, ServiceName};

/// Looks at ports of the loopback interface.
pub trait Probe {
    /// Lists the TCP ports something holds, listening or connected, and the numbers of sockets that something listens on.
    fn ports_in_use(&mut self) -> Result<BTreeSet<u16>, ProbeError>;

    /// Lists the addresses the processes of `service` listen on.
    fn listening(&mut self, service: &ServiceName) -> Result<BTreeSet<SocketAddr>, ProbeError>;

    /// Tells who answers at `listen`, a port being one of 127.0.0.1: the processes of `service`, or somebody else.
    fn holder(&mut self, service: &ServiceName, listen: &Listen) -> Result<PortHolder, ProbeError>;

    /// Tries to connect to `listen`, a port being one of 127.0.0.1.
    fn accepts(&mut self, listen: &Listen) -> Result<(), ProbeError>;

    /// Sends `request` to `listen`, a port being one of 127.0.0.1, and returns the status of the response.
    fn answers(
        &mut self,
        listen: &Listen,
        request: HealthRequest<'_>,
        timeout: Duration,
    ) -> Result<u16, ProbeError>;

    /// Counts the established connections to any of `ports`, over IPv4 and IPv6, and to the sockets with these numbers.
    fn connections(&mut self, ports: &BTreeSet<u16>) -> Result<usize, ProbeError>;
}

/// A `GET` as nginx passes it on.
#[derive(Debug, Clone, Copy)]
pub struct HealthRequest<'a> {
    /// The origin under which clients request what the process serves.
    pub origin: &'a Origin,
    /// The path.
    pub path: &'a str,
    /// The script that is to answer, for a process that speaks FastCGI; `None` for one that speaks HTTP.
    pub script: Option<&'a Utf8Path>,
}

/// Who listens where a service should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortHolder {
    /// Nobody.
    Nobody,
    /// The processes of the service, and nobody else.
    Service,
    /// Another process, even if the service listens as well: its description, such as ``process 4711 (`python3`)``.
    Other(String),
}

/// Says what was seen instead, such as `connection refused`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ProbeError(pub String);
