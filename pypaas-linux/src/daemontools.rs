//! Everything that knows daemontools: the scripts it runs, how its services are started, stopped and read, and what `check`
//! looks at. Another supervisor is another implementation of [`Supervisor`].

mod check;
mod logger;
mod logs;
mod multilog;
mod own_services;
mod scripts;
mod services;
pub(crate) mod spares;
mod starts;
mod stop;
pub(crate) mod supervise;
mod tai64n;
mod web_services;

use std::collections::BTreeMap;
use std::io;
use std::time::SystemTime;

use camino::Utf8PathBuf;
use pypaas_core::host::ServiceError;
use pypaas_core::{Layout, ServiceName, WebInstance};

use crate::checks::{CheckContext, Diagnostic};
use crate::supervisor::{Activity, LogReader, Supervisor};
use multilog::Multilog;
pub use scripts::{Scripts, TemplateError};
pub use spares::fill_spare_services;
use supervise::Supervise;
use tai64n::Tai64n;

/// daemontools, as Debian has it: an `svscan` that runs as the deploy user, and one `supervise` for each service and its log.
#[derive(Debug)]
pub struct Daemontools {
    layout: Layout,
    /// When this program started a service.
    started: BTreeMap<ServiceName, Tai64n>,
}

impl Daemontools {
    /// Uses the service directories of `layout`.
    pub fn new(layout: Layout) -> Self {
        Self { layout, started: BTreeMap::new() }
    }

    fn supervise(&self, service: &ServiceName) -> Supervise {
        Supervise::of(&self.layout.service(service))
    }
}

impl Supervisor for Daemontools {
    fn main_process(&self, service: &ServiceName) -> io::Result<Option<u32>> {
        Ok(self.supervise(service).status()?.and_then(|status| status.process))
    }

    fn activity(&self, service: &ServiceName, since: SystemTime) -> Activity {
        let status = self.supervise(service).status().ok().flatten();
        let process = status.and_then(|status| Some((status.process?, status.since.elapsed())));
        Activity { process, starts: starts::count(&self.layout.service(service), since) }
    }

    fn last_lines_of_all(&self, service: &ServiceName, lines: usize) -> Vec<String> {
        self.finish_last_line(service);
        logs::last_lines(&self.layout.service(service), None, lines)
    }

    fn log_reader(&self, service: &ServiceName) -> Box<dyn LogReader> {
        if matches!(self.main_process(service), Ok(None)) {
            self.finish_last_line(service);
        }
        Box::new(Multilog::new(&self.layout, service))
    }

    fn log_directory(&self, service: &ServiceName) -> Utf8PathBuf {
        self.layout.service(service).join("log")
    }

    fn web_server_is_enabled(&self, instance: WebInstance) -> bool {
        web_services::is_enabled(&self.layout, instance)
    }

    fn web_server_process(&self, instance: WebInstance) -> io::Result<Option<u32>> {
        let status = Supervise::of(&self.layout.web_service(instance)).status()?;
        Ok(status.and_then(|status| status.process))
    }

    fn start_web_server(
        &mut self,
        instance: WebInstance,
        programs: &[(WebInstance, Vec<String>)],
    ) -> Result<(), ServiceError> {
        web_services::start(&self.layout, instance, programs)
    }

    fn stop_web_server(&mut self, instance: WebInstance) -> Result<(), ServiceError> {
        web_services::stop(&self.layout, instance)
    }

    fn start_own_service(&mut self, name: &str, run: &str) -> Result<(), ServiceError> {
        own_services::start(&self.layout, name, run)
    }

    fn web_server_log(&self, instance: WebInstance) -> Utf8PathBuf {
        self.layout.web_service(instance).join("log/main/current")
    }

    fn check(&mut self, context: &CheckContext<'_>) -> Option<Diagnostic> {
        check::check(self, context)
    }
}
