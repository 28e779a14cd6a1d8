//! The supervisor.

use std::error::Error;
use std::time::Duration;

use crate::{Definition, ServiceName};

/// A supervisor that keeps processes running. Every process runs in a process group of its own.
pub trait Services {
    /// Lists the services that exist, sorted; directories pypaas did not make are left out.
    fn list_services(&mut self) -> Result<Vec<ServiceName>, ServiceError>;

    /// Reads one service; `None` when there is none.
    fn inspect_service(&mut self, service: &ServiceName) -> Result<Option<ServiceState>, ServiceError>;

    /// Makes a service, not running and not starting at boot, or gives an existing one new scripts for its next start.
    fn define_service(&mut self, service: &ServiceName, definition: &Definition) -> Result<(), ServiceError>;

    /// Starts a service, now and at every boot. Waits until the supervisor has taken the order, bounded.
    fn start_service(&mut self, service: &ServiceName) -> Result<(), ServiceError>;

    /// Stops services, now and at every boot: SIGTERM to each whole process group, SIGKILL to what is left after
    /// `timeout`. Returns when no process of any of them is left; fails when one outlives even that.
    fn stop_services(
        &mut self,
        services: &[ServiceName],
        timeout: Duration,
    ) -> Result<StopReport, ServiceError>;

    /// Removes a stopped service.
    fn remove_service(&mut self, service: &ServiceName) -> Result<(), ServiceError>;
}

/// What is known of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceState {
    /// Its scripts.
    pub definition: Definition,
    /// Whether it starts at boot.
    pub enabled: bool,
    /// Whether the supervisor has noticed it and is alive.
    pub supervised: bool,
    /// Its process: id and how long it has been up. `None` when it is down.
    pub process: Option<(u32, Duration)>,
}

/// How stopping went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StopReport {
    /// The services that did not end by themselves and were killed.
    pub killed: Vec<ServiceName>,
}

/// Says what could not be done with which service.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} `{service}`")]
pub struct ServiceError {
    /// What was tried, such as `start`.
    pub action: &'static str,
    /// The service, or the directory of all of them.
    pub service: String,
    /// Why it failed.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}
