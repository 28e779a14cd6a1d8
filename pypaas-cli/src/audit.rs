//! The audit log: who changed what, from where, and how it ended. One line of JSON each, in `state/audit.log`.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use serde::Serialize;

use crate::invocation::Invocation;
use crate::terminal;
use pypaas_linux::durable;

/// At this size the log is put aside as `audit.log.1`, in place of the one before.
const LARGEST: u64 = 4 << 20;

/// One line.
#[derive(Serialize)]
struct Entry<'a> {
    at: Timestamp,
    by: &'a str,
    from: Option<&'a str>,
    what: &'a str,
    result: &'a str,
}

/// Notes what was done. A log that cannot be written stops nobody, but whoever acts is told.
pub(crate) fn note(home: &Utf8Path, invocation: &Invocation, what: &str, result: &str) {
    let entry =
        Entry { at: Timestamp::now(), by: &invocation.by, from: invocation.from.as_deref(), what, result };
    if let Err(error) = append(&path(home), &entry) {
        terminal::err(&format!("warning: cannot write the audit log: {error}\n"));
    }
}

fn path(home: &Utf8Path) -> Utf8PathBuf {
    pypaas_core::Layout::audit_log(home)
}

fn append(path: &Utf8Path, entry: &Entry<'_>) -> std::io::Result<()> {
    durable::create_directory(durable::directory_of(path))?;
    if fs::metadata(path).is_ok_and(|found| found.len() > LARGEST) {
        fs::rename(path, format!("{path}.1"))?;
    }
    let line = serde_json::to_string(entry)? + "\n";
    // One write at the end of the file: lines of two commands do not mix.
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)?.write_all(line.as_bytes())
}
