//! What a command is: its arguments, the permission it needs, what it changes, and how it runs.
//!
//! Nothing here has a default: a new command does not compile until it has said all of it. [`crate::commands::ALL`] is the list.

use std::process::ExitCode;

use clap::{ArgMatches, Parser};
use pypaas_config::Permission;

use crate::failure::Failure;
use crate::invocation::Invocation;

/// A command of the command line. Its arguments are its fields; its name and its help are clap's attributes.
pub(crate) trait Command: Parser + 'static {
    /// The least permission with which some use of it is possible; `None`: any key may use it. `help` leaves out what a key
    /// may not use at all.
    const LEAST: Option<Permission>;

    /// Returns what the key of an SSH client needs for this use of it.
    fn requirement(&self) -> Requirement;

    /// Returns what it changes, for the audit log.
    fn effect(&self) -> Effect;

    /// Runs it.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure>;
}

/// What the key of an SSH client needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Requirement {
    /// Nothing: it shows what the key may see and no more.
    Nothing,
    /// A permission on one repo.
    Repo(Permission, String),
    /// A permission on every repo to which a domain routes requests.
    Domain(Permission, String),
    /// A permission on every repo.
    EveryRepo(Permission),
    /// The permission `admin`: it touches more than one repo, or decides who may do what.
    Admin,
    /// A shell on the host: git or sshd runs it, and no client may.
    Host,
}

impl Requirement {
    /// A permission on `repo`; `admin` where no repo is named and all are meant.
    pub(crate) fn repo_or_admin(permission: Permission, repo: Option<&String>) -> Self {
        repo.map_or(Self::Admin, |repo| Self::Repo(permission, repo.clone()))
    }
}

/// What a command changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    None,
    /// Something, or it runs what may: the audit log has the words of the command line.
    Change,
    /// Something that the audit log describes in these words.
    ChangeOf(String),
    /// Something that another process records in the audit log; this one records only that it was refused.
    RecordedElsewhere,
}

/// A command in the list of all commands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Registration {
    /// Returns its name, help and arguments.
    pub(crate) grammar: fn() -> clap::Command,
    /// See [`Command::LEAST`].
    pub(crate) least: Option<Permission>,
    /// Whether people type it on the host alone, and never over SSH.
    pub(crate) is_only_on_host: bool,
    prepare: fn(&ArgMatches) -> Result<Prepared, clap::Error>,
}

impl Registration {
    /// Registers `C`.
    pub(crate) const fn of<C: Command>() -> Self {
        Self { grammar: C::command, least: C::LEAST, is_only_on_host: false, prepare: prepare::<C> }
    }

    /// Leaves it out of what SSH clients are told.
    pub(crate) const fn only_on_host(self) -> Self {
        Self { is_only_on_host: true, ..self }
    }

    /// Reads its arguments.
    pub(crate) fn prepare(&self, matches: &ArgMatches) -> Result<Prepared, clap::Error> {
        (self.prepare)(matches)
    }
}

/// A command with its arguments, ready to run.
pub(crate) struct Prepared {
    /// See [`Command::requirement`].
    pub(crate) requirement: Requirement,
    /// See [`Command::effect`].
    pub(crate) effect: Effect,
    /// See [`Command::run`].
    #[expect(clippy::type_complexity, reason = "it is written once")]
    pub(crate) run: Box<dyn FnOnce(&Invocation) -> Result<ExitCode, Failure>>,
}

fn prepare<C: Command>(matches: &ArgMatches) -> Result<Prepared, clap::Error> {
    let command = C::from_arg_matches(matches)?;
    Ok(Prepared {
        requirement: command.requirement(),
        effect: command.effect(),
        run: Box::new(|invocation| command.run(invocation)),
    })
}
