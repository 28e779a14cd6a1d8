//! The last lines of services, from the files of multilog.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use camino::Utf8Path;
use pypaas_core::ServiceName;
use pypaas_core::host::Logs;

use super::Daemontools;
use super::tai64n::Tai64n;
use crate::files;

/// How much of a log's end is read: multilog starts another file at about 100,000 bytes.
const TAIL: u64 = 100_000;

impl Logs for Daemontools {
    /// Returns lines since this program started the service, or else since its process started, so that the output of an
    /// earlier version is not taken for that of this one. When neither is known, all lines count.
    fn last_lines(&mut self, service: &ServiceName, lines: usize) -> Vec<String> {
        let status = self.supervise(service).status().ok().flatten();
        let running_since = status.filter(|status| status.process.is_some()).map(|status| status.since);
        let since = self.started.get(service).copied().or(running_since);
        last_lines(&self.layout.service(service), since, lines)
    }
}

/// Returns the last lines that were written since `since` to the log of the service in `directory`.
pub(super) fn last_lines(directory: &Utf8Path, since: Option<Tai64n>, lines: usize) -> Vec<String> {
    let text = tail(&directory.join("log/main"));
    let mut last: Vec<String> = text
        .lines()
        .rev()
        .map(Tai64n::split)
        .take_while(|(stamp, _)| !is_before(*stamp, since))
        .take(lines)
        .map(|(_, line)| line.to_owned())
        .collect();
    last.reverse();
    last
}

fn is_before(stamp: Option<Tai64n>, since: Option<Tai64n>) -> bool {
    stamp.zip(since).is_some_and(|(stamp, since)| stamp < since)
}

/// Reads the end of the newest log file, and before it that of the one multilog closed last.
fn tail(directory: &Utf8Path) -> String {
    let closed = files::names(directory).unwrap_or_default().into_iter().rfind(|name| name.starts_with('@'));
    let names = closed.into_iter().chain(["current".to_owned()]);
    names.map(|name| end_of(&directory.join(name)).unwrap_or_default()).collect()
}

fn end_of(path: &Utf8Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut end = Vec::new();
    file.take(TAIL).read_to_end(&mut end)?;
    let text = String::from_utf8_lossy(&end).into_owned();
    match text.split_once('\n') {
        Some((_torn, rest)) if length > TAIL => Ok(rest.to_owned()),
        _ => Ok(text),
    }
}
