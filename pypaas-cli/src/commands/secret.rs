//! `secret`: values that are in the environment of a branch and nowhere else.

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;
use pypaas_config::{BranchRef, Permission};
use pypaas_core::host::Host;
use pypaas_core::plan::Source;
use pypaas_core::{AttemptKind, Engine, Progress, Record};

use super::deploying::Deploying;
use crate::arguments::BranchArguments;
use crate::command::{self, Effect, Requirement};
use crate::console_reporter::ConsoleReporter;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::secrets::{self, Secrets};
use crate::{secret_input, terminal};

/// Manage secrets: variables of a branch that are in no configuration file and are never shown
#[derive(Debug, Parser)]
#[command(name = "secret")]
#[command(after_help = "Examples:\n  pypaas secret set shop TOKEN <token.txt\n  \
    pass show token | ssh deploy@host secret set shop TOKEN\n  \
    pypaas secret import shop <.env          several, with one restart\n  \
    pypaas secret unset shop TOKEN\n  pypaas secret list shop\n\n\
    A secret overrides `env`. Setting one restarts the branch without losing a request.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) action: Action,
}

/// What to do with secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Set one; its value is read from standard input, without the newline at its end
    Set(Change),
    /// Set several, with one restart: standard input has lines such as `NAME=value`
    Import(Import),
    /// Remove one
    Unset(Change),
    /// List the names of the secrets
    List(List),
}

/// When a change of secrets takes effect.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Effects {
    /// Do not restart now; takes effect on the next deploy or restart
    #[arg(long)]
    no_restart: bool,
    /// Print the plan of the restart and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// A secret that is set or removed.
#[derive(Debug, Args)]
pub(crate) struct Change {
    #[command(flatten)]
    pub(crate) branch: BranchArguments,
    /// The variable's name
    name: String,
    #[command(flatten)]
    effects: Effects,
}

/// Several secrets that are set.
#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(flatten)]
    branch: BranchArguments,
    #[command(flatten)]
    effects: Effects,
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
            Action::Import(import) => Requirement::Repo(Permission::Run, import.branch.repo.clone()),
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
                let target = Target::of(&change.branch, change.effects, invocation)?;
                secret_input::check_name(&change.name)?;
                target.change(vec![(change.name.clone(), Some(secret_input::value()?))])
            }
            Action::Unset(change) => {
                let target = Target::of(&change.branch, change.effects, invocation)?;
                secret_input::check_name(&change.name)?;
                target.change(vec![(change.name.clone(), None)])
            }
            Action::Import(import) => {
                let target = Target::of(&import.branch, import.effects, invocation)?;
                let secrets = secret_input::list()?;
                target.change(secrets.into_iter().map(|(name, value)| (name, Some(value))).collect())
            }
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

/// Where secrets are changed, and whether that takes effect at once.
struct Target<'a> {
    installation: Installation,
    branch: BranchRef,
    effects: Effects,
    invocation: &'a Invocation,
}

impl<'a> Target<'a> {
    fn of(branch: &BranchArguments, effects: Effects, invocation: &'a Invocation) -> Result<Self, Failure> {
        let installation = Installation::load(invocation)?;
        let branch = installation.branch(&branch.repo, &branch.branch)?;
        Ok(Self { installation, branch, effects, invocation })
    }

    /// Sets the secrets that have a value and forgets the others, then restarts once.
    fn change(mut self, changes: Vec<(String, Option<String>)>) -> Result<ExitCode, Failure> {
        if self.effects.dry_run {
            let mut secrets = secrets::read(&self.installation.platform.layout, &self.branch)?;
            apply(changes, &mut secrets);
            self.installation.platform.secrets.insert(self.branch.clone(), secrets);
            if !self.effects.no_restart {
                restart(&self.installation, &self.branch, self.invocation, "restarting", true)?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        let (branch, layout) = (&self.branch, &self.installation.platform.layout);
        let names: Vec<String> = changes.iter().map(|(name, _)| name.clone()).collect();
        let is_set = changes.iter().any(|(_, value)| value.is_some());
        let before = replace(&self, |secrets| apply(changes, secrets))?;
        let is = if names.len() == 1 { "is" } else { "are" };
        let names = names.join(", ");
        if before == secrets::read(layout, branch)? {
            let same = if is_set { "has that value already" } else { "is not set" };
            terminal::err(&format!("{names} of {branch} {same}\n"));
            return Ok(ExitCode::SUCCESS);
        }
        let done = if is_set { "set" } else { "unset" };
        if self.effects.no_restart {
            terminal::err(&format!(
                "{names} of {branch} {is} {done}; takes effect on the next deploy or restart\n"
            ));
            return Ok(ExitCode::SUCCESS);
        }
        let title = format!("restarting, {names} {is} {done},");
        let installation = Installation::load(self.invocation)?;
        if let Err(failure) = restart(&installation, branch, self.invocation, &title, false) {
            replace(&self, |secrets| *secrets = before)?;
            terminal::err(&format!("{names} of {branch} {is} restored to the previous value\n"));
            return Err(failure);
        }
        terminal::err(&format!("{names} of {branch} {is} {done}\n"));
        Ok(ExitCode::SUCCESS)
    }
}

/// Sets the secrets that have a value and removes the others.
fn apply(changes: Vec<(String, Option<String>)>, secrets: &mut Secrets) {
    for (name, value) in changes {
        match value {
            Some(value) => secrets.insert(name, value),
            None => secrets.remove(&name),
        };
    }
}

/// Changes the secrets of `branch` under its lock; returns what they were.
fn replace(target: &Target<'_>, change: impl FnOnce(&mut Secrets)) -> Result<Secrets, Failure> {
    let Target { installation, branch, invocation, .. } = target;
    let platform = &installation.platform;
    let mut host = installation.host();
    let purpose = format!("setting a secret of {branch} for {} at {}", invocation.by, Timestamp::now());
    let mut reporter = ConsoleReporter::default();
    let mut engine = Engine::new(&mut host, platform, &mut reporter);
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
    let decide = |record: &Record, _: &mut dyn Host, _: &mut dyn Progress| {
        let runs = record.live.is_some() && !record.stopped;
        Ok(runs.then_some(Source::Live))
    };
    if is_dry { deploying.dry_run(decide) } else { deploying.run(decide) }
}
