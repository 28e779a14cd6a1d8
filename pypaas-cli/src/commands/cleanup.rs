//! `cleanup`: remove what nobody owns.

use std::process::ExitCode;

use clap::Parser;
use pypaas_core::Engine;

use super::apply;
use crate::arguments::WaitArguments;
use crate::command::{self, Effect, Requirement};
use crate::console_reporter::ConsoleReporter;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::terminal;
use pypaas_config::Permission;

/// Remove services, checkouts and nginx files that are no longer in the configuration
#[derive(Debug, Parser)]
#[command(name = "cleanup")]
#[command(after_help = "Examples:\n  pypaas cleanup --dry-run   what would be removed\n  pypaas cleanup")]
pub(crate) struct Arguments {
    #[command(flatten)]
    wait: WaitArguments,
    /// Print the plan and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Admin);

    fn requirement(&self) -> Requirement {
        Requirement::Admin
    }

    fn effect(&self) -> Effect {
        Effect::Change
    }

    /// Cleans up. Repositories and data directories stay.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?.waiting(self.wait.lock_timeout);
        installation.warn_about_problems();
        let mut host = installation.host();
        let platform = &installation.platform;
        if self.dry_run {
            terminal::plan(&Engine::dry_run(&mut host, platform, |engine| engine.cleanup(&invocation.by))?);
            return Ok(installation.exit_code());
        }
        let failed =
            Engine::new(&mut host, platform, &mut ConsoleReporter::default()).cleanup(&invocation.by)?;
        Ok(if failed.is_empty() { installation.exit_code() } else { apply::report(failed) })
    }
}
