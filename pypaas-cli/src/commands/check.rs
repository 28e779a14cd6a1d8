//! `check`: say what is wrong with the configuration.

use std::process::ExitCode;

use clap::Args;
use pypaas_config::{Severity, load};

use crate::failure::Failure;
use crate::installation::{configuration_folder, home, read, reports};
use crate::terminal;

/// Check the configuration and show every mistake in it with its place
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

/// Reads the whole configuration; exits with 2 when anything in it cannot be used.
pub(crate) fn run(_: &Arguments) -> Result<ExitCode, Failure> {
    let folder = configuration_folder(&home()?)?;
    let problems = load(&read(&folder)?).problems;
    if problems.is_empty() {
        terminal::out(&format!("the configuration in {folder} is right\n"));
        return Ok(ExitCode::SUCCESS);
    }
    terminal::out(&format!("{}\n", reports(&problems)));
    let broken = problems.iter().any(|problem| problem.severity == Severity::Error);
    Ok(if broken { ExitCode::from(2) } else { ExitCode::SUCCESS })
}
