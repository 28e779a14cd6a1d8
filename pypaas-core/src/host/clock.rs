//! Time.

use std::time::Duration;

use jiff::Timestamp;

/// The wall clock, a monotonic clock, and waiting.
pub trait Clock {
    /// Returns the wall clock's time.
    fn now(&mut self) -> Timestamp;

    /// Returns the time since some fixed moment; it never goes back.
    fn elapsed(&mut self) -> Duration;

    /// Waits for `duration`.
    fn pause(&mut self, duration: Duration);
}
