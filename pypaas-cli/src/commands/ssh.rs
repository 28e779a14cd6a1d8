//! `ssh`: what sshd runs for every login with a key of `authorized_keys`. No shell ever sees the client's words.

use std::env;
use std::process::ExitCode;

use clap::Parser;
use pypaas_config::Permission;

use super::git;
use crate::command::{self, Effect, Prepared, Registration, Requirement};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::{Invocation, Key};
use crate::left_out_branch;
use crate::{access, command_line, terminal};

/// The variable in which sshd leaves the client's command.
const CLIENT_COMMAND: &str = "SSH_ORIGINAL_COMMAND";

/// Serve an SSH login
#[derive(Debug, Parser)]
#[command(name = "ssh", hide = true)]
pub(crate) struct Arguments {
    /// The name of the key that logged in
    key: String,
    /// The only permissions it has at most: `admin`, `push`, `run`, `read`
    #[arg(long, value_delimiter = ',', value_parser = permission)]
    only: Option<Vec<Permission>>,
}

fn permission(text: &str) -> Result<Permission, String> {
    Permission::parse(text).ok_or_else(|| format!("unknown permission `{text}`"))
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = None;

    fn requirement(&self) -> Requirement {
        Requirement::Host
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    /// Runs the client's command, or shows what there is when there is none.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let mut invocation = Invocation {
            by: self.key,
            from: client_address(),
            key: Some(Key { only: self.only }),
            words: Vec::new(),
            commands: invocation.commands,
        };
        let wish = match env::var(CLIENT_COMMAND) {
            Err(env::VarError::NotPresent) => Wish::Help,
            Err(env::VarError::NotUnicode(_)) => return Err(refuse("it is not UTF-8")),
            Ok(line) => {
                let words = split(&line).map_err(refuse)?;
                let words = left_out_branch::put_in(invocation.commands, &words, &invocation)?;
                understand(invocation.commands, words).map_err(refuse)?
            }
        };
        match wish {
            Wish::Help => Ok(greet(&invocation)),
            Wish::Usage { error, refused: true } => Ok(refuse_usage(&error)),
            Wish::Usage { error, refused: false } => Ok(terminal::usage(&error)),
            Wish::Run { command, words } => {
                invocation.words = words;
                match command_line::run(*command, &invocation) {
                    Err(failure) if git::is_spoken_to(&invocation.words) => Ok(git::report(&failure)),
                    outcome => outcome,
                }
            }
        }
    }
}

/// What a client wants.
pub(crate) enum Wish {
    /// To know what there is.
    Help,
    /// Something that makes no sense, or the help of a command.
    Usage {
        /// What is said about it.
        error: clap::Error,
        /// Whether it is no help that was asked for.
        refused: bool,
    },
    /// A command that clients may give.
    Run {
        /// The command.
        command: Box<Prepared>,
        /// Its words, as they were written.
        words: Vec<String>,
    },
}

/// Splits a client's command line as a shell does; nothing is expanded. The error says why it is refused.
pub(crate) fn split(line: &str) -> Result<Vec<String>, &'static str> {
    let words = shlex::split(line).ok_or("its quotes do not match")?;
    match words.as_slice() {
        [] => Err("it is empty"),
        [help, command @ ..] if help == "help" && !command.is_empty() => {
            Ok([command, &["--help".to_owned()]].concat())
        }
        _ => Ok(words),
    }
}

/// Says what a client wants by `words`. The error says why it is refused.
pub(crate) fn understand(commands: &[Registration], words: Vec<String>) -> Result<Wish, &'static str> {
    if words == ["help"] {
        return Ok(Wish::Help);
    }
    match command_line::read(commands, &words) {
        Ok(command) if command.requirement == Requirement::Host => Err("it is internal to pypaas"),
        Ok(command) => Ok(Wish::Run { command: Box::new(command), words }),
        Err(error) => {
            let refused =
                words.first().is_some_and(|word| is_hidden(commands, word)) || error.exit_code() != 0;
            Ok(Wish::Usage { error, refused })
        }
    }
}

/// Reads the client's address: the first word that sshd leaves in `SSH_CLIENT`.
fn client_address() -> Option<String> {
    env::var("SSH_CLIENT").ok()?.split_whitespace().next().map(str::to_owned)
}

fn refuse(reason: &str) -> Failure {
    Failure::new(format!("this command cannot be run over SSH: {reason}"), "`help` lists what can be run")
}

/// Returns whether people are not meant to type the command `name`: not even its help is theirs.
fn is_hidden(commands: &[Registration], name: &str) -> bool {
    command_line::grammar(commands).find_subcommand(name).is_some_and(|command| command.is_hide_set())
}

fn refuse_usage(error: &clap::Error) -> ExitCode {
    terminal::err(&error.render().to_string());
    ExitCode::from(terminal::USAGE)
}

fn greet(invocation: &Invocation) -> ExitCode {
    let mut text = format!("Hello {}! This is pypaas; there is no shell here.\n\n", invocation.by);
    text.push_str("  git push deploy@host:<repo> <branch>   deploy a branch\n");
    text.push_str("  ssh deploy@host <command>              one of:\n\n");
    let installation = Installation::load_without_secrets(invocation).ok();
    for command in invocation.commands {
        let grammar = (command.grammar)();
        let may = command.least.is_none_or(|it| access::may_ever(installation.as_ref(), invocation, it));
        if may && !grammar.is_hide_set() && !command.is_only_on_host {
            let about = grammar.get_about().map(ToString::to_string).unwrap_or_default();
            text.push_str(&format!("    {:<26}{about}\n", grammar.get_name()));
        }
    }
    if let Some(summary) = installation.as_ref().and_then(access::summary) {
        text.push_str(&format!("\n  This key may:\n\n{summary}"));
    }
    terminal::out(&text);
    ExitCode::SUCCESS
}
