//! `restore`: the data of a branch as they were.

use std::process::ExitCode;

use clap::Parser;
use pypaas_config::{BranchRef, Permission};
use pypaas_core::host::{Host, Locks};
use pypaas_core::plan::Source;
use pypaas_core::{AttemptKind, Engine, Progress, Record, record};
use pypaas_linux::LinuxHost;

use super::backup::{failed, note, of};
use super::deploying::Deploying;
use crate::arguments::{BranchArguments, WaitArguments};
use crate::command::{self, Effect, Requirement};
use crate::console_reporter::ConsoleReporter;
use crate::failure::Failure;
use crate::format::local;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::terminal;

/// How often a branch is stopped that somebody starts again.
const ATTEMPTS: usize = 3;

/// Put back the data directory and the databases of a branch from a backup
///
/// The branch is stopped meanwhile. What is there now is moved to `~/set-aside`, never removed. With `--into`, another branch of the
/// repo gets the data instead.
#[derive(Debug, Parser)]
#[command(name = "restore")]
#[command(
    after_help = "Examples:\n  pypaas restore shop                            from the newest backup\n  \
    pypaas restore shop --at 2026-05-31 --dry-run\n  pypaas restore shop main --into staging"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    branch: BranchArguments,
    /// The beginning of a backup's id, a day or a time [default: the newest]
    #[arg(long)]
    at: Option<String>,
    /// The branch that gets the data [default: the same]
    #[arg(long, value_name = "BRANCH")]
    into: Option<String>,
    #[command(flatten)]
    wait: WaitArguments,
    /// Print what would be restored, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Admin);

    fn requirement(&self) -> Requirement {
        Requirement::Admin
    }

    fn effect(&self) -> Effect {
        if self.dry_run { Effect::None } else { Effect::Change }
    }

    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?.waiting(self.wait.lock_timeout);
        let from = installation.branch(&self.branch.repo, &self.branch.branch)?;
        let into = match &self.into {
            Some(branch) => installation.branch(&self.branch.repo, branch)?,
            None => from.clone(),
        };
        let not_restored = |error| failed("nothing was restored", error);
        let backups = of(&installation)?;
        let snapshot = backups.find(self.at.as_deref()).map_err(not_restored)?;
        let stores = backups.stores(&snapshot, &from, &into).map_err(not_restored)?;
        if self.dry_run {
            terminal::out(&format!("would restore, from the backup of {}:\n", local(snapshot.time)));
            terminal::out(&format!("  {}\n", installation.platform.layout.data(&into)));
            for (_, store, _) in stores {
                terminal::out(&format!("  the database {store}\n"));
            }
            return Ok(ExitCode::SUCCESS);
        }
        let mut host = installation.host();
        let was_running = stop_and_lock(&installation, &mut host, &into, &invocation.by)?;
        let restored = backups.restore(&snapshot, &from, &into, &mut host, &mut note);
        host.unlock(&installation.platform.layout.branch_lock(&into))?;
        if let Ok(restored) = &restored {
            note(&format!("what was there before is in {}", restored.set_aside));
            terminal::out(&format!("{into} has the data of {}\n", local(snapshot.time)));
        }
        if was_running {
            start(&installation, &into, invocation)?;
        } else {
            note(&format!("{into} does not run, as before; `pypaas start {into}` starts it"));
        }
        restored.map_err(not_restored)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Takes the lock of a branch while it does not run. Returns whether it ran.
fn stop_and_lock(
    installation: &Installation,
    host: &mut LinuxHost,
    branch: &BranchRef,
    by: &str,
) -> Result<bool, Failure> {
    let platform = &installation.platform;
    let lock = platform.layout.branch_lock(branch);
    let mut ran = false;
    // A push may start it again before it is locked.
    for _ in 0..ATTEMPTS {
        if runs(installation, branch)? {
            note(&format!("stopping {branch}"));
            ran = true;
            Engine::new(&mut installation.host(), platform, &mut ConsoleReporter::default())
                .stop(branch, by)?;
        }
        if !host.try_lock(&lock, &format!("restoring {branch} for {by}"))? {
            continue;
        }
        if !runs(installation, branch)? {
            return Ok(ran);
        }
        host.unlock(&lock)?;
    }
    Err(Failure::new(
        format!("{branch} is being deployed, so nothing was restored"),
        format!("try again when that has ended; `pypaas status {branch}` says whether it runs"),
    ))
}

fn runs(installation: &Installation, branch: &BranchRef) -> Result<bool, Failure> {
    let record = record(&mut installation.host(), &installation.platform.layout, branch)?;
    Ok(record.is_some_and(|it| it.live.is_some() && !it.stopped))
}

fn start(installation: &Installation, branch: &BranchRef, invocation: &Invocation) -> Result<(), Failure> {
    let deploying = Deploying {
        installation,
        branch: branch.clone(),
        title: "starting".to_owned(),
        kind: AttemptKind::Start,
        invocation,
        received: None,
    };
    // A push may have been faster.
    deploying.run(|record: &Record, _: &mut dyn Host, _: &mut dyn Progress| {
        Ok(record.stopped.then_some(Source::Live))
    })
}
