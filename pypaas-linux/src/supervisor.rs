//! The supervisor of a host: what starts and stops services, and keeps what they print.

use std::fmt::Debug;
use std::io;
use std::time::{Duration, SystemTime};

use camino::Utf8PathBuf;
use jiff::Timestamp;
use pypaas_core::host::{Logs, ServiceError, Services};
use pypaas_core::{ServiceName, WebInstance};

use crate::checks::{CheckContext, Diagnostic};

/// A supervisor that [`LinuxHost`](crate::LinuxHost) can use. [`Daemontools`](crate::daemontools::Daemontools) is the usual one.
///
/// [`Services`] and [`Logs`] are what plans need. The methods here are what `status`, `logs`, `why` and `check` show, and what
/// a readiness check asks.
pub trait Supervisor: Services + Logs + Debug + Send {
    /// Returns the id of the process that it started for `service`; `None` when the service is down.
    fn main_process(&self, service: &ServiceName) -> io::Result<Option<u32>>;

    /// Returns what is known about `service`, with its starts since `since`. What cannot be read counts as down.
    fn activity(&self, service: &ServiceName, since: SystemTime) -> Activity;

    /// Returns the last lines of `service`, whichever of its processes wrote them.
    fn last_lines_of_all(&self, service: &ServiceName, lines: usize) -> Vec<String>;

    /// Opens the log of `service`.
    fn log_reader(&self, service: &ServiceName) -> Box<dyn LogReader>;

    /// Returns the directory with the log of `service`, whose size `status` shows.
    fn log_directory(&self, service: &ServiceName) -> Utf8PathBuf;

    /// Returns whether it starts `instance` at every boot.
    fn web_server_is_enabled(&self, instance: WebInstance) -> bool;

    /// Returns the id of the process that it started for `instance`; `None` when that is down.
    fn web_server_process(&self, instance: WebInstance) -> io::Result<Option<u32>>;

    /// Starts `instance`, now and at every boot. `programs` has the command line of both: the other one may be made known, and
    /// is not started.
    fn start_web_server(
        &mut self,
        instance: WebInstance,
        programs: &[(WebInstance, Vec<String>)],
    ) -> Result<(), ServiceError>;

    /// Stops `instance`, if it runs, now and at every boot.
    fn stop_web_server(&mut self, instance: WebInstance) -> Result<(), ServiceError>;

    /// Runs `run`, a script, as the service `name` of pypaas itself, now and at every boot.
    fn start_own_service(&mut self, name: &str, run: &str) -> Result<(), ServiceError>;

    /// Returns the file with what `instance` prints.
    fn web_server_log(&self, instance: WebInstance) -> Utf8PathBuf;

    /// Looks for what would keep it from starting services. Changes nothing.
    fn check(&mut self, context: &CheckContext<'_>) -> Option<Diagnostic>;
}

/// What a supervisor knows about one service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Activity {
    /// The process and how long it has been up; `None` when the service is down.
    pub process: Option<(u32, Duration)>,
    /// How often the service was started; `None` when nobody counts that.
    pub starts: Option<usize>,
}

/// Reads the log of one service.
pub trait LogReader {
    /// Reads the last `limit` lines that were written since `since`. What is written later is for [`Self::more`].
    fn last(&mut self, limit: usize, since: Option<Timestamp>) -> io::Result<Vec<LogLine>>;

    /// Reads what was written since the last call.
    fn more(&mut self) -> io::Result<Vec<LogLine>>;
}

/// One line of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written; `None` where the log has no time stamps.
    pub at: Option<Timestamp>,
    /// The service that wrote it.
    pub service: ServiceName,
    /// The line, without its time stamp.
    pub text: String,
}
