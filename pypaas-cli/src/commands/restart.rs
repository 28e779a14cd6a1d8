//! `restart`: new processes of what is live, with no request lost.

use std::process::ExitCode;

use clap::Parser;
use pypaas_core::AttemptKind;

use super::redeploy::{Redeploy, redeploy};
use crate::arguments::{BranchesArguments, WaitArguments};
use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::invocation::Invocation;
use pypaas_config::Permission;

/// Start new processes of the live checkout, then stop the old ones
#[derive(Debug, Parser)]
#[command(name = "restart")]
#[command(
    after_help = "Examples:\n  pypaas restart shop\n  pypaas restart shop --dry-run   what would be done\n  pypaas restart                  all deployed branches"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) branches: BranchesArguments,
    #[command(flatten)]
    wait: WaitArguments,
    /// Print the plan and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Push);

    fn requirement(&self) -> Requirement {
        Requirement::repo_or_admin(Permission::Push, self.branches.repo.as_ref())
    }

    fn effect(&self) -> Effect {
        Effect::Change
    }

    /// Restarts one branch, or all. New values in the configuration take effect.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let how = Redeploy { kind: AttemptKind::Restart, verb: "restarting", dry_run: self.dry_run };
        redeploy(&self.branches, self.wait, &how, invocation)
    }
}
