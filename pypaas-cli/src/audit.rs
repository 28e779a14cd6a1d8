//! The audit log: who changed what, from where, and how it ended. One line of JSON each, in `state/audit.log`.
//!
//! What was refused for want of permission is in `state/refused.log`, so that no key without permissions can flush the
//! other. Both are only appended to; a full one is put aside, and the oldest of those is removed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use pypaas_core::Layout;
use pypaas_linux::durable;
use rustix::fs::{FlockOperation, flock};
use serde::Serialize;

use crate::invocation::Invocation;
use crate::terminal;

/// At this size a log is put aside.
const MAX_SIZE: u64 = 4 << 20;

/// How many are kept that were put aside.
const KEPT: usize = 4;

/// How many characters of a command line or a reason are kept.
const MAX_TEXT: usize = 1_000;

/// One line.
#[derive(Serialize)]
struct Entry<'a> {
    at: Timestamp,
    by: &'a str,
    from: Option<&'a str>,
    what: String,
    result: String,
}

/// Records what was done, or refused. A log that cannot be written stops nobody, but whoever acts is told.
pub(crate) fn record(home: &Utf8Path, invocation: &Invocation, what: &str, result: &str, is_refused: bool) {
    let entry = Entry {
        at: Timestamp::now(),
        by: &invocation.by,
        from: invocation.from.as_deref(),
        what: shorten(what),
        result: shorten(result),
    };
    let path = if is_refused { Layout::refused_log(home) } else { Layout::audit_log(home) };
    if let Err(error) = append(&path, &entry) {
        terminal::err(&format!("warning: cannot write the audit log: {error}\n"));
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn append(path: &Utf8Path, entry: &Entry<'_>) -> io::Result<()> {
    durable::create_directory(durable::directory_of(path))?;
    let line = serde_json::to_string(entry)? + "\n";
    loop {
        let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        flock(&file, FlockOperation::LockExclusive)?;
        // Somebody else may have put it aside while this one waited.
        if !is_still_at(&file, path) {
            continue;
        }
        if file.metadata()?.len() <= MAX_SIZE {
            return file.write_all(line.as_bytes());
        }
        put_aside(path)?;
    }
}

fn is_still_at(file: &File, path: &Utf8Path) -> bool {
    let (Ok(open), Ok(named)) = (file.metadata(), fs::metadata(path)) else { return false };
    (open.dev(), open.ino()) == (named.dev(), named.ino())
}

/// Renames `audit.log` to `audit.log.1`, that to `audit.log.2`, and so on.
fn put_aside(path: &Utf8Path) -> io::Result<()> {
    let aside = |number: usize| match number {
        0 => path.to_owned(),
        number => Utf8PathBuf::from(format!("{path}.{number}")),
    };
    for number in (0..KEPT).rev().filter(|number| aside(*number).exists()) {
        fs::rename(aside(number), aside(number + 1))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_bounded_and_no_key_without_permissions_reaches_the_log_of_changes() {
        let directory = tempfile::tempdir().unwrap();
        let home = Utf8Path::from_path(directory.path()).unwrap();
        let by_admin = Invocation { by: "admin".to_owned(), ..Invocation::local(&[]) };
        record(home, &by_admin, "apply", "ok", false);
        let before = fs::read_to_string(Layout::audit_log(home)).unwrap();
        let long = "x".repeat(100_000);
        for _ in 0..20_000 {
            record(home, &by_admin, &long, &long, true);
        }
        assert_eq!(fs::read_to_string(Layout::audit_log(home)).unwrap(), before);
        let names: Vec<_> = home.join("state").read_dir_utf8().unwrap().map(|it| it.unwrap()).collect();
        assert_eq!(names.len(), 1 + 1 + KEPT, "{names:?}");
        for file in names {
            assert!(file.metadata().unwrap().len() < MAX_SIZE + 10_000, "{file:?}");
        }
    }
}
