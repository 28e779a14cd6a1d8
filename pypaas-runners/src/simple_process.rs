//! `type: SimpleProcess`: processes that serve nothing, such as workers.

use std::time::Duration;

use pypaas_config::{Field, Keys, Overlap, Schema, Serves};
use pypaas_core::{NginxBase, Readiness, Runner, RunnerSettings};

/// Runs processes that nginx knows nothing of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimpleProcess {
    /// `cmd`: run by a shell in the checkout.
    pub cmd: String,
    /// `process_count`. Default 1.
    pub process_count: u16,
    /// `min_uptime`: how long a new process must stay up to count as started. Absent: starting is enough.
    pub min_uptime: Option<Duration>,
    /// `stop_timeout`: from SIGTERM to SIGKILL. Default 10s.
    pub stop_timeout: Duration,
    /// `overlap`. Default `stop_first`.
    pub overlap: Overlap,
}

impl RunnerSettings for SimpleProcess {
    const TYPE: &'static str = "SimpleProcess";
    const SCHEMA: &'static Schema = &Schema {
        name: "a SimpleProcess",
        keys: &["type", "cmd", "process_count", "min_uptime", "stop_timeout", "overlap"],
    };

    fn decode(keys: &mut Keys<'_, '_>) -> Option<Self> {
        let cmd = keys.required("cmd", Field::command);
        let process_count = keys.process_count();
        let min_uptime = keys.optional("min_uptime", Field::duration);
        let stop_timeout = keys.stop_timeout();
        let overlap = keys.overlap(Overlap::StopFirst);
        Some(Self { cmd: cmd?, process_count, min_uptime, stop_timeout, overlap })
    }

    fn serves(&self) -> Serves {
        Serves::Nothing
    }
}

impl Runner for SimpleProcess {
    fn command(&self) -> Option<&str> {
        Some(&self.cmd)
    }

    fn process_count(&self) -> u16 {
        self.process_count
    }

    fn needs_port(&self) -> bool {
        false
    }

    /// Staying up for `min_uptime` where the admin asks for it: a worker that ends by itself is not always broken.
    fn readiness(&self) -> Readiness {
        self.min_uptime.map_or(Readiness::Started, Readiness::StaysUp)
    }

    fn overlap(&self) -> Overlap {
        self.overlap
    }

    /// No time to drain: there are no connections that nginx made.
    fn patience(&self) -> (Duration, Duration) {
        (Duration::ZERO, self.stop_timeout)
    }

    fn nginx(&self) -> Option<&dyn NginxBase> {
        None
    }
}
