//! `cancel`: a deploy ends before it is live.

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::Parser;
use pypaas_config::{BranchRef, Permission};
use pypaas_core::host::Locks;
use pypaas_core::{Attempt, History, Outcome};
use pypaas_linux::{cancel, is_locked};

use crate::arguments::BranchArguments;
use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::terminal;

/// How long to wait between two looks at whether the deploy has ended.
const BETWEEN: Duration = Duration::from_millis(50);

/// End the deploy of a branch that is going on; what was live stays live
#[derive(Debug, Parser)]
#[command(name = "cancel")]
#[command(after_help = "Example:\n  pypaas cancel shop\n\n\
    The command that runs is ended with all that it started. A deploy whose new version takes requests already cannot be \
    cancelled: use `rollback` when it has ended.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    branch: BranchArguments,
    /// Print what would be ended, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Push);

    fn requirement(&self) -> Requirement {
        Requirement::Repo(Permission::Push, self.branch.repo.clone())
    }

    fn effect(&self) -> Effect {
        Effect::Change
    }

    /// Asks the deploy to end, and waits until it has.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?;
        let layout = &installation.platform.layout;
        let branch = installation.branch(&self.branch.repo, &self.branch.branch)?;
        let lock = layout.branch_lock(&branch);
        let what = installation.host().lock_note(&lock)?;
        if !is_locked(&lock) {
            return Err(Failure::new(
                format!("nothing is going on on {branch}"),
                format!("see `pypaas releases {branch}`"),
            ));
        }
        let what = what.trim();
        if self.dry_run {
            terminal::out(&format!("would cancel: {what}\n"));
            return Ok(ExitCode::SUCCESS);
        }
        let before = last_attempt(&installation, &branch)?;
        terminal::err(&format!("cancelling: {what}\n"));
        cancel(&lock, &format!("cancelled by {}", invocation.by))?;
        while is_locked(&lock) && installation.host().lock_note(&lock)?.trim() == what {
            thread::sleep(BETWEEN);
        }
        match last_attempt(&installation, &branch)?.filter(|last| before.as_ref() != Some(last)) {
            Some(Attempt { outcome: Outcome::Abandoned, .. }) => {
                terminal::err("it is cancelled\n");
                Ok(ExitCode::SUCCESS)
            }
            Some(Attempt { outcome: Outcome::Succeeded, .. }) => {
                let fix = format!("to go back: `pypaas rollback {branch}`");
                Err(Failure::new("it was too late: the new version is live", fix))
            }
            _ => {
                terminal::err("it has ended\n");
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

fn last_attempt(installation: &Installation, branch: &BranchRef) -> Result<Option<Attempt>, Failure> {
    Ok(History::new(&mut installation.host(), &installation.platform.layout, branch).last()?)
}
