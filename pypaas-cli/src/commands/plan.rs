//! `plan`: what `apply` would do.

use std::process::ExitCode;

use clap::Args;

use super::{Context, apply};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::terminal;

/// Print what `apply` would do, step by step, and change nothing
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pypaas plan")]
pub(crate) struct Arguments {}

/// Prints the plan.
pub(crate) fn run(_: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let installation = Installation::load()?;
    installation.warn_about_problems();
    terminal::plan(&apply::plan(&installation, context)?);
    Ok(ExitCode::SUCCESS)
}
