//! Commands the admin wrote.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::format_duration;
use serde::{Deserialize, Serialize};

use crate::{Confinement, Environment};

/// A place to run the admin's shell commands.
pub trait Shell {
    /// Runs `command` in a process group of its own, with its output (both streams, as it comes) going to `output`.
    /// Ends the whole group and fails when the caller wants to stop.
    fn run_command(
        &mut self,
        command: &ShellCommand,
        output: &mut dyn FnMut(&[u8]),
    ) -> Result<(), CommandError>;

    /// Runs `command` with `notification` on its standard input. It runs to its end also when the caller cancels, and for at
    /// most a minute.
    fn notify(
        &mut self,
        command: &ShellCommand,
        notification: &str,
        output: &mut dyn FnMut(&[u8]),
    ) -> Result<(), CommandError>;

    /// Ends whatever commands that were run in `directory` have left running: after a crash, the command itself.
    fn end_commands(&mut self, directory: &Utf8Path) -> Result<(), CommandError>;
}

/// A line for `/bin/sh -c`, where to run it, and its whole environment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShellCommand {
    /// What the admin wrote.
    pub line: String,
    /// The working directory.
    pub directory: Utf8PathBuf,
    /// All of the environment: nothing is inherited.
    pub environment: Environment,
    /// How long it may take; `None`: as long as it likes.
    pub timeout: Option<Duration>,
    /// Its bounds; `None`: those of the deploy user.
    pub confinement: Option<Confinement>,
}

impl fmt::Debug for ShellCommand {
    /// Leaves out the environment's values: they may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShellCommand")
            .field("line", &self.line)
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

/// Returns the first line of a command, and a sign when there are more: a whole script would hide what is said of it.
pub(crate) fn first_line(command: &str) -> String {
    let mut lines = command.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    if lines.next().is_some() { format!("{first} …") } else { first.to_owned() }
}

/// Says how a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It ran and said no.
    #[error("`{}` exited with status {status}", first_line(line))]
    Failed {
        /// The command.
        line: String,
        /// Its exit status.
        status: i32,
        /// What is wrong with the script that it is, where that can be seen.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// A signal ended it.
    #[error("`{}` was ended by signal {signal}", first_line(line))]
    Killed {
        /// The command.
        line: String,
        /// The signal's number.
        signal: i32,
    },
    /// It was ended after all the time it may take.
    #[error("`{}` took longer than `build_timeout`, {}, and was ended", first_line(line), format_duration(*timeout))]
    TooLong {
        /// The command.
        line: String,
        /// How long it could take.
        timeout: Duration,
    },
    /// It could not be started.
    #[error("cannot run `{}`", first_line(line))]
    NotStarted {
        /// The command.
        line: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Something it left running does not end.
    #[error("cannot end what commands have left running in `{directory}`")]
    NotEnded {
        /// Where they were run.
        directory: Utf8PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The caller went away or asked to stop.
    #[error("`{}` was ended: {reason}", first_line(line))]
    Stopped {
        /// The command.
        line: String,
        /// What the caller did.
        reason: String,
    },
}
