//! What can be seen of ports.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use crate::{Origin, ServiceName};

/// Looks at ports of the loopback interface.
pub trait Probe {
    /// Lists the TCP ports something holds, listening or connected.
    fn ports_in_use(&mut self) -> Result<BTreeSet<u16>, ProbeError>;

    /// Lists the addresses the processes of `service` listen on.
    fn listening(&mut self, service: &ServiceName) -> Result<BTreeSet<SocketAddr>, ProbeError>;

    /// Tells who answers at 127.0.0.1:`port`: the processes of `service`, or somebody else.
    fn holder(&mut self, service: &ServiceName, port: u16) -> Result<PortHolder, ProbeError>;

    /// Tries to connect to 127.0.0.1:`port`.
    fn accepts(&mut self, port: u16) -> Result<(), ProbeError>;

    /// Sends `GET path` to 127.0.0.1:`port` as nginx passes on a request for `origin`, and returns the status of the response.
    fn answers(
        &mut self,
        port: u16,
        origin: &Origin,
        path: &str,
        timeout: Duration,
    ) -> Result<u16, ProbeError>;

    /// Counts the established connections to any of `ports`, over IPv4 and IPv6.
    fn connections(&mut self, ports: &BTreeSet<u16>) -> Result<usize, ProbeError>;
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
