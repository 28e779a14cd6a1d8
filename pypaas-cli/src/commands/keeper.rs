//! `keeper`: does what is due, for as long as it runs. The supervisor runs it.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::Parser;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use pypaas_config::{Permission, RunnerRef};
use pypaas_core::Hindrance;
use pypaas_linux::Bell;
use pypaas_linux::backup::Backups;

use crate::command::{self, Effect, Requirement};
use crate::console_reporter::ConsoleReporter;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::issuing;
use crate::jobs::{self, LiveJob};

/// How long it sleeps at most. Files that somebody edits ring no bell.
const LONGEST: Duration = Duration::from_secs(60);

/// How long it sleeps at most while a backup runs: what comes next waits for its end.
const WHILE_RUNNING: Duration = Duration::from_secs(1);

/// Renew certificates, start jobs and make backups when they are due, send notifications; run by the supervisor
#[derive(Debug, Parser)]
#[command(name = "keeper", hide = true)]
pub(crate) struct Arguments {}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Admin);

    fn requirement(&self) -> Requirement {
        Requirement::Host
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    /// Does what is due until it is stopped. Killed at any moment it loses nothing: what is due follows from files.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let mut bell: Option<Bell> = None;
        let mut told = String::new();
        let mut started = Started::default();
        let mut backup = RunningBackup::default();
        let mut notifications = RunningNotifications::default();
        while !is_replaced() {
            let mut pause = LONGEST;
            let outcome = Installation::load(invocation).and_then(|installation| {
                if bell.is_none() {
                    bell = Some(Bell::at(&installation.platform.layout.keeper_bell())?);
                }
                renew_certificates(&installation);
                let until =
                    |time: Timestamp| time.duration_since(Timestamp::now()).try_into().unwrap_or_default();
                if let Some(next) = started.start_due(&installation)? {
                    pause = pause.min(until(next));
                }
                notifications.start(&installation)?;
                if let Some(next) = backup.start_due(&installation)? {
                    pause = pause.min(until(next));
                }
                Ok(())
            });
            // Once: not every minute.
            let failed = outcome.err().map(|failure| failure.text()).unwrap_or_default();
            if failed != told {
                ConsoleReporter::default().line(&failed);
                told = failed;
            }
            match &mut bell {
                Some(bell) => bell.wait(pause)?,
                None => std::thread::sleep(LONGEST),
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The runs of jobs that this keeper has started. They go on when it ends.
#[derive(Default)]
struct Started(Vec<(RunnerRef, Child)>);

impl Started {
    /// Starts the jobs that are due. Returns when the next one is.
    fn start_due(&mut self, installation: &Installation) -> Result<Option<Timestamp>, Failure> {
        self.0.retain_mut(|(_, run)| matches!(run.try_wait(), Ok(None)));
        let layout = &installation.platform.layout;
        let mut first: Option<Timestamp> = None;
        for LiveJob { runner, job, pauses, .. } in jobs::all(installation)? {
            let is_running = self.0.iter().any(|(it, _)| *it == runner) || jobs::is_running(layout, &runner);
            let running = is_running.then_some(Hindrance::Running);
            let hindrance = running.or(pauses.map(Hindrance::Paused));
            let (now, host) = (Timestamp::now(), TimeZone::system());
            let decision =
                jobs::update(layout, &runner, |record| record.decide(&job, now, &host, hindrance))?;
            if let Some(due) = decision.run {
                let run = start(installation, &runner, due)?;
                self.0.push((runner, run));
            }
            first = first.into_iter().chain(decision.next).min();
        }
        Ok(first)
    }
}

/// The process that this keeper has started to look for trouble.
#[derive(Default)]
struct RunningNotifications {
    running: Option<Child>,
    last: Option<Instant>,
}

impl RunningNotifications {
    /// Looks for trouble once a minute, unless the look before goes on. The process of its own gives its memory back.
    fn start(&mut self, installation: &Installation) -> Result<(), Failure> {
        let is_running = self.running.as_mut().is_some_and(|running| matches!(running.try_wait(), Ok(None)));
        let is_early = self.last.is_some_and(|last| last.elapsed() < LONGEST);
        if !is_running && !is_early && !installation.configuration().settings.notify.is_empty() {
            let mut command = Command::new(&installation.platform.program);
            self.running = Some(command.arg("notify").stdin(Stdio::null()).process_group(0).spawn()?);
            self.last = Some(Instant::now());
        }
        Ok(())
    }
}

/// The backup or the trial that this keeper has started.
#[derive(Default)]
struct RunningBackup(Option<Child>);

impl RunningBackup {
    /// Makes a backup if one is due, else tries the newest if that is due. Returns when the next one is.
    fn start_due(&mut self, installation: &Installation) -> Result<Option<Timestamp>, Failure> {
        let now = Timestamp::now();
        let soon = now.checked_add(WHILE_RUNNING).ok();
        if self.0.as_mut().is_some_and(|running| matches!(running.try_wait(), Ok(None))) {
            return Ok(soon);
        }
        let settings = installation.configuration().settings.backup.as_ref();
        let (Some(backups), Some(settings)) = (Backups::of(&installation.platform), settings) else {
            return Ok(None);
        };
        let record = backups.notice(now)?;
        let (due, trial) = (record.due_at(&settings.schedule, &TimeZone::system()), record.trial_due_at());
        let action = match (due, trial) {
            (Some(due), _) if due <= now => "now",
            (_, Some(trial)) if trial <= now => "check",
            _ => return Ok(due.into_iter().chain(trial).min()),
        };
        let mut command = Command::new(&installation.platform.program);
        self.0 = Some(command.args(["backup", action]).stdin(Stdio::null()).process_group(0).spawn()?);
        Ok(soon)
    }
}

/// Starts a run in a process of its own, which does not end with the keeper.
fn start(installation: &Installation, runner: &RunnerRef, due: Timestamp) -> io::Result<Child> {
    let RunnerRef { repo, branch, runner } = runner;
    let mut command = Command::new(&installation.platform.program);
    command.args(["jobs", "due", repo.as_str(), branch.as_str(), runner.as_str(), &due.to_string()]);
    command.stdin(Stdio::null()).process_group(0).spawn()
}

fn renew_certificates(installation: &Installation) {
    let now = Timestamp::now();
    let mut reporter = ConsoleReporter::default();
    for (name, domain, state) in issuing::states(installation) {
        if state.due_at() > now && !issuing::waits_for_use(installation, name) {
            continue;
        }
        match issuing::renew(installation, name, domain, false, &mut reporter) {
            Ok(true) => reporter.line(&format!("{name} has a new certificate")),
            Ok(false) => {}
            Err(failure) => reporter.line(&failure.text()),
        }
    }
}

/// Returns whether the program was replaced by another version, which the supervisor starts next.
fn is_replaced() -> bool {
    std::fs::read_link("/proc/self/exe").is_ok_and(|path| path.to_string_lossy().ends_with(" (deleted)"))
}
