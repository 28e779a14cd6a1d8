//! `start`: what was stopped runs again.

use std::process::ExitCode;

use clap::Args;
use pypaas_core::plan::{PlanError, Request, Source};

use super::Context;
use super::deploying::Deploying;
use crate::arguments::{BranchArguments, WaitArguments};
use crate::failure::Failure;
use crate::history::Kind;
use crate::installation::Installation;
use crate::terminal;

/// Start what `stop` stopped, with the checks of a deploy
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pypaas start shop main")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) branch: BranchArguments,
    #[command(flatten)]
    wait: WaitArguments,
}

/// Starts new processes of the live checkout, if the branch is stopped.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let installation = Installation::load()?.waiting(arguments.wait);
    let branch = installation.branch(&arguments.branch.repo, &arguments.branch.branch)?;
    let deploying = Deploying {
        installation: &installation,
        branch: branch.clone(),
        title: "starting".to_owned(),
        kind: Kind::Start,
        context,
        received: None,
    };
    deploying.run(|record, _| {
        if record.live.is_none() {
            return Err(PlanError::NotDeployed(branch).into());
        }
        if !record.stopped {
            terminal::err(&format!("{branch} is not stopped; `restart` gives it new processes\n"));
            return Ok(None);
        }
        Ok(Some(Request { branch, source: Source::Live, by: context.by.clone() }))
    })?;
    Ok(ExitCode::SUCCESS)
}
