//! `custom_cmds`: run what the admin prepared, in the live checkout.

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

/// Run commands of the branch's `custom_cmds` in its live checkout
#[derive(Debug, Parser)]
#[command(name = "custom_cmds", visible_alias = "custom-cmds")]
#[command(
    after_help = "Examples:\n  pypaas custom_cmds shop migrate\n  ssh -t deploy@host custom_cmds shop console   with a terminal"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) branch: BranchArguments,
    /// Names of custom commands, run in order until one fails
    #[arg(required = true)]
    commands: Vec<String>,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Run);

    fn requirement(&self) -> Requirement {
        Requirement::Repo(Permission::Run, self.branch.repo.clone())
    }

    fn effect(&self) -> Effect {
        Effect::Change
    }

    /// Runs them; output, input and exit status pass through.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?;
        let platform = &installation.platform;
        let branch = installation.branch(&self.branch.repo, &self.branch.branch)?;
        let known = platform.branch(&branch).map(|config| &config.custom_cmds);
        let mut lines = Vec::new();
        for name in &self.commands {
            let line = known.and_then(|known| known.get(name)).ok_or_else(|| {
                let names: Vec<&str> = known.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                let hint = match names.is_empty() {
                    true => format!("{branch} has no `custom_cmds`"),
                    false => format!("there are: {}", names.join(", ")),
                };
                Failure::new(format!("`{name}` is not a custom command of {branch}"), hint)
            })?;
            lines.push(line);
        }
        let record = record(&mut installation.host(), &platform.layout, &branch)?;
        let live = record.and_then(|record| record.live).ok_or_else(|| installation.not_deployed(&branch))?;
        for line in lines {
            let status = foreground::run(&["/bin/sh", "-c", line], platform, &branch, &live)?;
            if status != 0 {
                return Ok(ExitCode::from(status));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
