//! `rebuild`: deploy the live commit again.

use std::process::ExitCode;

use clap::Args;
use pypaas_core::plan::Source;

use super::Context;
use super::redeploy::{Redeploy, redeploy};
use crate::arguments::{BranchesArguments, WaitArguments};
use crate::failure::Failure;
use crate::history::Kind;

/// Check out, build and start the live commit again
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  pypaas rebuild shop main\n  pypaas rebuild shop main --dry-run   what would be done\n  pypaas rebuild                       all deployed branches"
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

/// Deploys the live commit of one branch, or of all, again.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let how = Redeploy {
        kind: Kind::Rebuild,
        verb: "rebuilding",
        source: |live| Source::Commit(live.commit.clone()),
        dry_run: arguments.dry_run,
    };
    redeploy(&arguments.branches, arguments.wait, &how, context)
}
