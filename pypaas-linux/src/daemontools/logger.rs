//! The logger of a service: finishing its last line, and ending it.
//!
//! multilog keeps a line in memory until its end comes, and does not exit before that. A program that crashes often says its
//! last words without a newline, as buffered output of Python does: they would be invisible, be glued to the first line of
//! the next process, and keep the logger from exiting. So pypaas ends the line where the process does: run scripts at the next
//! start, and this module when there is none. What it writes is a carriage return and a newline. A line of a lone carriage
//! return is no line of the service: readers leave it out.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;

use rustix::fs::OFlags;

use super::supervise::Supervise;
use crate::proc::ProcessTree;
use crate::terminate::terminate;

/// What ends a line that a process left unfinished.
pub(super) const LINE_END: &str = "\r\n";

/// Ends the line that the logger may be waiting for. Returns whether a logger was there to read it.
pub(super) fn finish_line(log: &Supervise) -> io::Result<bool> {
    let Some(process) = log.status()?.and_then(|status| status.process) else { return Ok(false) };
    // Whoever opens its input for writing gets the other end of the pipe. It is never waited for: a full pipe has lines.
    let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
    let input = format!("/proc/{process}/fd/0");
    let written = OpenOptions::new()
        .write(true)
        .custom_flags(nonblocking)
        .open(input)
        .and_then(|mut pipe| pipe.write_all(LINE_END.as_bytes()));
    match written {
        // It has just ended, belongs to somebody else, or has enough to read.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::WouldBlock
            ) =>
        {
            Ok(false)
        }
        written => written.map(|()| true),
    }
}

/// Terminates a logger that does not exit by itself, with all that its script started.
pub(super) fn kill(log: &Supervise) -> io::Result<()> {
    match log.status()?.and_then(|status| status.process) {
        Some(process) => terminate(&mut ProcessTree::of_leader(process), &mut || Ok(())),
        None => Ok(()),
    }
}
