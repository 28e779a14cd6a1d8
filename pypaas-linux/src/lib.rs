//! A real host for pypaas: files, git, daemontools, nginx, a shell and the clock of one Linux machine.
//!
//! [`LinuxHost`] implements [`pypaas_core::Host`]. There is one file per trait of [`pypaas_core::host`]; beside them is what
//! more than one of them needs.

pub mod acme;
mod alert_sender;
pub mod backup;
pub mod bare_repo;
mod bell;
mod caller;
mod cancellation;
mod checkout;
pub mod checks;
mod child;
mod clock;
pub mod confine;
#[cfg(feature = "crash-points")]
pub mod crash_points;
pub mod daemontools;
mod disk_use;
pub mod durable;
mod environment;
mod fastcgi;
mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod git;
mod job_run;
mod keeper_script;
mod locks;
mod nginx_master;
mod nginx_words;
mod notify;
mod old_workers;
mod parts;
mod persist;
mod probe;
mod proc;
mod program;
mod script;
mod service_stats;
pub mod setup;
mod shell;
pub mod shell_word;
mod site;
pub mod stores;
mod submodules;
mod supervisor;
mod terminate;
#[cfg(test)]
mod tests;
mod umask;
mod web_server;
mod written_files;

use std::collections::BTreeMap;
use std::fs::File;
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::NginxSettings;
use pypaas_core::Layout;
use pypaas_core::host::ServiceError;

pub use alert_sender::send_alert;
pub use bell::{Bell, ring};
pub use caller::{Watch, is_gone};
pub use cancellation::cancel;
use daemontools::Daemontools;
pub use daemontools::fill_spare_services;
pub use disk_use::DiskUse;
pub use environment::base_environment;
pub use job_run::run_job;
pub use locks::is_locked;
pub use proc::user_name;
pub use service_stats::ServiceStats;
pub use supervisor::{Activity, LogLine, LogReader, Supervisor};
pub use written_files::written_files;

/// A Linux machine whose deploy user is the one who runs this program.
///
/// Implements [`pypaas_core::Host`].
#[derive(Debug)]
pub struct LinuxHost {
    layout: Layout,
    nginx: NginxSettings,
    /// What `nginx -V` said.
    nginx_build: Option<String>,
    locks: BTreeMap<Utf8PathBuf, File>,
    supervisor: Box<dyn Supervisor>,
    watch: Option<Watch>,
    began: Instant,
}

impl LinuxHost {
    /// Makes a host of this machine. Its caller never wants to stop until [`LinuxHost::watch_caller`].
    pub fn new(layout: Layout, nginx: NginxSettings) -> Self {
        Self {
            supervisor: Box::new(Daemontools::new(layout.clone())),
            layout,
            nginx,
            nginx_build: None,
            locks: BTreeMap::new(),
            watch: None,
            began: Instant::now(),
        }
    }

    /// Uses another supervisor than daemontools.
    pub fn with_supervisor(self, supervisor: Box<dyn Supervisor>) -> Self {
        Self { supervisor, ..self }
    }

    /// Runs the keeper, whose command line is `program`, on the configuration in that directory.
    pub fn start_keeper(
        &mut self,
        program: &[String],
        configuration: Option<&Utf8Path>,
    ) -> Result<(), ServiceError> {
        let script = keeper_script::print(&self.layout, program, configuration);
        self.supervisor.start_own_service(keeper_script::NAME, &script)
    }

    /// Returns its supervisor, which knows more than [`Services`](pypaas_core::host::Services) and
    /// [`Logs`](pypaas_core::host::Logs).
    pub fn supervisor(&self) -> &dyn Supervisor {
        &*self.supervisor
    }

    /// Notices from now on when the caller wants to stop: on SIGTERM, SIGINT or SIGHUP, which then no longer end the
    /// program by themselves, or when nobody reads standard error any more.
    pub fn watch_caller(&mut self) -> std::io::Result<()> {
        self.watch = Some(Watch::new()?);
        Ok(())
    }
}
