//! Waiting for the requests of an old version.

use std::collections::BTreeSet;
use std::error::Error;
use std::time::Duration;

use pypaas_config::format_duration;

use crate::Progress;
use crate::host::Host;

/// How often connections are counted.
const INTERVAL: Duration = Duration::from_millis(20);

/// After which time it is told what is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Waits until nothing is connected to `ports` and nginx will send nothing more there, for at most `timeout`; what is left
/// then is told and will be cut.
pub(super) fn drain(
    host: &mut dyn Host,
    progress: &mut dyn Progress,
    ports: &BTreeSet<u16>,
    timeout: Duration,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let begin = host.clock().elapsed();
    let longest = format_duration(timeout);
    let mut told = false;
    loop {
        // In this order: a request that nginx sends in between is seen the next time.
        let late = host.web_server().requests_on_old_workers(ports)?;
        let open = host.probe().connections(ports)?;
        if (late, open) == (0, 0) {
            return Ok(());
        }
        let waited = host.clock().elapsed().saturating_sub(begin);
        let who = match open {
            0 => format!("{} from before the switch not answered yet", counted(late, "request")),
            open => format!("{} to the old version still open", counted(open, "connection")),
        };
        if waited >= timeout {
            let end = "cut";
            progress.warn(&format!("{who} after {longest}: {end}"));
            return Ok(());
        }
        if waited >= PATIENCE && !told {
            told = true;
            progress.note(&format!("{who}: waiting, {longest} at most"));
        }
        host.clock().pause(INTERVAL);
    }
}

fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
