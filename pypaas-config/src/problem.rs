//! Problems of a configuration, as callers see them.

use camino::Utf8PathBuf;

/// One problem and its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The severity.
    pub severity: Severity,
    /// The file, relative to the configuration directory.
    pub file: Utf8PathBuf,
    /// Line, from 1; 0 if the problem concerns the whole file.
    pub line: usize,
    /// Column in characters, from 1; 0 if the problem concerns the whole file.
    pub column: usize,
    /// The problem, on one line.
    pub message: String,
    /// The full report: message, position, source line with a caret, what was expected, a suggestion.
    pub report: String,
}

/// The severity of a [`Problem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It works, but is probably not intended.
    Warning,
    /// It cannot be used.
    Error,
}
