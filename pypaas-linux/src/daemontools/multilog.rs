//! Reading the log of a service from any point in time, and following it.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use pypaas_core::{Layout, ServiceName};

use super::logs;
use super::tai64n::Tai64n;
use crate::files;
use crate::supervisor::{LogLine, LogReader};

/// Reads the files of one multilog.
///
/// The file `current` grows; when it is full it gets a name that begins with `@` and the moment, and another `current`
/// is begun. Whoever follows has the old one still open and reads it to its end first.
#[derive(Debug)]
pub(super) struct Multilog {
    service: ServiceName,
    directory: Utf8PathBuf,
    current: Option<Open>,
}

/// A file that is being read.
#[derive(Debug)]
struct Open {
    file: File,
    inode: u64,
    /// A line whose end is not there yet.
    rest: Vec<u8>,
}

impl Multilog {
    /// Reads the log of `service` from its beginning.
    pub(super) fn new(layout: &Layout, service: &ServiceName) -> Self {
        let directory = layout.service(service).join("log/main");
        Self { service: service.clone(), directory, current: None }
    }

    fn lines(&self, bytes: &[u8]) -> Vec<LogLine> {
        let text = String::from_utf8_lossy(bytes);
        let line = |line: &str| {
            let (stamp, text) = Tai64n::split(line);
            Some(LogLine {
                at: stamp.and_then(Tai64n::timestamp),
                service: self.service.clone(),
                text: logs::complete(text)?.to_owned(),
            })
        };
        text.split_terminator('\n').filter_map(line).collect()
    }
}

impl LogReader for Multilog {
    fn last(&mut self, limit: usize, since: Option<Timestamp>) -> io::Result<Vec<LogLine>> {
        let mut lines = self.more()?;
        let closed = files::names(&self.directory)?.into_iter().filter(|name| name.starts_with('@')).rev();
        for name in closed {
            let is_older = |at: Timestamp| since.is_some_and(|since| at < since);
            if lines.len() >= limit || closed_at(&name).is_some_and(is_older) {
                break;
            }
            let mut earlier = self.lines(&read_all(&self.directory.join(name))?);
            earlier.append(&mut lines);
            lines = earlier;
        }
        lines.retain(|line| line.at.zip(since).is_none_or(|(at, since)| at >= since));
        lines.drain(..lines.len().saturating_sub(limit));
        Ok(lines)
    }

    fn more(&mut self) -> io::Result<Vec<LogLine>> {
        let mut lines = Vec::new();
        if let Some(open) = &mut self.current {
            let bytes = open.read()?;
            lines = self.lines(&bytes);
        }
        let newest = match File::open(self.directory.join("current")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(lines),
            newest => newest?,
        };
        let inode = newest.metadata()?.ino();
        if self.current.as_ref().is_none_or(|open| open.inode != inode) {
            // The old one was renamed, perhaps after it was read above; nothing is added to it any more.
            let rest = self.current.as_mut().map(Open::read).transpose()?;
            lines.extend(self.lines(&rest.unwrap_or_default()));
            let mut open = Open { file: newest, inode, rest: Vec::new() };
            let bytes = open.read()?;
            self.current = Some(open);
            lines.extend(self.lines(&bytes));
        }
        Ok(lines)
    }
}

impl Open {
    /// Reads the whole lines that have come.
    fn read(&mut self) -> io::Result<Vec<u8>> {
        self.file.read_to_end(&mut self.rest)?;
        let end = self.rest.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let later = self.rest.split_off(end);
        Ok(std::mem::replace(&mut self.rest, later))
    }
}

/// Reads a file that is closed; one that multilog has just removed is empty.
fn read_all(path: &Utf8Path) -> io::Result<Vec<u8>> {
    match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

/// Reads from a closed file's name, `@<stamp>.s`, when it was closed.
fn closed_at(name: &str) -> Option<Timestamp> {
    Tai64n::split(name.get(..25)?).0?.timestamp()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};
    use std::io::Write;

    use super::*;
    use crate::tests::machine::{Machine, service};

    fn stamp(second: u32) -> String {
        format!("@{:016x}{:08x}", (1_u64 << 62) + 10 + u64::from(second), 0)
    }

    fn texts(lines: &[LogLine]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn what_is_written_while_a_file_is_closed_and_another_begun_is_read_once() {
        let machine = Machine::new();
        let web = service(0);
        let directory = machine.layout.service(&web).join("log/main");
        let mut reader = Multilog::new(&machine.layout, &web);
        assert_eq!(reader.last(10, None).unwrap(), []);
        fs::create_dir_all(&directory).unwrap();
        let current = directory.join("current");
        fs::write(directory.join(format!("{}.s", stamp(1))), format!("{} zero\n", stamp(0))).unwrap();
        fs::write(&current, format!("{} one\n{} tw", stamp(1), stamp(2))).unwrap();

        assert_eq!(texts(&reader.last(10, None).unwrap()), ["zero", "one"]);
        let append = |text: &str| {
            OpenOptions::new().append(true).open(&current).unwrap().write_all(text.as_bytes()).unwrap();
        };
        append("o\nno stamp\n");
        assert_eq!(texts(&reader.more().unwrap()), ["two", "no stamp"]);
        append(&format!("{} three\n", stamp(3)));
        fs::rename(&current, directory.join(format!("{}.s", stamp(4)))).unwrap();
        fs::write(&current, format!("{} four\n", stamp(4))).unwrap();
        let lines = reader.more().unwrap();
        assert_eq!(texts(&lines), ["three", "four"]);
        assert_eq!(lines[0].at.unwrap().as_second(), 3);
        assert_eq!(reader.more().unwrap(), []);
    }

    #[test]
    fn only_as_many_lines_and_files_are_read_as_are_asked_for() {
        let machine = Machine::new();
        let web = service(0);
        let directory = machine.layout.service(&web).join("log/main");
        fs::create_dir_all(&directory).unwrap();
        // A directory in place of a file: reading it would fail.
        fs::create_dir(directory.join(format!("{}.s", stamp(5)))).unwrap();
        fs::write(directory.join(format!("{}.s", stamp(9))), format!("{} one\n{} two\n", stamp(5), stamp(8)))
            .unwrap();
        fs::write(directory.join("current"), format!("{} three\n", stamp(9))).unwrap();
        let read = |limit, since: Option<i64>| {
            let since = since.map(|second| Timestamp::from_second(second).unwrap());
            Multilog::new(&machine.layout, &web).last(limit, since)
        };
        assert_eq!(texts(&read(2, None).unwrap()), ["two", "three"]);
        assert_eq!(texts(&read(99, Some(6)).unwrap()), ["two", "three"]);
        assert!(read(99, Some(5)).is_err());
    }
}
