//! How long each section of a change takes.

use std::time::Duration;

use crate::{Phase, Progress, SectionTime, Step};

/// Passes everything on, and notes the times.
pub(super) struct SectionTimes<'a> {
    progress: &'a mut dyn Progress,
    sections: &'a mut Vec<SectionTime>,
    title: String,
}

impl<'a> SectionTimes<'a> {
    pub(super) fn new(progress: &'a mut dyn Progress, sections: &'a mut Vec<SectionTime>) -> Self {
        Self { progress, sections, title: String::new() }
    }
}

impl Progress for SectionTimes<'_> {
    fn section(&mut self, title: &str, phase: Phase) {
        self.title = title.to_owned();
        self.progress.section(title, phase);
    }

    fn section_done(&mut self, phase: Phase, took: Duration) {
        let title = std::mem::take(&mut self.title);
        self.sections.push(SectionTime { title, phase, seconds: took.as_secs_f64() });
        self.progress.section_done(phase, took);
    }

    fn step(&mut self, step: &Step) {
        self.progress.step(step);
    }

    fn output(&mut self, bytes: &[u8]) {
        self.progress.output(bytes);
    }

    fn note(&mut self, text: &str) {
        self.progress.note(text);
    }

    fn warn(&mut self, text: &str) {
        self.progress.warn(text);
    }

    fn title(&mut self, title: &str) {
        self.progress.title(title);
    }

    fn command(&mut self, line: &str) {
        self.progress.command(line);
    }
}
