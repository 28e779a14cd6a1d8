//! One run of a job.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::format_duration;

use crate::child::{self, Exit};
use crate::{durable, files};

/// How much of the output of one run is kept.
const MOST_KEPT: u64 = 1 << 20;

/// How many runs have their output kept.
const KEPT: usize = 10;

/// Runs `command` to its end, at most for `timeout`, and keeps its output in `log`. Returns why it failed, if it did.
pub fn run_job(command: Command, log: &Utf8Path, timeout: Duration) -> io::Result<Option<String>> {
    let directory = durable::directory_of(log);
    durable::create_directory(directory)?;
    forget_old(directory)?;
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(log)?;
    let (mut written, mut failed) = (0, None);
    let began = Instant::now();
    let mut keep = |bytes: &[u8]| {
        let free = MOST_KEPT.saturating_sub(written);
        let kept = &bytes[..bytes.len().min(usize::try_from(free).unwrap_or(usize::MAX))];
        written += bytes.len() as u64;
        failed = failed.take().or(file.write_all(kept).err());
    };
    let mut stop = || {
        (began.elapsed() > timeout)
            .then(|| format!("it took longer than its `timeout` of {}", format_duration(timeout)))
    };
    let ended = child::run(command, &mut keep, &mut stop)?;
    if written > MOST_KEPT {
        writeln!(file, "\n[{} more bytes were left out]", written - MOST_KEPT)?;
    }
    failed.map_or(Ok(()), Err)?;
    Ok(match ended {
        Exit::Exited(status) if status.success() => None,
        Exit::Exited(status) => Some(match (status.code(), status.signal()) {
            (Some(code), _) => format!("it exited with status {code}"),
            (_, Some(signal)) => format!("it was ended by signal {signal}"),
            _ => "it failed".to_owned(),
        }),
        Exit::Interrupted(reason) => Some(reason),
    })
}

/// Removes the output of all but the last runs.
fn forget_old(directory: &Utf8Path) -> io::Result<()> {
    let mut logs: Vec<Utf8PathBuf> =
        files::names(directory)?.iter().map(|name| directory.join(name)).collect();
    logs.sort();
    let old = logs.len().saturating_sub(KEPT - 1);
    logs.drain(..old).try_for_each(fs::remove_file)
}
