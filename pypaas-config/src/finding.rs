//! Problems of the configuration, before they are rendered.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::span::Span;
use crate::{InvalidName, RunnerType, Severity, suggest};

/// One problem, and its parts of the message.
///
/// [`Field::unexpected`](crate::Field::unexpected) creates one for a value, with its file, line and column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub(crate) severity: Severity,
    pub(crate) span: Span,
    /// The problem, on one line.
    pub(crate) message: String,
    /// What was expected; shown next to the caret.
    pub(crate) label: String,
    /// Other relevant spans, each with a label.
    pub(crate) also: Vec<(Span, String)>,
    /// Advice, one line each.
    pub(crate) help: Vec<String>,
}

impl Finding {
    /// Creates an error.
    pub(crate) fn error(span: Span, message: impl Into<String>) -> Self {
        let (message, label) = (message.into(), String::new());
        Self { severity: Severity::Error, span, message, label, also: Vec::new(), help: Vec::new() }
    }

    /// Creates a warning: the value works, but is probably not intended.
    pub(crate) fn warning(span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(span, message) }
    }

    /// Creates the error that the name at `span` is invalid.
    pub(crate) fn invalid_name(span: Span, error: &InvalidName) -> Self {
        let written =
            if error.text().is_empty() { "an empty string".to_owned() } else { quote(error.text()) };
        Self::error(span, format!("{written} is not a valid {} name", error.kind())).label(error.reason())
    }

    /// Sets the text next to the caret.
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }

    /// Adds the list of `known` names, and a suggestion if `written` is probably a typo of one.
    pub(crate) fn expected<'a>(
        self,
        kind: &str,
        written: &str,
        known: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Self {
        let finding = match suggest::any_of(known.clone()) {
            Some(names) => self.label(format!("expected {names}")),
            None => self.label(format!("no {kind} is configured")),
        };
        match suggest::closest(written, known) {
            Some(meant) => finding.help(format!("did you mean {}?", quote(meant))),
            None => finding,
        }
    }

    /// Adds another span with a label.
    pub(crate) fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.also.push((span, label.into()));
        self
    }

    /// Adds a line of advice.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

/// All findings so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    all: Vec<Finding>,
    broken: BTreeSet<u32>,
    /// The values that are copied verbatim into nginx's files, by key and span.
    verbatim: Vec<(&'static str, Span)>,
    /// The registered types of runners: the words that files may use.
    runner_types: Arc<[RunnerType]>,
}

impl Findings {
    /// Creates an empty list for files whose runners have `runner_types`.
    pub(crate) fn new(runner_types: Arc<[RunnerType]>) -> Self {
        Self { runner_types, ..Self::default() }
    }

    /// Returns the registered types of runners.
    pub(crate) fn runner_types(&self) -> Arc<[RunnerType]> {
        Arc::clone(&self.runner_types)
    }

    /// Adds one finding.
    pub(crate) fn add(&mut self, finding: Finding) {
        if finding.severity == Severity::Error {
            self.broken.insert(finding.span.file);
        }
        self.all.push(finding);
    }

    /// Adds all of `others`.
    pub(crate) fn append(&mut self, mut others: Self) {
        self.all.append(&mut others.all);
        self.broken.extend(others.broken);
        self.verbatim.append(&mut others.verbatim);
    }

    /// Adds the error of `result`, or returns its value.
    pub(crate) fn take<T>(&mut self, result: Result<T, Finding>) -> Option<T> {
        result.map_err(|finding| self.add(finding)).ok()
    }

    /// Marks a value that is copied verbatim into nginx's files.
    pub(crate) fn mark_verbatim(&mut self, key: &'static str, span: Span) {
        self.verbatim.push((key, span));
    }

    /// Returns the values that are copied verbatim into nginx's files.
    pub(crate) fn verbatim(&self) -> &[(&'static str, Span)] {
        &self.verbatim
    }

    /// Returns whether a file has an error.
    pub(crate) fn is_broken(&self, file: u32) -> bool {
        self.broken.contains(&file)
    }

    /// Returns the findings sorted by span, without duplicates (an alias decodes the same text twice).
    pub(crate) fn sorted(mut self) -> Vec<Finding> {
        self.all.sort_by(|a, b| (a.span, &a.message).cmp(&(b.span, &b.message)));
        self.all.dedup_by(|a, b| a.span == b.span && a.message == b.message);
        self.all
    }
}

/// Returns `text` in backticks for a message: on one line, safe for a terminal, and shortened.
pub(crate) fn quote(text: &str) -> String {
    const LONGEST: usize = 60;
    let shown: String = text.chars().take(LONGEST).collect();
    let more = if text.chars().nth(LONGEST).is_some() { "…" } else { "" };
    format!("`{}{more}`", sanitize(&shown))
}

/// Escapes characters that are unsafe for a terminal.
pub(crate) fn sanitize(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe_for_terminal(c) {
            shown.extend(c.escape_debug());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Returns whether a terminal could take `c` for more than a character: control characters, line ends, and those that
/// reorder the rest of the line.
pub fn is_unsafe_for_terminal(c: char) -> bool {
    let reorders =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || reorders
}
