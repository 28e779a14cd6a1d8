//! What reads the bytes of others, and what must hold whatever they are: for the fuzz targets in `fuzz/`, and for a test that
//! tries what they kept. No part of the program.

#[cfg(test)]
mod tests;

use crate::supervise::Status;

/// Reads the status file of a supervisor.
pub fn supervise_status(bytes: &[u8]) {
    let status = Status::read(bytes);
    let elapsed = status.map(|status| (status.since.elapsed(), status.process));
    assert!(elapsed.is_none() || bytes.len() == 18, "{elapsed:?}");
}
