//! `secret`: values that are in the environment of a branch and nowhere else.

use std::io::{IsTerminal, Read, stdin};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;
use pypaas_config::{BranchRef, Permission, is_reserved_variable, is_variable};
use pypaas_core::host::Host;
use pypaas_core::plan::Source;
use pypaas_core::{AttemptKind, Engine, Record, Story};

use super::deploying::Deploying;
use crate::arguments::BranchArguments;
use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::narrator::Narrator;
use crate::secrets::{self, Secrets};
use crate::terminal;

/// The longest value that is taken: a run script has to hold it.
const LONGEST: u64 = 64 * 1024;

/// Set environment variables of a branch that appear in no configuration file and in no output
#[derive(Debug, Parser)]
#[command(name = "secret")]
#[command(after_help = "Examples:\n  pypaas secret set shop main TOKEN <token.txt\n  \
    pass show token | ssh deploy@host secret set shop main TOKEN\n  \
    pypaas secret unset shop main TOKEN\n  pypaas secret list shop main\n\n\
    A secret overrides `env`. Setting or unsetting one restarts the branch, as `restart` does.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) action: Action,
}

/// What to do with secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Set a secret; the value is read from standard input, without a trailing newline
    Set(Change),
    /// Remove a secret
    Unset(Change),
    /// List the names of the secrets
    List(List),
}

/// A secret that is set or forgotten.
#[derive(Debug, Args)]
pub(crate) struct Change {
    #[command(flatten)]
    pub(crate) branch: BranchArguments,
    /// The variable's name
    name: String,
    /// Do not restart now; the change takes effect on the next deploy or restart
    #[arg(long)]
    no_restart: bool,
    /// Print the plan of the restart and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Whose secrets are listed.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) branch: BranchArguments,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Read);

    fn requirement(&self) -> Requirement {
        match &self.action {
            Action::Set(change) | Action::Unset(change) => {
                Requirement::Repo(Permission::Run, change.branch.repo.clone())
            }
            Action::List(list) => Requirement::Repo(Permission::Read, list.branch.repo.clone()),
        }
    }

    fn effect(&self) -> Effect {
        if matches!(self.action, Action::List(_)) { Effect::None } else { Effect::Change }
    }

    /// Sets, forgets or lists.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        match &self.action {
            Action::Set(change) => {
                let value = read_value()?;
                set(change, Some(value), invocation)
            }
            Action::Unset(change) => set(change, None, invocation),
            Action::List(list) => print(list, invocation),
        }
    }
}

fn print(list: &List, invocation: &Invocation) -> Result<ExitCode, Failure> {
    let installation = Installation::load(invocation)?;
    let branch = installation.branch(&list.branch.repo, &list.branch.branch)?;
    let secrets = secrets::read(&installation.platform.layout, &branch)?;
    let names: Vec<&String> = secrets.keys().collect();
    if list.json {
        terminal::json(&names)?;
        return Ok(ExitCode::SUCCESS);
    }
    for name in names {
        terminal::out(&format!("{name}\n"));
    }
    Ok(ExitCode::SUCCESS)
}

fn set(change: &Change, value: Option<String>, invocation: &Invocation) -> Result<ExitCode, Failure> {
    let mut installation = Installation::load(invocation)?;
    let branch = installation.branch(&change.branch.repo, &change.branch.branch)?;
    let name = &change.name;
    if !is_variable(name) || is_reserved_variable(name) {
        return Err(Failure::new(
            format!("`{name}` cannot name a secret"),
            "letters, digits and `_`, not beginning with a digit; not one that pypaas or the shell sets itself",
        ));
    }
    let apply = |secrets: &mut Secrets| {
        match value {
            Some(value) => secrets.insert(name.clone(), value),
            None => secrets.remove(name),
        };
    };
    if change.dry_run {
        let mut secrets = secrets::read(&installation.platform.layout, &branch)?;
        apply(&mut secrets);
        installation.platform.secrets.insert(branch.clone(), secrets);
        if !change.no_restart {
            restart(&installation, &branch, invocation, "restarting", true)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let before = replace(&installation, &branch, invocation, apply)?;
    let after = secrets::read(&installation.platform.layout, &branch)?;
    if before == after {
        let same = if after.contains_key(name) { "has that value already" } else { "is not set" };
        terminal::err(&format!("{name} of {branch} {same}\n"));
        return Ok(ExitCode::SUCCESS);
    }
    let done = if after.contains_key(name) { "set" } else { "unset" };
    if change.no_restart {
        terminal::err(&format!("{name} of {branch} is {done}; the next deploy or restart uses it\n"));
        return Ok(ExitCode::SUCCESS);
    }
    let title = format!("restarting, {name} is {done},");
    if let Err(failure) = restart(&Installation::load(invocation)?, &branch, invocation, &title, false) {
        replace(&installation, &branch, invocation, |secrets| *secrets = before)?;
        terminal::err(&format!("{name} of {branch} is what it was before\n"));
        return Err(failure);
    }
    terminal::err(&format!("{name} of {branch} is {done}\n"));
    Ok(ExitCode::SUCCESS)
}

/// Changes the secrets of `branch` under its lock; returns what they were.
fn replace(
    installation: &Installation,
    branch: &BranchRef,
    invocation: &Invocation,
    change: impl FnOnce(&mut Secrets),
) -> Result<Secrets, Failure> {
    let platform = &installation.platform;
    let mut host = installation.host();
    let purpose = format!("setting a secret of {branch} for {} at {}", invocation.by, Timestamp::now());
    let mut narrator = Narrator::default();
    let mut engine = Engine::new(&mut host, platform, &mut narrator);
    engine.lock_branch(branch, &purpose)?;
    let outcome = secrets::read(&platform.layout, branch).map_err(Failure::from).and_then(|before| {
        let mut secrets = before.clone();
        change(&mut secrets);
        secrets::write(&platform.layout, branch, &secrets)?;
        Ok(before)
    });
    engine.unlock_branch(branch)?;
    outcome
}

/// Starts new processes with the secrets of `installation`, where there are any processes, or only prints the plan.
fn restart(
    installation: &Installation,
    branch: &BranchRef,
    invocation: &Invocation,
    title: &str,
    is_dry: bool,
) -> Result<(), Failure> {
    let deploying = Deploying {
        installation,
        branch: branch.clone(),
        title: title.to_owned(),
        kind: AttemptKind::Secret,
        invocation,
        received: None,
    };
    let decide = |record: &Record, _: &mut dyn Host, _: &mut dyn Story| {
        let runs = record.live.is_some() && !record.stopped;
        Ok(runs.then_some(Source::Live))
    };
    if is_dry { deploying.dry_run(decide) } else { deploying.run(decide) }
}

fn read_value() -> Result<String, Failure> {
    if stdin().is_terminal() {
        terminal::err("the value, then Ctrl-D on a line of its own:\n");
    }
    let mut value = Vec::new();
    stdin().take(LONGEST + 1).read_to_end(&mut value)?;
    let wrong = |reason: &str| Failure::new(format!("the value {reason}"), "nothing was changed");
    if value.len() as u64 > LONGEST {
        return Err(wrong("is longer than 64 KiB"));
    }
    let value = String::from_utf8(value).map_err(|_| wrong("is not UTF-8"))?;
    let value = value.strip_suffix('\n').unwrap_or(&value);
    if value.contains('\0') {
        return Err(wrong("contains a NUL character"));
    }
    Ok(value.to_owned())
}
