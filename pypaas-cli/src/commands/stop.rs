//! `stop`: no process of a branch runs until something is made live on it again.

use std::process::ExitCode;

use clap::Parser;
use pypaas_core::Engine;

use crate::arguments::{BranchArguments, WaitArguments};
use crate::command::{self, Effect, Requirement};
use crate::console_reporter::ConsoleReporter;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::terminal;
use pypaas_config::Permission;

/// Stop a branch's processes; nginx answers in their place until `start` or the next deploy
#[derive(Debug, Parser)]
#[command(name = "stop")]
#[command(after_help = "Example:\n  pypaas stop shop")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) branch: BranchArguments,
    #[command(flatten)]
    wait: WaitArguments,
    /// Print the plan and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Push);

    fn requirement(&self) -> Requirement {
        Requirement::Repo(Permission::Push, self.branch.repo.clone())
    }

    fn effect(&self) -> Effect {
        Effect::Change
    }

    /// Stops the branch, now and at every boot.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?.waiting(self.wait.lock_timeout);
        let platform = &installation.platform;
        let branch = installation.branch(&self.branch.repo, &self.branch.branch)?;
        let mut host = installation.host();
        if self.dry_run {
            let plan = Engine::dry_run(&mut host, platform, |engine| engine.stop(&branch, &invocation.by))?;
            terminal::plan(&plan);
            return Ok(ExitCode::SUCCESS);
        }
        let mut reporter = ConsoleReporter::default();
        Engine::new(&mut host, platform, &mut reporter).stop(&branch, &invocation.by)?;
        reporter.line(&format!("{branch} is stopped; `pypaas start {branch}` starts it"));
        Ok(ExitCode::SUCCESS)
    }
}
