//! Confinement: a command sees the system read-only, what is its own, and nothing else of this host.
//!
//! The process confines itself and then becomes the command: there is no process more, and signals and the supervisor's
//! process id stay what they were. Two means, each enough for most of it:
//!
//! - **A user and a mount namespace.** The command gets a root directory of its own: a small tmpfs with the system's directories
//!   and the command's own in it. What is not mounted there is not there: no file, and no socket of the system's programs
//!   below `/run`. Processes outside cannot be traced, nor their environment be read.
//! - **A Landlock ruleset.** Files are written only where the confinement says, signals reach only what the command
//!   started, and only its own ports can be listened on. Where user namespaces are not allowed, it is all there is.
//!
//! What holds on this host depends on its kernel: [`Means`] finds out, and `check` tells. A command is never started with
//! neither of the two.

mod means;
mod mounts;
mod namespaces;
mod privileges;
mod root;
mod rules;

use std::convert::Infallible;
use std::env;
use std::error::Error;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use camino::Utf8Path;
use pypaas_core::Confinement;

pub use means::Means;

/// Says which part of a confinement failed. The command was not started.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action}")]
pub struct ConfineError {
    action: String,
    source: Box<dyn Error + Send + Sync>,
}

/// Confines this process, which must have one thread only, and makes it `command`. Returns only if that fails.
pub fn exec(confinement: &Confinement, command: &mut Command) -> Result<Infallible, ConfineError> {
    let directory = env::current_dir().map_err(failed("find the working directory"))?;
    for own in [&confinement.home, &confinement.temporary] {
        make_private(own).map_err(failed(format!("make the directory `{own}`")))?;
    }
    privileges::give_up().map_err(failed("give up privileges"))?;
    let own_root = match namespaces::enter() {
        Ok(()) => root::make(confinement).map(|()| true)?,
        Err(_) if Means::has_landlock() => {
            command.env("TMPDIR", &confinement.temporary);
            false
        }
        Err(error) => return Err(failed("enter namespaces, and this kernel has no Landlock")(error)),
    };
    privileges::drop_all().map_err(failed("drop capabilities"))?;
    rules::restrict(confinement, own_root)?;
    env::set_current_dir(&directory).map_err(failed(format!("enter `{}`", directory.display())))?;
    Err(failed(format!("run `{}`", command.get_program().display()))(command.exec()))
}

/// Makes a command of `words`, within the bounds of `confinement` where there are any.
pub fn command(confinement: Option<&Confinement>, words: &[impl AsRef<str>]) -> Command {
    let mut all = confinement.map(Confinement::words).unwrap_or_default();
    all.extend(words.iter().map(|word| word.as_ref().to_owned()));
    let mut all = all.into_iter();
    let mut command = Command::new(all.next().unwrap_or_default());
    command.args(all);
    command
}

impl ConfineError {
    /// Returns whether all went well but that there is no such program.
    pub fn is_missing_program(&self) -> bool {
        let is_missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        self.action.starts_with("run ") && self.source.downcast_ref().is_some_and(is_missing)
    }
}

/// Makes a directory that is its user's alone.
fn make_private(directory: &Utf8Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    directory.parent().map_or(Ok(()), fs::create_dir_all)?;
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

fn failed<E: Into<Box<dyn Error + Send + Sync>>>(
    action: impl Into<String>,
) -> impl FnOnce(E) -> ConfineError {
    let action = action.into();
    move |source| ConfineError { action, source: source.into() }
}
