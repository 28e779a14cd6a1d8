//! nginx.

use std::fmt;

/// One running nginx.
pub trait WebServer {
    /// Returns its version.
    fn web_server_version(&mut self) -> Result<Version, WebServerError>;

    /// Returns whether it runs. Without it there is nothing to reload: it reads its files when it starts.
    fn web_server_runs(&mut self) -> bool;

    /// Returns whether it can serve files that are compressed already (`ngx_http_gzip_static_module`).
    fn has_gzip_static(&mut self) -> Result<bool, WebServerError>;

    /// Asks nginx whether it accepts its configuration as it is on disk.
    fn test_web_server(&mut self) -> Result<(), WebServerError>;

    /// Makes nginx load its configuration, and waits until no worker with the old one takes new connections.
    ///
    /// `nginx -s reload` returns before anything happened, and may silently do nothing: this returns `Ok` only when at
    /// least one new worker exists and every old one is gone or shutting down.
    fn reload_web_server(&mut self) -> Result<(), WebServerError>;
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
