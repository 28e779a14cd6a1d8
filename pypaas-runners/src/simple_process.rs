//! `type: SimpleProcess`: processes that serve nothing, such as workers.

use std::time::Duration;

use pypaas_config::{Overlap, SimpleProcess as Config};
use pypaas_core::{NginxBase, Readiness, Runner};

/// Runs processes that nginx knows nothing of.
#[derive(Debug, Clone)]
pub struct SimpleProcess(Config);

impl SimpleProcess {
    /// Makes the runner that `config` describes.
    pub fn new(config: Config) -> Self {
        Self(config)
    }
}

impl Runner for SimpleProcess {
    fn command(&self) -> Option<&str> {
        Some(&self.0.cmd)
    }

    fn process_count(&self) -> u16 {
        self.0.process_count
    }

    fn needs_port(&self) -> bool {
        false
    }

    /// Staying up for `min_uptime` where the admin asks for it: a worker that ends by itself is not always broken.
    fn readiness(&self) -> Readiness {
        self.0.min_uptime.map_or(Readiness::Started, Readiness::StaysUp)
    }

    fn overlap(&self) -> Overlap {
        self.0.overlap
    }

    /// No time to drain: there are no connections that nginx made.
    fn patience(&self) -> (Duration, Duration) {
        (Duration::ZERO, self.0.stop_timeout)
    }

    fn nginx(&self) -> Option<&dyn NginxBase> {
        None
    }
}
