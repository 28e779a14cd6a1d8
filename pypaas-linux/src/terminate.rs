//! Terminating the processes that belong together, by SIGTERM and then SIGKILL.

use std::io;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::proc::{ProcessTable, ProcessTree, wait_for_any_exit};

/// How long they may take to exit after SIGTERM.
const GRACE: Duration = Duration::from_secs(5);

/// How long one wait for an exit takes at most.
const INTERVAL: Duration = Duration::from_millis(100);

/// Terminates all processes of `tree`, and calls `meanwhile` now and then. Fails if a process remains even after SIGKILL.
pub(super) fn terminate(
    tree: &mut ProcessTree,
    meanwhile: &mut dyn FnMut() -> io::Result<()>,
) -> io::Result<()> {
    let began = Instant::now();
    let mut signal = Some(Signal::TERM);
    loop {
        let table = ProcessTable::read()?;
        let members = table.members(tree);
        if members.is_empty() {
            return Ok(());
        }
        if began.elapsed() > GRACE * 2 {
            return Err(io::Error::other("a process does not exit, not even after SIGKILL"));
        }
        if began.elapsed() > GRACE {
            signal = Some(Signal::KILL);
        }
        if let Some(signal) = signal.take() {
            members.iter().for_each(|process| process.signal(signal));
        }
        wait_for_any_exit(&members, INTERVAL);
        meanwhile()?;
    }
}
