//! The supervisor: daemontools, by its files.
//!
//! A service's directory lies beside the directory svscan watches, which holds a link to it: so it is made in peace, appears
//! in one moment, and can be hidden from svscan before its supervisor is ended.

use std::error::Error;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::thread;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_core::host::{ServiceError, ServiceState, Services, StopReport};
use pypaas_core::{Definition, Layout, ServiceName};

use super::supervise::Supervise;
use super::tai64n::Tai64n;
use super::{Daemontools, logger, spares, stop};
use crate::proc::Process;
use crate::{durable, files};

/// How long svscan may take to notice a service: it looks every five seconds.
const NOTICED: Duration = Duration::from_secs(15);

/// How long a supervisor may take to follow an order: it sleeps for a second after each start.
const OBEYED: Duration = Duration::from_secs(5);

/// How long a supervisor and its logger usually need to exit.
const EXITED: Duration = Duration::from_millis(1500);

/// What a failure has for a cause.
type Cause = Box<dyn Error + Send + Sync>;

impl Services for Daemontools {
    fn list_services(&mut self) -> Result<Vec<ServiceName>, ServiceError> {
        let mut services = Vec::new();
        for directory in [self.layout.services_real().as_path(), self.layout.services()] {
            let names = files::names(directory).map_err(|error| ServiceError {
                action: "list the services in",
                service: directory.to_string(),
                source: error.into(),
            })?;
            services.extend(names.iter().filter_map(|name| ServiceName::parse(name)));
        }
        services.sort();
        services.dedup();
        Ok(services)
    }

    fn inspect_service(&mut self, service: &ServiceName) -> Result<Option<ServiceState>, ServiceError> {
        self.place(service).inspect().map_err(failed("inspect", service))
    }

    fn define_service(&mut self, service: &ServiceName, definition: &Definition) -> Result<(), ServiceError> {
        self.place(service).define(definition).map_err(failed("define", service))
    }

    fn start_service(&mut self, service: &ServiceName) -> Result<(), ServiceError> {
        self.started.insert(service.clone(), Tai64n::now());
        self.place(service).start(&self.layout).map_err(failed("start", service))
    }

    fn stop_services(
        &mut self,
        services: &[ServiceName],
        timeout: Duration,
    ) -> Result<StopReport, ServiceError> {
        stop::stop(&self.layout, services, timeout)
    }

    fn remove_service(&mut self, service: &ServiceName) -> Result<(), ServiceError> {
        self.started.remove(service);
        self.place(service).remove().map_err(failed("remove", service))
    }
}

impl Daemontools {
    fn place(&self, service: &ServiceName) -> Place {
        Place::at(self.layout.service(service), self.layout.service_link(service))
    }
}

/// Where one service is.
pub(super) struct Place {
    directory: Utf8PathBuf,
    link: Utf8PathBuf,
    supervisor: Supervise,
    log_supervisor: Supervise,
}

impl Place {
    pub(super) fn at(directory: Utf8PathBuf, link: Utf8PathBuf) -> Self {
        let supervisor = Supervise::of(&directory);
        let log_supervisor = Supervise::of(&directory.join("log"));
        Self { directory, link, supervisor, log_supervisor }
    }

    /// Returns whether it starts at boot.
    pub(super) fn is_enabled(&self) -> io::Result<bool> {
        Ok(self.is_linked() && !self.supervisor.is_disabled()?)
    }

    pub(super) fn inspect(&self) -> Result<Option<ServiceState>, Cause> {
        if !is_there(&self.directory)? && !is_there(&self.link)? {
            return Ok(None);
        }
        let definition = Definition { run: self.script("run")?, log: self.script("log/run")? };
        let enabled = self.is_enabled()?;
        let status = self.supervisor.status()?;
        let process = status.and_then(|status| {
            let process = Process::read(status.process?)?;
            Some((process.id, status.since.elapsed()))
        });
        Ok(Some(ServiceState { definition, enabled, supervised: self.is_supervised()?, process }))
    }

    pub(super) fn define(&self, definition: &Definition) -> Result<(), Cause> {
        if !self.is_linked() {
            // Whatever an interrupted removal left; and svscan must not see the directory before it is complete.
            self.remove()?;
            self.supervisor.disable()?;
        }
        let log_changed = write_script(&self.directory.join("log/run"), &definition.log)?;
        write_script(&self.directory.join("run"), &definition.run)?;
        if log_changed {
            self.log_supervisor.send("t")?;
        }
        if !self.is_linked() {
            make_link(&self.directory, &self.link)?;
        }
        Ok(())
    }

    pub(super) fn start(&self, layout: &Layout) -> Result<(), Cause> {
        if !is_there(&self.directory.join("run"))? {
            return Err("it is not defined".into());
        }
        if !self.is_supervised()? && !self.take_spare(layout)? {
            // svscan notices them together with this one.
            spares::fill_spare_services(layout)?;
        }
        let watched = self.link.parent().unwrap_or(&self.link);
        wait_until(
            NOTICED,
            || Ok(self.is_supervised()?),
            || {
                let seconds = NOTICED.as_secs();
                format!("nothing supervises it after {seconds} s; does `svscan {watched}` run, as this user?")
            },
        )?;
        // That of a spare service is down until it is somebody's.
        self.log_supervisor.enable()?;
        self.log_supervisor.send("u")?;
        self.supervisor.send("u")?;
        wait_until(OBEYED, || Ok(self.is_wanted_up()?), || "its supervisor does not start it".to_owned())?;
        // Last, so that a start that was cut short is not taken for one that is done.
        self.supervisor.enable()?;
        Ok(())
    }

