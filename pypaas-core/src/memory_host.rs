//! A machine in memory, for tests and embedders: stricter than a real one.
//!
//! It journals every effect in the words of the step, and can fail or crash at the n-th. Starting a service that was
//! never defined, checking out a commit nobody pushed or reloading a web server whose files it rejects is an error.

mod effect;
mod files;
mod processes;
mod repositories;
mod web;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;

use crate::host::{
    Caller, Clock, Commit, Files, Git, Host, LockError, Locks, Logs, Probe, ServiceState, Services, Shell,
    ShellCommand, StoreError, Stores, WebServer,
};
use crate::{CommitId, Layout, ServiceName, Store, WebFile, WebFileName};

pub use effect::{Extent, Fault, Mishap};

/// A machine in memory.
#[derive(Debug, Clone)]
pub struct MemoryHost {
    layout: Layout,
    /// What files say, by path.
    pub files: BTreeMap<Utf8PathBuf, String>,
    /// The directories that were made.
    pub directories: BTreeSet<Utf8PathBuf>,
    /// The services.
    pub services: BTreeMap<ServiceName, ServiceState>,
    /// What services have written.
    pub logs: BTreeMap<ServiceName, Vec<String>>,
    /// The commits that were pushed, and their branches' heads, by repository.
    pub repositories: BTreeMap<Utf8PathBuf, Repository>,
    /// The commands that were run.
    pub commands: Vec<ShellCommand>,
    /// The hooks that were notified, and what of.
    pub notifications: Vec<(String, String)>,
    /// The directories in which a command still runs, because the program crashed meanwhile.
    pub running_commands: BTreeSet<Utf8PathBuf>,
    /// What nginx has loaded; nothing while it does not run.
    pub loaded: BTreeMap<WebFileName, WebFile>,
    /// Whether nginx runs.
    pub web_server_runs: bool,
    /// Whether nginx was started before, and starts at boot.
    pub web_server_is_set_up: bool,
    /// Ports something else holds.
    pub foreign_ports: BTreeSet<u16>,
    /// Open connections, by port. They are drained at the next look.
    pub connections: BTreeMap<u16, usize>,
    /// Workers of the router with an older configuration, of which each reload leaves one. They are gone when their requests
    /// were counted.
    pub old_workers: usize,
    /// How the processes of runners behave, by the runner's name; others get ready at once.
    pub behavior: BTreeMap<String, Behavior>,
    /// What nginx rejects: any file that holds this text.
    pub rejected: Option<String>,
    /// Why the caller wants to stop.
    pub leaves: Option<String>,
    /// Locks that another program holds, and until when.
    pub held_elsewhere: BTreeMap<Utf8PathBuf, Duration>,
    journal: Vec<String>,
    faults: Vec<Fault>,
    mishaps: BTreeMap<usize, Mishap>,
    /// How many effects were tried.
    effects: usize,
    /// Before which effect the supervisor starts nginx.
    web_server_starts_at: Option<usize>,
    has_crashed: bool,
    locks: BTreeMap<Utf8PathBuf, String>,
    elapsed: Duration,
}

/// One repository.
#[derive(Debug, Clone, Default)]
pub struct Repository {
    /// Its commits.
    pub commits: BTreeMap<CommitId, Commit>,
    /// Its branches.
    pub heads: BTreeMap<String, CommitId>,
    /// Its `update` hook.
    pub hook: String,
}

/// How a process behaves after it was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behavior {
    /// Ends at once, again and again.
    Crashes,
    /// Never listens.
    NeverListens,
    /// Listens, and answers every request with this status.
    Answers(u16),
    /// Listens at this port instead of its own.
    ListensElsewhere(u16),
    /// Does not listen, because a process that is not of pypaas was faster, and answers every request.
    LosesItsPort,
}

impl MemoryHost {
    /// Makes an empty machine.
    pub fn new(layout: Layout) -> Self {
        Self {
            layout,
            files: BTreeMap::new(),
            directories: BTreeSet::new(),
            services: BTreeMap::new(),
            logs: BTreeMap::new(),
            repositories: BTreeMap::new(),
            commands: Vec::new(),
            notifications: Vec::new(),
            running_commands: BTreeSet::new(),
            loaded: BTreeMap::new(),
            web_server_runs: false,
            web_server_is_set_up: false,
            foreign_ports: BTreeSet::new(),
            connections: BTreeMap::new(),
            old_workers: 0,
            behavior: BTreeMap::new(),
            rejected: None,
            leaves: None,
            held_elsewhere: BTreeMap::new(),
            journal: Vec::new(),
            faults: Vec::new(),
            mishaps: BTreeMap::new(),
            effects: 0,
            web_server_starts_at: None,
            has_crashed: false,
            locks: BTreeMap::new(),
            elapsed: Duration::ZERO,
        }
    }

    /// Returns every effect so far, in the words of the steps that cause them.
    pub fn journal(&self) -> Vec<&str> {
        self.journal.iter().map(String::as_str).collect()
    }

    /// Forgets the journal, and counts effects from 0 again.
    pub fn clear_journal(&mut self) {
        self.journal.clear();
        self.effects = 0;
    }

