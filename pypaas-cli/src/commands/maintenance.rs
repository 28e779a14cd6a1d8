//! `maintenance`: nginx answers in place of a branch, until it is switched off.

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use pypaas_core::{Engine, Maintenance, record};
use serde::Serialize;

use crate::arguments::{BranchArguments, WaitArguments};
use crate::command::{self, Effect, Requirement};
use crate::console_reporter::ConsoleReporter;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::terminal;
use pypaas_config::Permission;

/// How long a message may be, in characters.
const LONGEST: usize = 500;

/// Switch maintenance on or off: nginx then answers with `maintenance_upstream`, or with 503
#[derive(Debug, Parser)]
#[command(name = "maintenance")]
#[command(after_help = "Examples:\n  pypaas maintenance on shop --message 'Back at five.'\n  \
    pypaas maintenance show shop\n  pypaas maintenance off shop")]
pub(crate) struct Arguments {
    /// Switch it on or off, or show the current state
    pub(crate) state: State,
    #[command(flatten)]
    pub(crate) branch: BranchArguments,
    /// The text that visitors see, if there is no `maintenance_upstream`
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
    #[command(flatten)]
    wait: WaitArguments,
    /// Print the plan and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print JSON, with `show`
    #[arg(long)]
    json: bool,
}

/// Switched on or off, or left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum State {
    On,
    Off,
    Show,
}

/// What `show --json` prints.
#[derive(Debug, Serialize)]
struct Shown {
    maintenance: Option<Maintenance>,
    message: Option<String>,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Read);

    fn requirement(&self) -> Requirement {
        let permission = if self.state == State::Show { Permission::Read } else { Permission::Push };
        Requirement::Repo(permission, self.branch.repo.clone())
    }

    fn effect(&self) -> Effect {
        if self.state == State::Show { Effect::None } else { Effect::Change }
    }

    /// Switches maintenance, or shows it. It survives deploys.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?.waiting(self.wait.lock_timeout);
        let platform = &installation.platform;
        let branch = installation.branch(&self.branch.repo, &self.branch.branch)?;
        let mut host = installation.host();
        if self.state == State::Show {
            let record = record(&mut host, &platform.layout, &branch)?.unwrap_or_default();
            let shown = Shown { maintenance: record.maintenance, message: record.message };
            terminal::out(&match self.json {
                true => terminal::pretty_json(&shown)?,
                false => shown.text(&branch.to_string()),
            });
            return Ok(ExitCode::SUCCESS);
        }
        let message = self.message.as_deref();
        if message.is_some_and(|text| text.chars().any(char::is_control) || text.chars().count() > LONGEST) {
            return Err(Failure::new(
                format!("a message is one line of at most {LONGEST} characters"),
                "for a page of your own there is `maintenance_upstream` in the domain's file",
            ));
        }
        let on = self.state == State::On;
        let by = &invocation.by;
        if self.dry_run {
            let change = |engine: &mut Engine<'_>| engine.maintenance(&branch, on, message, by);
            terminal::plan(&Engine::dry_run(&mut host, platform, change)?);
            return Ok(ExitCode::SUCCESS);
        }
        let mut reporter = ConsoleReporter::default();
        Engine::new(&mut host, platform, &mut reporter).maintenance(&branch, on, message, by)?;
        reporter.line(&format!("{branch} is {} maintenance", if on { "in" } else { "no longer in" }));
        Ok(ExitCode::SUCCESS)
    }
}

impl Shown {
    fn text(&self, branch: &str) -> String {
        let state = match self.maintenance {
            Some(Maintenance::Admin) => "is in maintenance",
            Some(Maintenance::Deploy) => "is in maintenance while it is deployed",
            None => "is not in maintenance",
        };
        let message = self.message.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
        format!("{branch} {state}{message}\n")
    }
}
