//! Waiting for the requests of an old version.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::Story;
use crate::host::{Host, ProbeError};
use crate::step::duration;

/// How often connections are counted.
const INTERVAL: Duration = Duration::from_millis(20);

/// After which time it is told what is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Waits until nothing is connected to `ports` and nginx will send nothing more there, for at most `timeout`; what is left
/// then is told and will be cut.
pub(super) fn drain(
    host: &mut dyn Host,
    story: &mut dyn Story,
    ports: &BTreeSet<u16>,
    timeout: Duration,
) -> Result<(), ProbeError> {
    let begin = host.elapsed();
    let longest = duration(timeout);
    let mut told = false;
    loop {
        // In this order: a request that nginx sends in between is seen the next time.
        let late = host.late_clients()?;
        let open = host.connections(ports)?;
        if (late, open) == (0, 0) {
            return Ok(());
        }
        let waited = host.elapsed().saturating_sub(begin);
        if waited >= timeout {
            story.warn(&match open {
                0 => format!(
                    "{late} clients from before the switch have not sent all of their requests after {longest}; \
                     what they send to the old version is lost"
                ),
                open => format!("{open} connections to the old version are still open after {longest} and are cut"),
            });
            return Ok(());
        }
        if waited >= PATIENCE && !told {
            told = true;
            story.note(&match open {
                0 => format!("{late} clients are still sending their requests: waiting {longest} at most"),
                open => format!("{open} connections to the old version are open: waiting {longest} at most"),
            });
        }
        host.pause(INTERVAL);
    }
}
