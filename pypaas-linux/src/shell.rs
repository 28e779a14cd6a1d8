//! Commands the admin wrote, run by a shell.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::Instant;

use camino::Utf8Path;
use pypaas_core::host::{Caller, CommandError, Shell, ShellCommand};

use super::LinuxHost;
use super::child::{self, Exit};
use super::confine;
use super::notify;
use super::proc::{self, COMMAND_VARIABLE, ProcessTable, ProcessTree};
use super::script;
use super::terminate::terminate;
use super::umask::ReadableByAll;

impl Shell for LinuxHost {
    fn run_command(
        &mut self,
        command: &ShellCommand,
        output: &mut dyn FnMut(&[u8]),
    ) -> Result<(), CommandError> {
        let mut shell = shell(command);
        shell.env(COMMAND_VARIABLE, &command.directory);
        let _readable = ReadableByAll::begin();
        let line = command.line.clone();
        let began = Instant::now();
        let longest = command.timeout.filter(|it| !it.is_zero());
        let is_too_long = || longest.filter(|longest| began.elapsed() > *longest);
        let mut stop = || is_too_long().map(|_| String::new()).or_else(|| self.wants_to_stop());
        let ended = child::run(shell, output, &mut stop)
            .map_err(|source| CommandError::NotStarted { line, source })?;
        if let (Exit::Interrupted(_), Some(timeout)) = (&ended, is_too_long()) {
            return Err(CommandError::TooLong { line: command.line.clone(), timeout });
        }
        check(command, ended)?;
        self.end_leftovers(&command.directory, output)
    }

    fn notify(
        &mut self,
        command: &ShellCommand,
        notification: &str,
        output: &mut dyn FnMut(&[u8]),
    ) -> Result<(), CommandError> {
        let line = command.line.clone();
        let ended = notify::run(command, notification, output)
            .map_err(|source| CommandError::NotStarted { line, source })?;
        check(command, ended)
    }

    fn end_commands(&mut self, directory: &Utf8Path) -> Result<(), CommandError> {
        let mut tree = ProcessTree::of_commands(directory, self.layout.home());
        terminate(&mut tree, &mut || Ok(()))
            .map_err(|source| CommandError::NotEnded { directory: directory.to_owned(), source })
    }
}

impl LinuxHost {
    /// Terminates what a command left running, and says so: a daemon that a build or a hook started belongs to no service, so
    /// nothing else would ever stop it.
    fn end_leftovers(
        &mut self,
        directory: &Utf8Path,
        output: &mut dyn FnMut(&[u8]),
    ) -> Result<(), CommandError> {
        let mut tree = ProcessTree::of_commands(directory, self.layout.home());
        let left = ProcessTable::read().map(|table| {
            table.members(&mut tree).into_iter().map(|process| process.id).collect::<Vec<u32>>()
        });
        for id in left.unwrap_or_default() {
            let name = proc::program_name(id).unwrap_or_default();
            output(
                format!("pypaas stops `{name}` (process {id}), which this command left running\n").as_bytes(),
            );
        }
        self.end_commands(directory)
    }
}

/// Makes the shell that runs `command`, within its bounds.
pub(super) fn shell(command: &ShellCommand) -> Command {
    let words = ["/bin/sh", "-c", &command.line];
    let mut shell = confine::command(command.confinement.as_ref(), &words);
    shell.current_dir(&command.directory).env_clear().envs(command.environment.iter());
    shell
}

/// Says how a command that has ended failed, if it did.
fn check(command: &ShellCommand, ended: Exit) -> Result<(), CommandError> {
    let line = command.line.clone();
    match ended {
        Exit::Exited(status) if status.success() => Ok(()),
        Exit::Exited(status) => Err(match (status.code(), status.signal()) {
            (Some(status), _) => {
                let reason = script::why_it_cannot_run(&line, &command.directory, status);
                CommandError::Failed { line, status, source: reason.map(Into::into) }
            }
            (None, signal) => CommandError::Killed { line, signal: signal.unwrap_or_default() },
        }),
        Exit::Interrupted(reason) => Err(CommandError::Stopped { line, reason }),
    }
}
