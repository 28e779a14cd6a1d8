//! Commands the admin wrote, run by a shell.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use camino::Utf8Path;
use pypaas_core::host::{Caller, CommandError, Shell, ShellCommand};

use super::LinuxHost;
use super::child::{self, Ended};
use super::confine;
use super::proc::{COMMAND_VARIABLE, ProcessTree};
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
        let line = command.line.clone();
        let _readable = ReadableByAll::begin();
        match child::run(shell, output, &mut || self.wants_to_stop()) {
            Ok(Ended::Itself(status)) if status.success() => Ok(()),
            Ok(Ended::Itself(status)) => Err(match (status.code(), status.signal()) {
                (Some(status), _) => CommandError::Failed { line, status },
                (None, signal) => CommandError::Killed { line, signal: signal.unwrap_or_default() },
            }),
            Ok(Ended::Stopped(reason)) => Err(CommandError::Stopped { line, reason }),
            Err(source) => Err(CommandError::NotStarted { line, source }),
        }
    }

    fn end_commands(&mut self, directory: &Utf8Path) -> Result<(), CommandError> {
        let mut tree = ProcessTree::of_commands(directory, self.layout.home());
        terminate(&mut tree, &mut || Ok(()))
            .map_err(|source| CommandError::NotEnded { directory: directory.to_owned(), source })
    }
}

/// Makes the shell that runs `command`, within its bounds.
pub(super) fn shell(command: &ShellCommand) -> Command {
    let words = ["/bin/sh", "-c", &command.line];
    let mut shell = confine::command(command.confinement.as_ref(), &words);
    shell.current_dir(&command.directory).env_clear().envs(command.environment.iter());
    shell
}
