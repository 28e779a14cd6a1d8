//! Ending processes that belong together, by SIGTERM and then SIGKILL.

use std::io;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::processes::{Family, ProcessTable, wait_for_end_of_any};

/// How long they may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(5);

/// How long is waited at once for one of them to end.
const INTERVAL: Duration = Duration::from_millis(100);

/// Ends all of `family`, calling `meanwhile` now and then. Fails when something is left even after SIGKILL.
pub(super) fn end(family: &mut Family, meanwhile: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
    let began = Instant::now();
    let mut signal = Some(Signal::TERM);
    loop {
        let table = ProcessTable::read()?;
        let members = table.members(family);
        if members.is_empty() {
            return Ok(());
        }
        if began.elapsed() > GRACE * 2 {
            return Err(io::Error::other("a process does not end, not even by SIGKILL"));
        }
        if began.elapsed() > GRACE {
            signal = Some(Signal::KILL);
        }
        if let Some(signal) = signal.take() {
            members.iter().for_each(|process| process.signal(signal));
        }
        wait_for_end_of_any(&members, INTERVAL);
        meanwhile()?;
    }
}
