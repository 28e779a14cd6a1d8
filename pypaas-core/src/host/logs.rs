//! What services have said.

use crate::ServiceName;

/// The logs of services.
pub trait Logs {
    /// Returns the last `lines` lines a service's current process wrote, without time stamps; empty when there are none.
    fn last_lines(&mut self, service: &ServiceName, lines: usize) -> Vec<String>;
}
