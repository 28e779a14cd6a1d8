//! Commands that tell others what happened: they read it, and have a minute.

use std::io::{self, Seek, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use pypaas_core::host::ShellCommand;

use super::LinuxHost;
use super::child::{self, Ended};
use super::shell::shell;

/// How long one may take. A push waits for it.
const LONGEST: Duration = Duration::from_secs(60);

impl LinuxHost {
    /// Runs `command` with `news` on its standard input. It runs to its end also when nobody waits any more: somebody else
    /// is to be told.
    pub fn tell_others(
        &mut self,
        command: &ShellCommand,
        news: &str,
        output: &mut dyn FnMut(&[u8]),
    ) -> io::Result<()> {
        let mut input = tempfile::tempfile()?;
        input.write_all(news.as_bytes())?;
        input.rewind()?;
        let shell = shell(command);
        let began = Instant::now();
        let mut stop =
            || (began.elapsed() > LONGEST).then(|| format!("it took longer than {} s", LONGEST.as_secs()));
        match child::run_with_input(shell, Stdio::from(input), output, &mut stop)? {
            Ended::Itself(status) if status.success() => Ok(()),
            Ended::Itself(status) => Err(io::Error::other(status.to_string())),
            Ended::Stopped(reason) => Err(io::Error::new(io::ErrorKind::TimedOut, reason)),
        }
    }
}
