//! `run`: one command, once, where a branch's processes run.

use std::io::ErrorKind;
use std::process::ExitCode;

use clap::Parser;
use pypaas_core::record;

use crate::arguments::BranchArguments;
use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::foreground;
use crate::installation::Installation;
use crate::invocation::Invocation;
use pypaas_config::Permission;

/// Run a command once, in a branch's live checkout with its environment
#[derive(Debug, Parser)]
#[command(name = "run")]
#[command(after_help = "Examples:\n  pypaas run shop -- npm run migrate\n  \
    pypaas run shop -- sh -c 'echo $GIT_COMMIT | tee commit.txt'\n  \
    ssh -t deploy@host run shop -- node   with a terminal\n\n\
    Its input, output and exit status are those of this command.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) branch: BranchArguments,
    /// The command and its arguments; they are not passed to a shell
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Run);

    fn requirement(&self) -> Requirement {
        Requirement::Repo(Permission::Run, self.branch.repo.clone())
    }

    fn effect(&self) -> Effect {
        Effect::Change
    }

    /// Runs it. Waits for no lock: what is live may be replaced meanwhile.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?;
        let platform = &installation.platform;
        let branch = installation.branch(&self.branch.repo, &self.branch.branch)?;
        let record = record(&mut installation.host(), &platform.layout, &branch)?;
        let live = record.and_then(|record| record.live).ok_or_else(|| installation.not_deployed(&branch))?;
        let Some(program) = self.command.first() else { return Ok(ExitCode::SUCCESS) };
        match foreground::run(&self.command, platform, &branch, &live) {
            Ok(status) => Ok(ExitCode::from(status)),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(Failure::new(
                format!("there is no program `{program}` in the PATH"),
                "for shell commands, run `sh -c '…'`",
            )),
            Err(error) => {
                Err(Failure::new(format!("cannot run `{program}`: {error}"), "may the deploy user run it?"))
            }
        }
    }
}
