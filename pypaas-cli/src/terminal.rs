//! Writing to whoever is at the other end. It may have gone: what cannot be written is dropped, never a panic.

use std::io::Write;
use std::process::ExitCode;

/// Exit status for a command line that makes no sense.
pub(crate) const USAGE: u8 = 1;

/// Writes a result.
pub(crate) fn out(text: &str) {
    let _ = anstream::stdout().write_all(text.as_bytes());
}

/// Writes progress or an error.
pub(crate) fn err(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// Shows help where it was asked for, and what is wrong with a command line otherwise.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}
