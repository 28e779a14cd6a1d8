//! Waiting for what happens by itself.

use std::thread;
use std::time::{Duration, Instant};

/// Looks until there is something; fails the test when there is nothing for a minute.
#[track_caller]
pub(crate) fn eventually<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        if let Some(found) = look() {
            return found;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("what was waited for never happened");
}
