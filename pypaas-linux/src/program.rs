//! Programs, where they are, and running one to its end.

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use super::child::{self, Exit};
use super::environment;

/// How a program ended, and what it said.
#[derive(Debug)]
pub(super) struct Answer {
    /// Its exit status.
    pub(super) status: ExitStatus,
    /// Both streams, in the order they came.
    pub(super) text: String,
}

/// Makes a command of `words`: a program, by name or path, and its arguments.
///
/// Its environment is pypaas's own: it does not depend on the caller, nor on what git tells its hooks (`GIT_DIR` and others).
pub(super) fn command(words: &[impl AsRef<OsStr>]) -> io::Result<Command> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no program is named"));
    };
    let mut command = Command::new(find(program.as_ref())?);
    command.args(arguments).env_clear().envs(environment::of_programs().iter());
    Ok(command)
}

/// Runs a command that ends by itself, at most for `longest`.
pub(super) fn ask(command: Command, longest: Duration) -> io::Result<Answer> {
    let began = Instant::now();
    let mut text = Vec::new();
    let mut too_long =
        || (began.elapsed() > longest).then(|| format!("no answer within {} s", longest.as_secs()));
    match child::run(command, &mut |bytes| text.extend_from_slice(bytes), &mut too_long)? {
        Exit::Exited(status) => Ok(Answer { status, text: String::from_utf8_lossy(&text).into_owned() }),
        Exit::Interrupted(reason) => Err(io::Error::new(io::ErrorKind::TimedOut, reason)),
    }
}

/// Finds a program by its name; a path stays as it is.
fn find(program: &OsStr) -> io::Result<PathBuf> {
    if program.as_encoded_bytes().contains(&b'/') {
        return Ok(program.into());
    }
    let path = environment::search_path();
    let directories = path.split(':').map(PathBuf::from);
    let is_program = |file: &PathBuf| {
        file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    let mut files = directories.map(|directory| directory.join(program));
    files.find(is_program).ok_or_else(|| {
        let reason = format!("there is no program `{}`", program.to_string_lossy());
        io::Error::new(io::ErrorKind::NotFound, reason)
    })
}
