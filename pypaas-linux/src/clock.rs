//! Time.

use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use pypaas_core::host::Clock;

use super::LinuxHost;

impl Clock for LinuxHost {
    fn now(&mut self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&mut self) -> Duration {
        self.began.elapsed()
    }

    fn pause(&mut self, duration: Duration) {
        thread::sleep(duration);
    }
}
