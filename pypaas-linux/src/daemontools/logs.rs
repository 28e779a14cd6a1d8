//! What services have said: the files of multilog.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use camino::Utf8Path;
use pypaas_core::ServiceName;
use pypaas_core::host::Logs;

use super::supervise::Supervise;
use super::tai64n::Tai64n;
use crate::{LinuxHost, files};

/// How much of a log's end is read: multilog starts another file at about 100,000 bytes.
const TAIL: u64 = 100_000;

impl Logs for LinuxHost {
    /// Lines count from the start this host ordered, or else from the start of the process that runs, so that an
    /// earlier version's last words are not taken for this one's. When neither is known all lines count.
    fn last_lines(&mut self, service: &ServiceName, lines: usize) -> Vec<String> {
        let directory = self.layout.service(service);
        let status = Supervise::of(&directory).status().ok().flatten();
        let started = status.filter(|status| status.process.is_some()).map(|status| status.since);
        let since = self.ordered.get(service).copied().or(started);
        self.lines(service, since, lines)
    }
}

impl LinuxHost {
    /// Returns the last lines of a service, whichever of its processes wrote them.
    pub fn last_lines_of_all(&self, service: &ServiceName, lines: usize) -> Vec<String> {
        self.lines(service, None, lines)
    }

    fn lines(&self, service: &ServiceName, since: Option<Tai64n>, lines: usize) -> Vec<String> {
        let text = tail(&self.layout.service(service).join("log/main"));
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