    /// Exchanges the directory, if none of it was supervised ever, for one that is. Returns whether it could.
    fn take_spare(&self, layout: &Layout) -> io::Result<bool> {
        if !self.is_linked() || is_there(&self.directory.join("supervise"))? {
            return Ok(false);
        }
        let definition = Definition { run: self.script("run")?, log: self.script("log/run")? };
        spares::exchange(layout, &self.directory, &definition)
    }

    pub(super) fn remove(&self) -> Result<(), Cause> {
        // The link first: svscan would start an ended supervisor again.
        durable::remove_file(&self.link)?;
        let remedies: [(&Supervise, &[Remedy]); 2] = [
            (&self.supervisor, &[Remedy::Resume, Remedy::Kill]),
            (&self.log_supervisor, &[Remedy::FinishLine, Remedy::Resume, Remedy::KillLogger, Remedy::Kill]),
        ];
        for (supervisor, remedies) in remedies {
            end_supervisor(supervisor, remedies)?;
        }
        files::remove_directory(&self.directory)?;
        Ok(())
    }

    fn is_linked(&self) -> bool {
        fs::read_link(&self.link).is_ok_and(|target| target == self.directory)
    }

    fn is_supervised(&self) -> io::Result<bool> {
        Ok(self.supervisor.is_alive()? && self.log_supervisor.is_alive()?)
    }

    fn is_wanted_up(&self) -> io::Result<bool> {
        Ok(self.supervisor.status()?.is_some_and(|status| status.wants_up && status.process.is_some()))
    }

    /// Reads a script; empty when it was never written.
    fn script(&self, name: &str) -> io::Result<String> {
        match fs::read_to_string(self.directory.join(name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            read => read,
        }
    }
}

/// What makes a supervisor exit that does not by itself.
#[derive(Debug, Clone, Copy)]
enum Remedy {
    /// Its logger waits for the end of a line.
    FinishLine,
    /// It is suspended.
    Resume,
    /// Its logger ignores SIGTERM.
    KillLogger,
    /// Nothing else is known.
    Kill,
}

/// Tells a supervisor to exit with its process, and waits for it. Each of the `remedies` is tried if that takes too long, so
/// that no service can block its branch for good.
fn end_supervisor(supervisor: &Supervise, remedies: &[Remedy]) -> Result<(), Cause> {
    supervisor.send("dx")?;
    let has_exited = || Ok(!supervisor.is_alive()?);
    let mut outcome = wait_until(EXITED, has_exited, String::new);
    for remedy in remedies {
        if outcome.is_ok() {
            break;
        }
        match remedy {
            Remedy::FinishLine => drop(logger::finish_line(supervisor)?),
            Remedy::Resume => supervisor.resume(),
            Remedy::KillLogger => logger::kill(supervisor)?,
            Remedy::Kill => supervisor.kill(),
        }
        outcome = wait_until(OBEYED, has_exited, || {
            "its supervisor does not exit, not even when killed".to_owned()
        });
    }
    // One whose files were removed cannot be told.
    supervisor.kill();
    outcome
}

/// Writes a script, for the deploy user's eyes only: it holds the app's environment. Returns whether it changed.
pub(super) fn write_script(path: &Utf8Path, text: &str) -> io::Result<bool> {
    durable::replace_if_different(path, text.as_bytes(), 0o700)
}

/// Makes `link` point to `directory`, or changes it to. svscan skips names that start with a dot.
pub(super) fn make_link(directory: &Utf8Path, link: &Utf8Path) -> io::Result<()> {
    let watched = durable::directory_of(link);
    durable::create_directory(watched)?;
    let new = watched.join(format!(".{}.new", link.file_name().unwrap_or_default()));
    durable::remove_file(&new)?;
    symlink(directory, &new)?;
    fs::rename(&new, link)?;
    durable::sync_directory(watched)
}

fn is_there(path: &Utf8Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Looks again and again, at most for `longest`.
fn wait_until(
    longest: Duration,
    mut is_so: impl FnMut() -> Result<bool, Cause>,
    otherwise: impl FnOnce() -> String,
) -> Result<(), Cause> {
    let began = Instant::now();
    let mut pause = Duration::from_millis(1);
    while !is_so()? {
        if began.elapsed() > longest {
            return Err(otherwise().into());
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
    Ok(())
}

fn failed(action: &'static str, service: &ServiceName) -> impl FnOnce(Cause) -> ServiceError + use<> {
    failed_for(action, service.to_string())
}

/// Says what could not be done with the service of that name.
pub(super) fn failed_for(
    action: &'static str,
    service: String,
) -> impl FnOnce(Cause) -> ServiceError + use<> {
    move |source| ServiceError { action, service, source }
}
