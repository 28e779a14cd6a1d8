//! nginx.

use std::collections::BTreeSet;
use std::fmt;

use crate::WebInstance;

/// The two nginx of a host: the edge, which clients connect to, and the router behind it.
pub trait WebServer {
    /// Returns nginx's version.
    fn web_server_version(&mut self) -> Result<Version, WebServerError>;

    /// Returns whether both run.
    fn web_server_runs(&mut self) -> bool;

    /// Returns whether both were ever started: then they start again at every boot.
    fn web_server_is_set_up(&mut self) -> bool;

    /// Returns whether nginx can serve files that are compressed already (`ngx_http_gzip_static_module`).
    fn has_gzip_static(&mut self) -> Result<bool, WebServerError>;

    /// Asks nginx whether it accepts the configuration of `instance` as it is on disk.
    fn test_web_server(&mut self, instance: WebInstance) -> Result<(), WebServerError>;

    /// Makes `instance` load its configuration, and waits until no worker with the old one takes new connections. One that does
    /// not run is started.
    ///
    /// nginx may silently do nothing: this returns `Ok` only when at least one new worker exists and every old one is gone or
    /// shutting down.
    fn reload_web_server(&mut self, instance: WebInstance) -> Result<(), WebServerError>;

    /// Makes `instance` load its configuration as [`Self::reload_web_server`] does, if it runs or is starting. Else does nothing.
    fn reload_if_running(&mut self, instance: WebInstance) -> Result<(), WebServerError>;

    /// Stops `instance` at once, if it runs, and keeps it from starting at boot.
    fn stop_web_server(&mut self, instance: WebInstance) -> Result<(), WebServerError>;

    /// Returns whether the router has workers with an older configuration, which may still send requests where that says.
    fn has_old_workers(&mut self) -> bool;

    /// Counts the requests that such workers may still send to `ports`, or are having answered from files.
    fn requests_on_old_workers(&mut self, ports: &BTreeSet<u16>) -> Result<usize, WebServerError>;
}

/// An nginx version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16, pub u16, pub u16);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// Says what nginx did not do.
#[derive(Debug, thiserror::Error)]
pub enum WebServerError {
    /// nginx could not be asked.
    #[error("cannot run `{command}`: {reason}")]
    Unreachable {
        /// The command line.
        command: String,
        /// What happened instead.
        reason: String,
    },
    /// nginx does not accept its configuration.
    #[error("nginx rejected {}: {message}", place.as_deref().unwrap_or("its configuration"))]
    Rejected {
        /// nginx's words.
        message: String,
        /// File and line, `/…/shop.example.conf:7`, when nginx names them.
        place: Option<String>,
    },
    /// nginx took the order and did not follow it.
    #[error("nginx did not load the new configuration within {seconds} s: {reason}")]
    NotReloaded {
        /// How long was waited, in seconds.
        seconds: u64,
        /// What its error log or its processes say.
        reason: String,
    },
}
