//! `apply`: the whole machine agrees with what is configured.

use std::process::ExitCode;

use clap::Parser;
use pypaas_core::{ApplyFailure, Engine, Plan};

use crate::arguments::WaitArguments;
use crate::command::{self, Effect, Requirement};
use crate::console_reporter::ConsoleReporter;
use crate::failure::{FAILED, Failure};
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::{branch_checks, keeper, private, terminal};
use pypaas_config::{Diagnostic, Permission};
use pypaas_linux::checks::CheckScope;

/// Make the machine match the configuration; also run once before and once after nginx starts at boot
#[derive(Debug, Parser)]
#[command(name = "apply")]
#[command(after_help = "Examples:\n  pypaas plan    what would be done\n  pypaas apply   do it")]
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

    /// Applies the configuration. Where nothing differs nothing is touched, and nginx is not reloaded.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?.waiting(self.wait.lock_timeout);
        installation.warn_about_problems();
        let platform = &installation.platform;
        let mut host = installation.host();
        if self.dry_run {
            terminal::plan(&plan(&installation, invocation)?);
            return Ok(installation.exit_code());
        }
        host.watch_caller()?;
        for name in private::close_directories(platform.layout.home())? {
            terminal::err(&format!("closed {name}/ to other users\n"));
        }
        let mut reporter = ConsoleReporter::default();
        let failed = Engine::new(&mut host, platform, &mut reporter).apply(&invocation.by)?;
        keeper::wake(&installation);
        if !failed.is_empty() {
            return Ok(report(failed));
        }
        // Others cannot be put right from here; at boot nginx runs only later.
        let mut problems = host.check(platform, CheckScope::Machine);
        problems.retain(|it| it.is_error() && it.category != "nginx");
        problems.extend(branch_checks::check(&installation));
        for problem in &problems {
            terminal::err(&format!("{problem}\n"));
        }
        if problems.iter().any(Diagnostic::is_error) {
            return Ok(ExitCode::from(FAILED));
        }
        reporter.line(match installation.is_broken() {
            false => "the machine agrees with the configuration",
            true => "the machine agrees with the part of the configuration that is valid",
        });
        Ok(installation.exit_code())
    }
}

/// Plans what would be done.
pub(super) fn plan(installation: &Installation, invocation: &Invocation) -> Result<Plan, Failure> {
    let platform = &installation.platform;
    Ok(Engine::dry_run(&mut installation.host(), platform, |engine| engine.apply(&invocation.by))?)
}

/// Shows what could not be done, and gives the exit status.
pub(super) fn report(failed: Vec<ApplyFailure>) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for ApplyFailure { subject, error } in failed {
        terminal::err(&format!("{subject}:\n"));
        code = Failure::from(error).report();
    }
    code
}
