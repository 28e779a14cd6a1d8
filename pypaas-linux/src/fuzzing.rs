//! What reads the bytes of others, and what must hold whatever they are: for the fuzz targets in `fuzz/`, and for a test that
//! tries what they kept. No part of the program.
#![expect(clippy::expect_used, reason = "a failure is a finding")]

mod script_template;
#[cfg(test)]
mod tests;

pub use script_template::script_template;

use crate::daemontools::supervise::Status;

/// Reads the status file of a supervisor.
pub fn supervise_status(bytes: &[u8]) {
    let status = Status::read(bytes);
    let elapsed = status.map(|status| (status.since.elapsed(), status.process));
    assert!(elapsed.is_none() || bytes.len() == 18, "{elapsed:?}");
}
