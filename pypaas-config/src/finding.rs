//! What a check found, before it is rendered.

use std::collections::BTreeSet;

use crate::span::Span;
use crate::{InvalidName, Severity, suggest};

/// One thing that is wrong, and what to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    pub(crate) span: Span,
    /// What is wrong, in one line.
    pub(crate) message: String,
    /// What was expected; stands beside the caret.
    pub(crate) label: String,
    /// Other places that matter, each with its own label.
    pub(crate) also: Vec<(Span, String)>,
    /// What the reader can do, a line each.
    pub(crate) help: Vec<String>,
}

impl Finding {
    /// Says that something cannot be used.
    pub(crate) fn error(span: Span, message: impl Into<String>) -> Self {
        let (message, label) = (message.into(), String::new());
        Self { severity: Severity::Error, span, message, label, also: Vec::new(), help: Vec::new() }
    }

    /// Says that something works, but is probably not meant.
    pub(crate) fn warning(span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(span, message) }
    }

    /// Says that the name at `place` breaks the rules for its kind.
    pub(crate) fn invalid_name(span: Span, error: &InvalidName) -> Self {
        let written = if error.text().is_empty() { "an empty text".to_owned() } else { quote(error.text()) };
        Self::error(span, format!("{written} is not a valid {} name", error.kind())).label(error.reason())
    }

    /// Says beside the caret what was expected.
    pub(crate) fn label(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }

    /// Says that one of the `known` names was expected, and which of them `written` was probably meant to be.
    pub(crate) fn expected<'a>(
        self,
        kind: &str,
        written: &str,
        known: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Self {
        let finding = match suggest::any_of(known.clone()) {
            Some(names) => self.label(format!("expected {names}")),
            None => self.label(format!("there is no {kind} at all")),
        };
        match suggest::closest(written, known) {
            Some(meant) => finding.help(format!("did you mean {}?", quote(meant))),
            None => finding,
        }
    }

    /// Points at another place as well.
    pub(crate) fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.also.push((span, label.into()));
        self
    }

    /// Adds what the reader can do.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

/// All findings so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    all: Vec<Finding>,
    broken: BTreeSet<u32>,
    /// The values that nginx will see as they are, by key and place.
    verbatim: Vec<(&'static str, Span)>,
}

impl Findings {
    /// Adds one.
    pub(crate) fn add(&mut self, finding: Finding) {
        if finding.severity == Severity::Error {
            self.broken.insert(finding.span.file);
        }
        self.all.push(finding);
    }

    /// Adds those of `others`.
    pub(crate) fn append(&mut self, mut others: Self) {
        self.all.append(&mut others.all);
        self.broken.extend(others.broken);
        self.verbatim.append(&mut others.verbatim);
    }

    /// Adds the error of `result`, or passes its value on.
    pub(crate) fn take<T>(&mut self, result: Result<T, Finding>) -> Option<T> {
        result.map_err(|finding| self.add(finding)).ok()
    }

    /// Notes a value that nginx will see as it is.
    pub(crate) fn mark_verbatim(&mut self, key: &'static str, span: Span) {
        self.verbatim.push((key, span));
    }

    /// Returns the values that nginx will see as they are.
    pub(crate) fn verbatim(&self) -> &[(&'static str, Span)] {
        &self.verbatim
    }

    /// Returns whether a file has an error.
    pub(crate) fn is_broken(&self, file: u32) -> bool {
        self.broken.contains(&file)
    }

    /// Returns them by place, without repetitions (an alias shows the same text twice).
    pub(crate) fn sorted(mut self) -> Vec<Finding> {
        self.all.sort_by(|a, b| (a.span, &a.message).cmp(&(b.span, &b.message)));
        self.all.dedup_by(|a, b| a.span == b.span && a.message == b.message);
        self.all
    }
}

/// Puts `text` into backticks for a message: on one line, harmless to a terminal, and not too long.
pub(crate) fn quote(text: &str) -> String {
    const LONGEST: usize = 60;
    let shown: String = text.chars().take(LONGEST).collect();
    let more = if text.chars().nth(LONGEST).is_some() { "…" } else { "" };
    format!("`{}{more}`", sanitize(&shown))
}

/// Replaces characters that could upset a terminal by their escapes.
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
pub(crate) fn is_unsafe_for_terminal(c: char) -> bool {
    let reorders =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || reorders
}
