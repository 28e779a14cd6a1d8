//! `ssh`: what sshd runs for every login with a key of `authorized_keys`. No shell ever sees the client's words.

use std::env;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser};

use super::Context;
use crate::arguments::CommandLine;
use crate::failure::Failure;
use crate::terminal;

/// The variable in which sshd leaves the client's command.
const CLIENT_COMMAND: &str = "SSH_ORIGINAL_COMMAND";

/// Serve an SSH login
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The name of the key that logged in
    key: String,
}

/// Runs the client's command, or shows what there is when there is none.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let context = Context { by: arguments.key.clone(), from: client_address() };
    let words = match env::var(CLIENT_COMMAND) {
        Err(env::VarError::NotPresent) => return Ok(greet(&context)),
        Err(env::VarError::NotUnicode(_)) => return Err(refuse("it is not UTF-8")),
        Ok(line) => shlex::split(&line).ok_or_else(|| refuse("its quotes do not match"))?,
    };
    if words.first().is_some_and(|word| word == "help") {
        return Ok(greet(&context));
    }
    if words.is_empty() {
        return Err(refuse("it is empty"));
    }
    let line = match CommandLine::try_parse_from(["pypaas".to_owned()].into_iter().chain(words.clone())) {
        Ok(line) => line,
        Err(error) if is_hidden(&words[0]) || error.exit_code() != 0 => return Ok(refuse_usage(&error)),
        Err(error) => return Ok(terminal::usage(&error)),
    };
    if !line.command.is_for_clients() {
        return Err(refuse("pypaas calls it by itself"));
    }
    super::run(line.command, &context)
}

/// Reads the client's address: the first word that sshd leaves in `SSH_CLIENT`.
fn client_address() -> Option<String> {
    env::var("SSH_CLIENT").ok()?.split_whitespace().next().map(str::to_owned)
}

fn refuse(reason: &str) -> Failure {
    Failure::new(format!("this command cannot be run over SSH: {reason}"), "`help` lists what can be run")
}

/// Says whether people are not meant to type the command `name`: not even its help is theirs.
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
    for command in CommandLine::command().get_subcommands().filter(|command| !command.is_hide_set()) {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        text.push_str(&format!("    {:<26}{about}\n", command.get_name()));
    }
    terminal::out(&text);
    ExitCode::SUCCESS
}