    /// Makes the effect whose journal line begins with `line` fail with `reason`, every time.
    pub fn fail_on(&mut self, line: impl Into<String>, reason: impl Into<String>) {
        self.faults.push(Fault { line: line.into(), reason: reason.into() });
    }

    /// Makes the `n`-th effect from now, from 0, go wrong.
    pub fn go_wrong_at(&mut self, n: usize, mishap: Mishap) {
        self.mishaps.insert(self.effects + n, mishap);
    }

    /// Lets everything succeed again.
    pub fn mend(&mut self) {
        self.faults.clear();
        self.mishaps.clear();
    }

    /// Crashes the program before the `n`-th effect from now, from 0: that one and all after it do not happen.
    pub fn crash_at(&mut self, n: usize) {
        self.go_wrong_at(n, Mishap { extent: Extent::Nothing, reason: None });
    }

    /// Says how many effects were tried since the journal was cleared.
    pub fn effects(&self) -> usize {
        self.effects
    }

    /// Returns whether the program has crashed.
    pub fn has_crashed(&self) -> bool {
        self.has_crashed
    }

    /// Starts the program again after a crash: its locks are gone, the machine is as it was.
    pub fn revive(&mut self) {
        self.has_crashed = false;
        self.mishaps.clear();
        self.locks.clear();
    }

    /// Reboots the machine after a crash: only services that start at boot run, and nginx, if it accepts its files.
    pub fn reboot(&mut self) {
        self.boot();
        self.start_web_server();
    }

    /// Begins to boot after a crash or a power failure: the supervisor is there, nginx not yet.
    pub fn boot(&mut self) {
        self.revive();
        self.running_commands.clear();
        for state in self.services.values_mut() {
            state.process = state.enabled.then_some((1, Duration::ZERO));
        }
        self.connections.clear();
        self.old_workers = 0;
        self.web_server_runs = false;
        self.loaded.clear();
    }

    /// Makes the supervisor start nginx before the `n`-th effect from now, from 0. As its service does, it waits while a change of
    /// its files is not finished: then it does not start here.
    pub fn start_web_server_at(&mut self, n: usize) {
        self.web_server_starts_at = Some(self.effects + n);
    }

    /// Starts nginx, which does not start when it rejects its files. Returns whether it runs.
    pub fn start_web_server(&mut self) -> bool {
        self.web_server_runs = self.check_web_files().is_ok();
        self.loaded = if self.web_server_runs { self.web_files() } else { BTreeMap::new() };
        self.web_server_runs
    }
}

impl Host for MemoryHost {
    fn files(&mut self) -> &mut dyn Files {
        self
    }

    fn git(&mut self) -> &mut dyn Git {
        self
    }

    fn services(&mut self) -> &mut dyn Services {
        self
    }

    fn logs(&mut self) -> &mut dyn Logs {
        self
    }

    fn web_server(&mut self) -> &mut dyn WebServer {
        self
    }

    fn shell(&mut self) -> &mut dyn Shell {
        self
    }

    fn stores(&mut self) -> &mut dyn Stores {
        self
    }

    fn probe(&mut self) -> &mut dyn Probe {
        self
    }

    fn clock(&mut self) -> &mut dyn Clock {
        self
    }

    fn locks(&mut self) -> &mut dyn Locks {
        self
    }

    fn caller(&mut self) -> &mut dyn Caller {
        self
    }
}

impl Clock for MemoryHost {
    fn now(&mut self) -> Timestamp {
        let start = Timestamp::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        start + self.elapsed
    }

    fn elapsed(&mut self) -> Duration {
        self.elapsed
    }

    fn pause(&mut self, duration: Duration) {
        self.elapsed += duration;
        for state in self.services.values_mut() {
            if let Some((_, uptime)) = &mut state.process {
                *uptime += duration;
            }
        }
    }
}

impl Stores for MemoryHost {
    fn prepare_store(&mut self, store: &Store) -> Result<(), StoreError> {
        let reference = store.reference.to_string();
        self.effect(format!("prepare {store}"), |_, _| ()).map_err(|source| StoreError {
            action: "prepare",
            store: reference,
            source: source.into(),
        })
    }
}

impl Locks for MemoryHost {
    fn try_lock(&mut self, path: &Utf8Path, note: &str) -> Result<bool, LockError> {
        let elsewhere = self.held_elsewhere.get(path).is_some_and(|until| self.elapsed < *until);
        if elsewhere || self.locks.contains_key(path) {
            return Ok(false);
        }
        self.locks.insert(path.to_owned(), note.to_owned());
        Ok(true)
    }

    fn lock_note(&mut self, path: &Utf8Path) -> Result<String, LockError> {
        Ok(self.locks.get(path).cloned().unwrap_or_default())
    }

    fn unlock(&mut self, path: &Utf8Path) -> Result<(), LockError> {
        match self.locks.remove(path) {
            Some(_) => Ok(()),
            None => Err(LockError { path: path.to_owned(), source: "it is not held".into() }),
        }
    }
}

impl Caller for MemoryHost {
    fn wants_to_stop(&mut self) -> Option<String> {
        self.leaves.clone()
    }
}
