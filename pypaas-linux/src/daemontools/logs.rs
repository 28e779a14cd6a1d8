//! The last lines of services, from the files of multilog.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::thread;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use pypaas_core::ServiceName;
use pypaas_core::host::Logs;

use super::supervise::Supervise;
use super::tai64n::Tai64n;
use super::{Daemontools, logger};
use crate::files;

/// What pypaas puts in front of the newline with which it ends a line.
const LINE_MARK: char = '\r';

/// How long the logger may take to write down a line.
const LOGGED: Duration = Duration::from_millis(500);

/// How much of a log's end is read: multilog starts another file at about 100,000 bytes.
const TAIL: u64 = 100_000;

impl Logs for Daemontools {
    /// Returns lines since this program started the service, or else since its process started, so that the output of an
    /// earlier version is not taken for that of this one. When neither is known, all lines count.
    fn last_lines(&mut self, service: &ServiceName, lines: usize) -> Vec<String> {
        let status = self.supervise(service).status().ok().flatten();
        let running_since = status.filter(|status| status.process.is_some()).map(|status| status.since);
        let since = self.started.get(service).copied().or(running_since);
        self.finish_last_line(service);
        last_lines(&self.layout.service(service), since, lines)
    }
}

/// Returns the last lines that were written since `since` to the log of the service in `directory`.
pub(super) fn last_lines(directory: &Utf8Path, since: Option<Tai64n>, lines: usize) -> Vec<String> {
    let text = tail(&directory.join("log/main"));
    let mut last: Vec<String> = text
        .split_terminator('\n')
        .rev()
        .map(Tai64n::split)
        .take_while(|(stamp, _)| !is_before(*stamp, since))
        .filter_map(|(_, line)| complete(line))
        .take(lines)
        .map(str::to_owned)
        .collect();
    last.reverse();
    last
}

impl Daemontools {
    /// Ends the line that a process left unfinished, so that it can be read, and waits until it is in the log, bounded.
    pub(super) fn finish_last_line(&self, service: &ServiceName) {
        let directory = self.layout.service(service);
        let before = Tai64n::now();
        if !matches!(logger::finish_line(&Supervise::of(&directory.join("log"))), Ok(true)) {
            return;
        }
        let current = directory.join("log/main/current");
        let is_written = || {
            let text = end_of(&current).unwrap_or_default();
            text.split_terminator('\n')
                .rev()
                .map(Tai64n::split)
                .take_while(|(stamp, _)| !is_before(*stamp, Some(before)))
                .any(|(_, line)| line.ends_with(LINE_MARK))
        };
        let began = Instant::now();
        while !is_written() && began.elapsed() < LOGGED {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Returns a line without the mark of its end; `None` for a line that is nothing else: no process wrote that.
pub(super) fn complete(line: &str) -> Option<&str> {
    match line.strip_suffix(LINE_MARK) {
        Some("") => None,
        Some(line) => Some(line),
        None => Some(line),
    }
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
