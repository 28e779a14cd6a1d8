//! `cancel`: end the deploy of a branch that is under way.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use pypaas_config::Permission;
use pypaas_core::host::{Clock, Locks};
use pypaas_linux::{holder, is_locked};
use rustix::process::{Pid, Signal, kill_process};

use crate::arguments::BranchArguments;
use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::terminal;

/// How long a deploy may take to end: the processes of a build have five seconds, and are killed then.
const LONGEST: Duration = Duration::from_secs(60);

/// How often it is looked at meanwhile.
const INTERVAL: Duration = Duration::from_millis(50);

/// End the deploy of a branch that is under way; what was live before stays live
///
/// A deploy that has gone live already is not undone: see `rollback`.
#[derive(Debug, Parser)]
#[command(name = "cancel", after_help = "Example:\n  pypaas cancel shop main")]
pub(crate) struct Arguments {
    #[command(flatten)]
    branch: BranchArguments,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Push);

    fn requirement(&self) -> Requirement {
        Requirement::Repo(Permission::Push, self.branch.repo.clone())
    }

    fn effect(&self) -> Effect {
        Effect::Change
    }

    /// Asks the process that has the branch's lock to stop, and waits until it has.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?;
        let branch = installation.branch(&self.branch.repo, &self.branch.branch)?;
        let platform = &installation.platform;
        let lock = platform.layout.branch_lock(&branch);
        let mut host = installation.host();
        let purpose = host.lock_note(&lock)?;
        let process = holder(&lock, &platform.program).and_then(|it| Pid::from_raw(i32::try_from(it).ok()?));
        let Some(process) = process.filter(|_| is_locked(&lock)) else {
            return Err(Failure::new(
                format!("no deploy of {branch} is under way"),
                "`pypaas status` shows what is live",
            ));
        };
        terminal::err(&format!("ending: {}\n", purpose.trim()));
        kill_process(process, Signal::TERM).map_err(std::io::Error::from)?;
        let begin = host.elapsed();
        while holder(&lock, &platform.program)
            .is_some_and(|it| i32::try_from(it) == Ok(process.as_raw_nonzero().get()))
        {
            if host.elapsed().saturating_sub(begin) > LONGEST {
                return Err(Failure::new(
                    format!("the deploy of {branch} does not end"),
                    format!("it is process {}", process.as_raw_nonzero()),
                ));
            }
            host.pause(INTERVAL);
        }
        terminal::err("it has ended\n");
        Ok(ExitCode::SUCCESS)
    }
}
