//! A change, told to whoever waits for it: titled sections, what is waited for, how long each took.

use std::collections::BTreeMap;
use std::time::Duration;

use pypaas_core::{Phase, Progress, Step};

use crate::deploy_log::DeployLog;
use crate::terminal;

/// Sections shorter than this are not worth a figure.
const WORTH_TELLING: Duration = Duration::from_millis(50);

/// Tells a change on standard error and in the deploy's log.
#[derive(Debug, Default)]
pub(crate) struct ConsoleReporter {
    log: Option<DeployLog>,
    title: Option<String>,
    shown: bool,
    in_line: bool,
    times: BTreeMap<Phase, Duration>,
}

impl ConsoleReporter {
    /// Tells everything to `log`, too.
    pub(crate) fn with_log(log: Option<DeployLog>) -> Self {
        Self { log, ..Self::default() }
    }

    /// Writes one line.
    pub(crate) fn line(&mut self, text: &str) {
        if self.in_line {
            self.write("\n");
            self.in_line = false;
        }
        self.write(&format!("{text}\n"));
    }

    /// Writes one line to the log alone.
    pub(crate) fn log_only(&mut self, text: &str) {
        if let Some(log) = &mut self.log {
            log.write(format!("{text}\n").as_bytes());
        }
    }

    /// Returns how long each phase took.
    pub(crate) fn times(&self) -> &BTreeMap<Phase, Duration> {
        &self.times
    }

    fn write(&mut self, text: &str) {
        let text = &terminal::safe(text);
        terminal::err(text);
        if let Some(log) = &mut self.log {
            log.write(text.as_bytes());
        }
    }

    fn show_title(&mut self) {
        if let Some(title) = self.title.take() {
            self.line(&format!("-----> {title}"));
            self.shown = true;
        }
    }
}

impl Progress for ConsoleReporter {
    fn section(&mut self, title: &str, _: Phase) {
        self.title = Some(title.to_owned());
        self.shown = false;
    }

    fn step(&mut self, step: &Step) {
        #[cfg(feature = "crash-points")]
        if let Ok(home) = crate::installation::home() {
            pypaas_linux::crash_points::before_step(&home);
        }
        let text = match step {
            Step::CheckOut { .. } => return self.show_title(),
            Step::Run { command } => format!("$ {}", command.line),
            Step::PrepareStore { .. }
            | Step::AwaitReady { .. }
            | Step::StopServices { .. }
            | Step::ReloadWebServer { .. } => step.to_string(),
            _ => return,
        };
        self.show_title();
        self.line(&format!("       {text}"));
    }

    fn output(&mut self, bytes: &[u8]) {
        self.show_title();
        for piece in String::from_utf8_lossy(bytes).split_inclusive('\n') {
            let indent = if self.in_line { "" } else { "       " };
            self.write(&format!("{indent}{piece}"));
            self.in_line = !piece.ends_with('\n');
        }
    }

    fn note(&mut self, text: &str) {
        self.show_title();
        self.line(&format!("       {text}"));
    }

    fn warn(&mut self, text: &str) {
        self.show_title();
        self.line(&format!("     ! warning: {text}"));
    }

    fn section_done(&mut self, phase: Phase, took: Duration) {
        *self.times.entry(phase).or_default() += took;
        if self.shown && took >= WORTH_TELLING {
            self.line(&format!("       {}", seconds(took)));
        }
        self.title = None;
    }

    fn title(&mut self, title: &str) {
        self.line(&format!("-----> {title}"));
    }

    fn command(&mut self, line: &str) {
        self.line(&format!("       $ {line}"));
    }
}

/// Prints a duration in seconds with two digits: `0.42 s`.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
