//! A runner with another number of processes than it says itself.

use std::time::Duration;

use camino::Utf8Path;
use pypaas_config::Overlap;

use crate::host::Commit;
use crate::{NginxBase, Readiness, Requirement, Runner};

/// A runner that a release brings, with as many processes as `formation` says.
pub struct ScaledRunner {
    runner: Box<dyn Runner>,
    process_count: u16,
}

impl ScaledRunner {
    /// Gives `runner` this number of processes.
    pub fn new(runner: Box<dyn Runner>, process_count: u16) -> Self {
        Self { runner, process_count }
    }
}

impl Runner for ScaledRunner {
    fn command(&self) -> Option<&str> {
        self.runner.command()
    }

    fn summary(&self) -> &str {
        self.runner.summary()
    }

    fn process_count(&self) -> u16 {
        self.process_count
    }

    fn needs_port(&self) -> bool {
        self.runner.needs_port()
    }

    fn needs_socket(&self) -> bool {
        self.runner.needs_socket()
    }

    fn script(&self) -> Option<&Utf8Path> {
        self.runner.script()
    }

    fn requires(&self, commit: &Commit) -> Vec<Requirement> {
        self.runner.requires(commit)
    }

    fn readiness(&self) -> Readiness {
        self.runner.readiness()
    }

    fn overlap(&self) -> Overlap {
        self.runner.overlap()
    }

    fn patience(&self) -> (Duration, Duration) {
        self.runner.patience()
    }

    fn nginx(&self) -> Option<&dyn NginxBase> {
        self.runner.nginx()
    }
}
