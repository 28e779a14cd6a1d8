//! Runners: what is done with a branch's code.

use std::time::Duration;

use camino::Utf8PathBuf;
use pypaas_config::{HealthCheck, Overlap};
use serde::Serialize;

use crate::web::Route;
use crate::{Server, Upstream, UpstreamName};

/// One way of running code. Pure: it describes; plans and hosts do.
pub trait Runner {
    /// The shell command of its processes; `None` for a runner without processes.
    fn command(&self) -> Option<&str>;

    /// How many processes it has.
    fn process_count(&self) -> u16;

    /// Whether each process gets a port of its own, in `PORT`.
    fn needs_port(&self) -> bool;

    /// What makes a new process count as started.
    fn readiness(&self) -> Readiness;

    /// Whether old and new processes may run at the same time.
    fn overlap(&self) -> Overlap;

    /// How long the connections of an old process may last, and how long it has from SIGTERM to SIGKILL.
    fn patience(&self) -> (Duration, Duration);

    /// Its side that nginx routes to; `None` when nginx cannot.
    fn nginx(&self) -> Option<&dyn NginxBase>;
}

/// A runner that provides the contents of a location.
pub trait NginxBase {
    /// The upstream block its locations refer to, with one server for each process; `None` when it needs none.
    fn upstream(&self, name: &UpstreamName, servers: &[Server]) -> Option<Upstream>;

    /// What a location that leads here does.
    fn route(&self, placement: &Placement) -> Route;
}

/// Where a runner's code is: what a route may depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The name of the runner's upstream.
    pub upstream: UpstreamName,
    /// The live checkout.
    pub checkout: Utf8PathBuf,
}

/// What makes a new process count as started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// Being started. One that exits within a second is warned about.
    Started,
    /// Staying up this long.
    StaysUp(Duration),
    /// Accepting connections on its port within this time, and staying up.
    Accepts {
        /// How long it may take.
        within: Duration,
    },
    /// Answering its health check within this time, and staying up.
    Healthy {
        /// What is asked.
        check: HealthCheck,
        /// How long it may take.
        within: Duration,
    },
}
