//! Stopping services: until no process of theirs is left.

use std::collections::BTreeSet;
use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use pypaas_core::host::{ServiceError, StopReport};
use pypaas_core::{Layout, ServiceName};
use rustix::process::Signal;

use super::logger;
use super::supervise::Supervise;
use crate::proc::{Process, ProcessTable, ProcessTree, wait_for_any_exit};

/// How long a supervisor may take to follow an order. It sleeps for a second after it started a process, and once more
/// when that process ended meanwhile.
const SUPERVISOR_ANSWERS: Duration = Duration::from_millis(2500);

/// How long a process may take to be gone after SIGKILL.
const KILLED_IS_GONE: Duration = Duration::from_secs(10);

/// Stops all of `services` at once and waits until no process of theirs is left.
pub(super) fn stop(
    layout: &Layout,
    services: &[ServiceName],
    timeout: Duration,
) -> Result<StopReport, ServiceError> {
    let mut stopping: Vec<Stopping<'_>> =
        services.iter().map(|name| Stopping::new(name, layout, timeout)).collect();
    let table = || ProcessTable::read().map_err(|error| failed_all(services, error.into()));
    let before = table()?;
    for service in &mut stopping {
        service.begin(&before).map_err(failed(service.name))?;
    }
    loop {
        let table = table()?;
        let mut left = Vec::new();
        let mut all_stopped = true;
        for service in stopping.iter_mut().filter(|service| !service.stopped) {
            left.extend(service.advance(&table).map_err(failed(service.name))?);
            all_stopped &= service.stopped;
        }
        if all_stopped {
            break;
        }
        match left.is_empty() {
            true => thread::sleep(Duration::from_millis(2)),
            false => wait_for_any_exit(&left, Duration::from_millis(20)),
        }
    }
    let killed = stopping.into_iter().filter(|service| service.killed).map(|service| service.name.clone());
    Ok(StopReport { killed: killed.collect() })
}

/// One service on its way down.
struct Stopping<'a> {
    name: &'a ServiceName,
    directory: Utf8PathBuf,
    supervise: Supervise,
    log_supervise: Supervise,
    timeout: Duration,
    tree: ProcessTree,
    began: Instant,
    /// When the supervisor was last told.
    ordered: Option<Instant>,
    /// When the processes were first asked to end.
    asked: Option<Instant>,
    /// The processes that were asked to end.
    terminated: BTreeSet<(u32, u64)>,
    killed: bool,
    stopped: bool,
}

impl<'a> Stopping<'a> {
    fn new(name: &'a ServiceName, layout: &Layout, timeout: Duration) -> Self {
        let directory = layout.service(name);
        Self {
            name,
            supervise: Supervise::of(&directory),
            log_supervise: Supervise::of(&directory.join("log")),
            directory,
            timeout,
            tree: ProcessTree::of_service(name, layout.home()),
            began: Instant::now(),
            ordered: None,
            asked: None,
            terminated: BTreeSet::new(),
            killed: false,
            stopped: false,
        }
    }

    /// Sees to it that the service stays down at boot, notes its processes, and tells the supervisor.
    fn begin(&mut self, table: &ProcessTable) -> Result<(), Box<dyn Error + Send + Sync>> {
        if self.directory.is_dir() {
            self.supervise.disable()?;
        }
        let status = self.supervise.status()?;
        self.tree.set_leader(status.and_then(|status| status.process));
        table.members(&mut self.tree);
        if status.is_some() {
            self.tell_supervisor()?;
        }
        Ok(())
    }

    /// Takes the next step down; returns the processes to wait for.
    fn advance<'t>(
        &mut self,
        table: &'t ProcessTable,
    ) -> Result<Vec<&'t Process>, Box<dyn Error + Send + Sync>> {
        let status = self.supervise.status()?;
        self.tree.set_leader(status.and_then(|status| status.process));
        let obeys = status.is_none_or(|status| status.wants_down);
        let members = table.members(&mut self.tree);
        self.stopped = obeys && members.is_empty() && status.is_none_or(|status| status.process.is_none());
        if self.stopped {
            logger::finish_line(&self.log_supervise)?;
            return Ok(members);
        }
        if !obeys && self.ordered.is_none_or(|ordered| ordered.elapsed() > SUPERVISOR_ANSWERS) {
            self.supervise.resume();
            self.tell_supervisor()?;
        }
        if obeys || self.began.elapsed() > SUPERVISOR_ANSWERS {
            self.end(&members, obeys)?;
        }
        Ok(members)
    }

    fn tell_supervisor(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.supervise.send("d")?;
        self.ordered = Some(Instant::now());
        Ok(())
    }

    /// Asks the processes to end, each once, and later makes them. The supervisor has asked the first one already.
    ///
    /// Asking before the supervisor knows would make it start the service again.
    fn end(&mut self, members: &[&Process], obeys: bool) -> Result<(), Box<dyn Error + Send + Sync>> {
        let waited = self.asked.get_or_insert_with(Instant::now).elapsed();
        if waited > self.timeout + KILLED_IS_GONE {
            return Err(outlived(members, obeys).into());
        }
        for process in members {
            if waited >= self.timeout {
                self.killed = true;
                process.signal(Signal::KILL);
            } else if self.terminated.insert(process.identity()) {
                if !(obeys && self.tree.leader == Some(process.id)) {
                    process.signal(Signal::TERM);
                }
                process.signal(Signal::CONT);
            }
        }
        Ok(())
    }
}

fn outlived(members: &[&Process], obeys: bool) -> String {
    let ids: Vec<String> = members.iter().map(|process| process.id.to_string()).collect();
    match (ids.is_empty(), obeys) {
        (false, _) => format!("process {} does not end, not even by SIGKILL", ids.join(", ")),
        (true, false) => "its supervisor does not take orders".to_owned(),
        (true, true) => "its supervisor does not notice that the process has ended".to_owned(),
    }
}

fn failed(service: &ServiceName) -> impl FnOnce(Box<dyn Error + Send + Sync>) -> ServiceError {
    let service = service.to_string();
    move |source| ServiceError { action: "stop", service, source }
}

fn failed_all(services: &[ServiceName], source: Box<dyn Error + Send + Sync>) -> ServiceError {
    let names: Vec<String> = services.iter().map(ServiceName::to_string).collect();
    ServiceError { action: "stop", service: names.join(", "), source }
}
