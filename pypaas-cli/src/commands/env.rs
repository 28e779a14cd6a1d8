//! `env`: what a branch's processes find in their environment.

use std::process::ExitCode;

use clap::Parser;
use pypaas_core::record;
use serde::Serialize;

use crate::arguments::BranchArguments;
use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::table::Look;
use crate::terminal;
use pypaas_config::Permission;

/// List the environment of a branch's commands and processes
#[derive(Debug, Parser)]
#[command(name = "env")]
#[command(after_help = "Examples:\n  pypaas env shop          names only\n  \
    pypaas env shop --show   values too; those of secrets are never shown")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) branch: BranchArguments,
    /// Show values
    #[arg(long)]
    pub(crate) show: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One variable, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Variable<'a> {
    name: &'a str,
    source: Source,
    value: Option<&'a str>,
}

/// Where a variable is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Source {
    /// The configuration's `env`.
    Configured,
    /// `pypaas secret set`.
    Secret,
    /// pypaas itself.
    Pypaas,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Read);

    fn requirement(&self) -> Requirement {
        let permission = if self.show { Permission::Run } else { Permission::Read };
        Requirement::Repo(permission, self.branch.repo.clone())
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    /// Lists variables. Besides them each process of a web runner finds its own `PORT`.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?;
        let platform = &installation.platform;
        let branch = installation.branch(&self.branch.repo, &self.branch.branch)?;
        let configured = platform.branch(&branch).map(|config| config.env.clone()).unwrap_or_default();
        let secrets = platform.secrets.get(&branch).cloned().unwrap_or_default();
        let live =
            record(&mut installation.host(), &platform.layout, &branch)?.and_then(|record| record.live);
        let environment = match &live {
            Some(live) => platform.environment(&branch, live),
            None => {
                // Before the first deploy only what people set is known.
                let mut environment = pypaas_core::Environment::default();
                environment.extend(configured.clone());
                environment.extend(secrets.clone());
                environment
            }
        };
        let variable = |(name, value)| {
            let source = match (secrets.contains_key(name), configured.get(name).map(String::as_str)) {
                (true, _) => Source::Secret,
                (_, Some(written)) if written == value => Source::Configured,
                _ => Source::Pypaas,
            };
            Variable { name, source, value: Some(value).filter(|_| self.show && source != Source::Secret) }
        };
        let variables: Vec<Variable<'_>> = environment.iter().map(variable).collect();
        if self.json {
            terminal::json(&variables)?;
            return Ok(ExitCode::SUCCESS);
        }
        for Variable { name, source, value } in variables {
            let hidden = match source {
                Source::Secret => "(secret)",
                Source::Configured | Source::Pypaas => "(hidden)",
            };
            let value =
                value.map_or_else(|| Look::Faint.paint(hidden), |value| value.escape_debug().to_string());
            terminal::out(&format!("{name}={value}\n"));
        }
        Ok(ExitCode::SUCCESS)
    }
}
