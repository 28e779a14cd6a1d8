//! `start`: what was stopped runs again.

use std::process::ExitCode;

use clap::Parser;
use pypaas_core::host::Host;
use pypaas_core::plan::Source;
use pypaas_core::{AttemptKind, Progress, Record};

use super::deploying::Deploying;
use crate::arguments::{BranchArguments, WaitArguments};
use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::terminal;
use pypaas_config::Permission;

/// Start what `stop` stopped, with the checks of a deploy
#[derive(Debug, Parser)]
#[command(name = "start")]
#[command(after_help = "Example:\n  pypaas start shop")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) branch: BranchArguments,
    #[command(flatten)]
    wait: WaitArguments,
    /// Print the plan and change nothing
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

    /// Starts new processes of the live checkout, if the branch is stopped.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?.waiting(self.wait.lock_timeout);
        let branch = installation.branch(&self.branch.repo, &self.branch.branch)?;
        let deploying = Deploying {
            installation: &installation,
            branch: branch.clone(),
            title: "starting".to_owned(),
            kind: AttemptKind::Start,
            invocation,
            received: None,
        };
        let decide = |record: &Record, _: &mut dyn Host, _: &mut dyn Progress| {
            if record.live.is_none() {
                return Err(installation.not_deployed(&branch));
            }
            if !record.stopped {
                terminal::err(&format!("{branch} is not stopped; `restart` gives it new processes\n"));
                return Ok(None);
            }
            Ok(Some(Source::Live))
        };
        if self.dry_run {
            deploying.dry_run(decide)?
        } else {
            deploying.run(decide)?
        }
        Ok(ExitCode::SUCCESS)
    }
}
