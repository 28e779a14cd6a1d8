//! The mode of files that nginx reads.

use rustix::fs::Mode;
use rustix::process::umask;

/// While it lives, new files and directories can be read by all, whatever the login's umask is: nginx's workers are another user,
/// and would answer 403. What is private is written with a mode of its own.
#[derive(Debug)]
pub(super) struct ReadableByAll {
    before: Mode,
}

impl ReadableByAll {
    /// Begins.
    pub(super) fn begin() -> Self {
        Self { before: umask(Mode::WGRP | Mode::WOTH) }
    }
}

impl Drop for ReadableByAll {
    fn drop(&mut self) {
        umask(self.before);
    }
}
