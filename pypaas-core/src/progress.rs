//! What whoever asked for a change is told while it happens.

use std::time::Duration;

use crate::{Phase, Step};

/// The listener of a change: a terminal, a log file, a test.
pub trait Progress {
    /// A section begins.
    fn section(&mut self, title: &str, phase: Phase);

    /// A step of it begins.
    fn step(&mut self, step: &Step);

    /// A command of the admin's, or git, printed this.
    fn output(&mut self, bytes: &[u8]);

    /// Something happened that is worth a line.
    fn note(&mut self, text: &str);

    /// Something went wrong that does not stop the change.
    fn warn(&mut self, text: &str);

    /// The section ended well after `took`.
    fn section_done(&mut self, phase: Phase, took: Duration);

    /// Hooks that are told how the change ended are about to run.
    fn title(&mut self, title: &str);

    /// One of them runs.
    fn command(&mut self, line: &str);
}

/// Listens to nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn section(&mut self, _: &str, _: Phase) {}
    fn step(&mut self, _: &Step) {}
    fn output(&mut self, _: &[u8]) {}
    fn note(&mut self, _: &str) {}
    fn warn(&mut self, _: &str) {}
    fn section_done(&mut self, _: Phase, _: Duration) {}
    fn title(&mut self, _: &str) {}
    fn command(&mut self, _: &str) {}
}
