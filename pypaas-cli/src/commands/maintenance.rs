//! `maintenance`: nginx answers in place of a branch, until it is switched off.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use pypaas_core::{lock_branch, maintenance, unlock_branch};

use super::Context;
use crate::arguments::BranchArguments;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::narrator::Narrator;

/// Let nginx answer with `maintenance_upstream`, or with 503, in place of a branch
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Whether to switch it on or off
    state: State,
    #[command(flatten)]
    branch: BranchArguments,
}

/// Switched on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    On,
    Off,
}

/// Switches maintenance. It survives deploys.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let installation = Installation::load()?;
    let platform = &installation.platform;
    let branch = installation.branch(&arguments.branch.repo, &arguments.branch.branch)?;
    let on = arguments.state == State::On;
    let mut host = installation.host();
    let mut narrator = Narrator::default();
    let purpose = format!("switching maintenance of {branch} for {}", context.by);
    lock_branch(&mut host, platform, &branch, &purpose, &mut narrator)?;
    let outcome = maintenance(&mut host, platform, &branch, on, &mut narrator);
    unlock_branch(&mut host, &platform.layout, &branch)?;
    outcome?;
    narrator.line(&format!("{branch} is {} maintenance", if on { "in" } else { "no longer in" }));
    Ok(ExitCode::SUCCESS)
}
