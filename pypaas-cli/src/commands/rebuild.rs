//! `rebuild`: deploy the live commit again.

use std::process::ExitCode;

use clap::Parser;
use pypaas_core::AttemptKind;

use super::redeploy::{Redeploy, redeploy};
use crate::arguments::{BranchesArguments, WaitArguments};
use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::invocation::Invocation;
use pypaas_config::Permission;

/// Check out, build and start the live commit again, or what was pushed last where nothing is live
#[derive(Debug, Parser)]
#[command(name = "rebuild")]
#[command(
    after_help = "Examples:\n  pypaas rebuild shop\n  pypaas rebuild shop --dry-run   what would be done\n  pypaas rebuild                  all deployed branches"
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

    /// Deploys the live commit of one branch, or of all, again.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let how = Redeploy { kind: AttemptKind::Rebuild, verb: "rebuilding", dry_run: self.dry_run };
        redeploy(&self.branches, self.wait, &how, invocation)
    }
}
