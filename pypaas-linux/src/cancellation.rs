//! Asking the command that holds a lock to stop: a file beside the lock, which it looks for.

use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::durable;

/// Asks the command that holds `lock` to stop, for this reason. One that cannot stop any more goes on.
pub fn cancel(lock: &Utf8Path, reason: &str) -> io::Result<()> {
    durable::replace(&request(lock), reason.as_bytes(), 0o600)
}

/// Forgets what the holder before was asked.
pub(super) fn forget(lock: &Utf8Path) -> io::Result<()> {
    durable::remove_file(&request(lock)).map(|_| ())
}

/// Returns why the holder of `lock` is to stop; `None`: it is not.
pub(super) fn reason(lock: &Utf8Path) -> Option<String> {
    fs::read_to_string(request(lock)).ok()
}

fn request(lock: &Utf8Path) -> Utf8PathBuf {
    format!("{lock}.cancel").into()
}
