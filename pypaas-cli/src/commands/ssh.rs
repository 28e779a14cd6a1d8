//! `ssh`: what sshd runs for every login with a key of `authorized_keys`. No shell ever sees the client's words.

use std::env;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser};
use pypaas_config::{Permission, RepoName};

use super::{Context, Key};
use crate::access;
use crate::arguments::{Command, CommandLine};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::terminal;

/// The variable in which sshd leaves the client's command.
const CLIENT_COMMAND: &str = "SSH_ORIGINAL_COMMAND";

/// Serve an SSH login
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The name of the key that logged in
    key: String,
    /// The only rights it has at most: `push`, `run`, `read`
    #[arg(long, value_delimiter = ',', value_parser = right)]
    only: Option<Vec<Permission>>,
}

fn right(text: &str) -> Result<Permission, String> {
    Permission::parse(text).ok_or_else(|| format!("`{text}` is no right"))
}

/// Runs the client's command, or shows what there is when there is none.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let key = Key { only: arguments.only.clone() };
    let mut context =
        Context { by: arguments.key.clone(), from: client_address(), key: Some(key), words: Vec::new() };
    let wish = match env::var(CLIENT_COMMAND) {
        Err(env::VarError::NotPresent) => Wish::Help,
        Err(env::VarError::NotUnicode(_)) => return Err(refuse("it is not UTF-8")),
        Ok(line) => read(&line).map_err(refuse)?,
    };
    match wish {
        Wish::Help => Ok(greet(&context)),
        Wish::Usage { error, refused: true } => Ok(refuse_usage(&error)),
        Wish::Usage { error, refused: false } => Ok(terminal::usage(&error)),
        Wish::Run { command, words } => {
            context.words = words;
            super::run(*command, &context)
        }
    }
}

/// What a client wants.
#[derive(Debug)]
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
        command: Box<Command>,
        /// Its words, as they were written.
        words: Vec<String>,
    },
}

/// Reads a client's command line: words as a shell splits them, and nothing is expanded. The error says why it is refused.
pub(crate) fn read(line: &str) -> Result<Wish, &'static str> {
    let words = shlex::split(line).ok_or("its quotes do not match")?;
    let words = match words.as_slice() {
        [] => return Err("it is empty"),
        [help] if help == "help" => return Ok(Wish::Help),
        [help, command @ ..] if help == "help" => [command, &["--help".to_owned()]].concat(),
        _ => words,
    };
    match CommandLine::try_parse_from(["pypaas".to_owned()].into_iter().chain(words.clone())) {
        Ok(line) if !line.command.is_for_clients() => Err("pypaas calls it by itself"),
        Ok(line) => Ok(Wish::Run { command: Box::new(line.command), words }),
        Err(error) => {
            let refused = words.first().is_some_and(|word| is_hidden(word)) || error.exit_code() != 0;
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
fn is_hidden(name: &str) -> bool {
    CommandLine::command().find_subcommand(name).is_some_and(|command| command.is_hide_set())
}

fn refuse_usage(error: &clap::Error) -> ExitCode {
    terminal::err(&error.render().to_string());
    ExitCode::from(terminal::USAGE)
}

fn greet(context: &Context) -> ExitCode {
    let mut text = format!("Hello {}! This is pypaas; there is no shell here.\n\n", context.by);
    text.push_str("  git push deploy@host:<repo> <branch>   deploy a branch\n");
    text.push_str("  ssh deploy@host <command>              one of:\n\n");
    let installation = Installation::load().ok();
    let may = |name: &str| match (access::right_of(name), &installation) {
        (None, _) => true,
        (Some(right), None) => context.key.as_ref().is_none_or(|key| key.has(right)),
        (Some(right), Some(installation)) => {
            let may = |repo: &RepoName| access::may(installation, context, right, repo);
            let repos = &installation.configuration().repos;
            context.key.as_ref().is_none_or(|key| key.has(right))
                && (repos.is_empty() || repos.keys().any(may))
        }
    };
    let all = CommandLine::command();
    for command in all.get_subcommands().filter(|it| !it.is_hide_set() && may(it.get_name())) {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        text.push_str(&format!("    {:<26}{about}\n", command.get_name()));
    }
    if let Some(summary) = installation.as_ref().and_then(|it| access::summary(it, context)) {
        text.push_str(&format!("\n  This key may:\n\n{summary}"));
    }
    terminal::out(&text);
    ExitCode::SUCCESS
}
