//! `apply`: the whole machine agrees with what is configured.

use std::process::ExitCode;

use clap::Args;
use pypaas_core::{Engine, Plan, Unapplied};

use super::Context;
use crate::arguments::WaitArguments;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::narrator::Narrator;
use crate::terminal;

/// Make the whole machine agree with the configuration; also run once before and once after nginx starts at boot
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  pypaas plan    what would be done\n  pypaas apply   do it")]
pub(crate) struct Arguments {
    #[command(flatten)]
    wait: WaitArguments,
    /// Print the plan and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Applies the configuration. Where nothing differs nothing is touched, and nginx is not reloaded.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let installation = Installation::load()?.waiting(arguments.wait);
    installation.warn_about_problems();
    let platform = &installation.platform;
    let mut host = installation.host();
    if arguments.dry_run {
        terminal::plan(&plan(&installation, context)?);
        return Ok(ExitCode::SUCCESS);
    }
    host.watch_caller()?;
    let mut narrator = Narrator::default();
    let failed = Engine::new(&mut host, platform, &mut narrator).apply(&context.by)?;
    if failed.is_empty() {
        narrator.line("the machine agrees with the configuration");
    }
    Ok(report(failed))
}

/// Plans what would be done.
pub(super) fn plan(installation: &Installation, context: &Context) -> Result<Plan, Failure> {
    let platform = &installation.platform;
    Ok(Engine::dry_run(&mut installation.host(), platform, |engine| engine.apply(&context.by))?)
}

/// Shows what could not be done, and gives the exit status.
pub(super) fn report(failed: Vec<Unapplied>) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for Unapplied { subject, error } in failed {
        terminal::err(&format!("{subject}:\n"));
        code = Failure::from(error).report();
    }
    code
}
