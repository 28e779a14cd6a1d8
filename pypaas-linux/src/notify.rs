//! Notification hooks: commands that read what happened, and have a minute.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use pypaas_core::host::ShellCommand;
use rustix::fs::{MemfdFlags, memfd_create};

use super::child::{self, Exit};
use super::shell::shell;

/// How long one may take. A push waits for it.
const LONGEST: Duration = Duration::from_secs(60);

/// Runs `command` with `notification` on its standard input. It runs to its end also when the caller cancels: it notifies
/// somebody else.
pub(super) fn run(
    command: &ShellCommand,
    notification: &str,
    output: &mut dyn FnMut(&[u8]),
) -> io::Result<Exit> {
    let mut input = File::from(memfd_create("notification", MemfdFlags::CLOEXEC)?);
    input.write_all(notification.as_bytes())?;
    input.rewind()?;
    let shell = shell(command);
    let began = Instant::now();
    let mut stop =
        || (began.elapsed() > LONGEST).then(|| format!("it took longer than {} s", LONGEST.as_secs()));
    child::run_with_input(shell, Stdio::from(input), output, &mut stop)
}
