//! Waiting for the connections of an old version.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::Story;
use crate::host::{Host, ProbeError};
use crate::step::duration;

/// How often connections are counted.
const INTERVAL: Duration = Duration::from_millis(20);

/// Waits until nothing is connected to `ports`, for at most `timeout`; what is left then is told and will be cut.
pub(super) fn drain(
    host: &mut dyn Host,
    story: &mut dyn Story,
    ports: &BTreeSet<u16>,
    timeout: Duration,
) -> Result<(), ProbeError> {
    let begin = host.elapsed();
    loop {
        let open = host.connections(ports)?;
        if open == 0 {
            return Ok(());
        }
        if host.elapsed().saturating_sub(begin) >= timeout {
            let timeout = duration(timeout);
            story.warn(&format!(
                "{open} connections to the old version are still open after {timeout} and are cut"
            ));
            return Ok(());
        }
        host.pause(INTERVAL);
    }
}
