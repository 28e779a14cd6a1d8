//! `maintenance`: nginx answers in place of a branch, until it is switched off.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use pypaas_core::{Engine, Maintenance, record};
use serde::Serialize;

use super::Context;
use crate::arguments::{BranchArguments, WaitArguments};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::narrator::Narrator;
use crate::terminal;

/// How long a message may be, in characters.
const LONGEST: usize = 500;

/// Let nginx answer with `maintenance_upstream`, or with 503, in place of a branch
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  pypaas maintenance on shop main --message 'Back at five.'\n  \
    pypaas maintenance show shop main\n  pypaas maintenance off shop main")]
pub(crate) struct Arguments {
    /// Whether to switch it on or off, or to show what it is
    pub(crate) state: State,
    #[command(flatten)]
    pub(crate) branch: BranchArguments,
    /// What visitors are told, where there is no `maintenance_upstream`
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
    #[command(flatten)]
    wait: WaitArguments,
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

/// Switches maintenance, or shows it. It survives deploys.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let installation = Installation::load()?.waiting(arguments.wait);
    let platform = &installation.platform;
    let branch = installation.branch(&arguments.branch.repo, &arguments.branch.branch)?;
    let mut host = installation.host();
    if arguments.state == State::Show {
        let record = record(&mut host, &platform.layout, &branch)?.unwrap_or_default();
        let shown = Shown { maintenance: record.maintenance, message: record.message };
        terminal::out(&match arguments.json {
            true => format!("{}\n", serde_json::to_string_pretty(&shown)?),
            false => shown.text(&branch.to_string()),
        });
        return Ok(ExitCode::SUCCESS);
    }
    let message = arguments.message.as_deref();
    if message.is_some_and(|text| text.chars().any(char::is_control) || text.chars().count() > LONGEST) {
        return Err(Failure::new(
            format!("a message is one line of at most {LONGEST} characters"),
            "for a page of your own there is `maintenance_upstream` in the domain's file",
        ));
    }
    let on = arguments.state == State::On;
    let mut narrator = Narrator::default();
    Engine::new(&mut host, platform, &mut narrator).maintenance(&branch, on, message, &context.by)?;
    narrator.line(&format!("{branch} is {} maintenance", if on { "in" } else { "no longer in" }));
    Ok(ExitCode::SUCCESS)
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
