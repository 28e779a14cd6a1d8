//! `cleanup`: remove what nobody owns.

use std::process::ExitCode;

use clap::Args;
use pypaas_core::Engine;

use super::{Context, apply};
use crate::arguments::WaitArguments;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::narrator::Narrator;
use crate::terminal;

/// Remove services, checkouts and nginx files that nothing in the configuration asks for
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  pypaas cleanup --dry-run   what would be removed\n  pypaas cleanup")]
pub(crate) struct Arguments {
    #[command(flatten)]
    wait: WaitArguments,
    /// Print the plan and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Cleans up. Repositories and data directories stay.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let installation = Installation::load()?.waiting(arguments.wait);
    installation.warn_about_problems();
    let mut host = installation.host();
    let platform = &installation.platform;
    if arguments.dry_run {
        terminal::plan(&Engine::dry_run(&mut host, platform, |engine| engine.cleanup(&context.by))?);
        return Ok(ExitCode::SUCCESS);
    }
    let failed = Engine::new(&mut host, platform, &mut Narrator::default()).cleanup(&context.by)?;
    Ok(apply::report(failed))
}
