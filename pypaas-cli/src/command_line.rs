//! The command line: the grammar of all commands, reading it, and running what it says.

use std::process::ExitCode;

use clap::Command;

use crate::command::{Effect, Prepared, Registration, Requirement};
use crate::failure::{EXIT_STATUS, Failure};
use crate::installation::home;
use crate::invocation::Invocation;
use crate::pusher::Pusher;
use crate::{access, audit};

/// Returns the grammar of the whole command line.
pub(crate) fn grammar(commands: &[Registration]) -> Command {
    Command::new("pypaas")
        .version(env!("CARGO_PKG_VERSION"))
        .about("git push to a Linux server, without containers")
        .max_term_width(100)
        .arg_required_else_help(true)
        .subcommand_required(true)
        .after_help(exit_status())
        .subcommands(commands.iter().map(|it| (it.grammar)()))
}

fn exit_status() -> String {
    let lines: Vec<String> =
        EXIT_STATUS.iter().map(|(status, meaning)| format!("  {status}  {meaning}")).collect();
    format!("Exit status:\n{}\n\n`run` and `custom_cmds` exit as their command does.", lines.join("\n"))
}

/// Reads a command line; its first word is a command's name.
pub(crate) fn read(commands: &[Registration], words: &[String]) -> Result<Prepared, clap::Error> {
    let line = std::iter::once("pypaas").chain(words.iter().map(String::as_str));
    let matches = grammar(commands).try_get_matches_from(line)?;
    let found = matches.subcommand().and_then(|(name, inner)| Some((find(commands, name)?, inner)));
    match found {
        Some((command, inner)) => command.prepare(inner),
        // clap has refused a line without a known command already.
        None => Err(clap::Error::new(clap::error::ErrorKind::MissingSubcommand)),
    }
}

/// Finds the command of this name.
fn find<'a>(commands: &'a [Registration], name: &str) -> Option<&'a Registration> {
    commands.iter().find(|it| (it.grammar)().get_name() == name)
}

/// Runs a command if the caller is permitted to; changes are written to the audit log.
pub(crate) fn run(command: Prepared, invocation: &Invocation) -> Result<ExitCode, Failure> {
    let Prepared { requirement, effect, run } = command;
    let allowed = access::check(&requirement, invocation);
    let is_allowed = allowed.is_ok();
    let home = home();
    let pusher =
        home.as_ref().ok().filter(|_| requirement == Requirement::Host).and_then(|it| Pusher::find(it));
    let invocation = &pusher.map_or_else(|| invocation.clone(), |pusher| pusher.act(invocation));
    let outcome = allowed.and_then(|()| run(invocation));
    let what = match effect {
        Effect::None => return outcome,
        Effect::RecordedElsewhere if is_allowed => return outcome,
        Effect::Change | Effect::RecordedElsewhere => {
            shlex::try_join(invocation.words.iter().map(String::as_str)).unwrap_or_default()
        }
        Effect::ChangeOf(what) => what,
    };
    if let Ok(home) = home {
        let result = match &outcome {
            Ok(code) => match (1..=u8::MAX).find(|status| ExitCode::from(*status) == *code) {
                Some(status) => format!("exit {status}"),
                None => "ok".to_owned(),
            },
            Err(failure) => format!("error: {}", failure.causes()),
        };
        audit::record(&home, invocation, &what, &result, !is_allowed);
    }
    outcome
}
