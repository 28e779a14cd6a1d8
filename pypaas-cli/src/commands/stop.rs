//! `stop`: no process of a branch runs until something is made live on it again.

use std::process::ExitCode;

use clap::Args;
use pypaas_core::Engine;

use super::Context;
use crate::arguments::{BranchArguments, WaitArguments};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::narrator::Narrator;

/// Stop a branch's processes; nginx answers in their place until `start` or the next deploy
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pypaas stop shop main")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) branch: BranchArguments,
    #[command(flatten)]
    wait: WaitArguments,
}

/// Stops the branch, now and at every boot.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let installation = Installation::load()?.waiting(arguments.wait);
    let platform = &installation.platform;
    let branch = installation.branch(&arguments.branch.repo, &arguments.branch.branch)?;
    let mut host = installation.host();
    let mut narrator = Narrator::default();
    Engine::new(&mut host, platform, &mut narrator).stop(&branch, &context.by)?;
    narrator.line(&format!("{branch} is stopped; `pypaas start {branch}` starts it"));
    Ok(ExitCode::SUCCESS)
}
