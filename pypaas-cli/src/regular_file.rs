//! Reading of files that an admin may have replaced by something else.

use std::fs::{FileType, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};

use camino::Utf8Path;
use rustix::fs::OFlags;

/// Reads at most `limit` bytes of the file at `path`. Anything but a regular file is an error: reading a named pipe or a
/// terminal could take forever, and a device such as `/dev/zero` has no end.
pub(crate) fn read(path: &Utf8Path, limit: u64) -> io::Result<Vec<u8>> {
    // Opening a named pipe waits for its other end, unless it is opened without blocking.
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    let file = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)?;
    let kind = file.metadata()?.file_type();
    if !kind.is_file() {
        return Err(io::Error::other(format!("it is {}, not a regular file", describe(kind))));
    }
    let mut content = Vec::new();
    file.take(limit).read_to_end(&mut content)?;
    Ok(content)
}

fn describe(kind: FileType) -> &'static str {
    if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_dir() {
        "a directory"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}
