//! `restart`: new processes of what is live, with no request lost.

use std::process::ExitCode;

use clap::Args;
use pypaas_core::plan::Source;

use super::Context;
use super::redeploy::{Redeploy, redeploy};
use crate::arguments::{BranchesArguments, WaitArguments};
use crate::failure::Failure;
use crate::history::Kind;

/// Start new processes of the live checkout, then stop the old ones
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  pypaas restart shop main\n  pypaas restart shop main --dry-run   what would be done\n  pypaas restart                       all deployed branches"
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

/// Restarts one branch, or all. New values in the configuration take effect.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let how = Redeploy {
        kind: Kind::Restart,
        verb: "restarting",
        source: |_| Source::Live,
        dry_run: arguments.dry_run,
    };
    redeploy(&arguments.branches, arguments.wait, &how, context)
}
