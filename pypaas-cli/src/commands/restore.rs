//! `restore`: the data of a branch as they were.

use std::process::ExitCode;

use clap::Parser;
use pypaas_config::{BranchRef, Permission};
use pypaas_core::host::{Host, Locks};
use pypaas_core::plan::Source;
use pypaas_core::{AttemptKind, Engine, Progress, Record, record};

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
        let was_running = stop(&installation, &into, &invocation.by)?;
        let lock = installation.platform.layout.branch_lock(&into);
        let mut host = installation.host();
        if !host.try_lock(&lock, &format!("restoring {into} for {}", invocation.by))? {
            if was_running {
                start(&installation, &into, invocation)?;
            }
            return Err(Failure::new(
                format!("{into} is being deployed, so nothing was restored"),
                "try again when that has ended",
            ));
        }
        let restored = backups.restore(&snapshot, &from, &into, &mut host, &mut note);
        host.unlock(&lock)?;
        if let Ok(restored) = &restored {
            if let Some(path) = &restored.set_aside {
                note(&format!("what was there before is in {path}"));
            }
            terminal::out(&format!("{into} has the data of {}\n", local(snapshot.time)));
        }
        if was_running {
            start(&installation, &into, invocation)?;
        }
        restored.map_err(not_restored)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Stops a branch that runs. Returns whether it did.
fn stop(installation: &Installation, branch: &BranchRef, by: &str) -> Result<bool, Failure> {
    let (platform, mut host) = (&installation.platform, installation.host());
    let runs =
        record(&mut host, &platform.layout, branch)?.is_some_and(|it| it.live.is_some() && !it.stopped);
    if runs {
        note(&format!("stopping {branch}"));
        Engine::new(&mut host, platform, &mut ConsoleReporter::default()).stop(branch, by)?;
    }
    Ok(runs)
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
