//! What is wrong with a configuration, and where.

use camino::Utf8PathBuf;

/// One thing that is wrong, with the place where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// The file, relative to the configuration directory.
    pub file: Utf8PathBuf,
    /// Line, from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// Column in characters, from 1; 0 likewise.
    pub column: usize,
    /// What is wrong, in one line.
    pub message: String,
    /// The whole report: message, place, source line with a caret, what was expected, a suggestion.
    pub report: String,
}

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Works, but is probably not what was meant.
    Warning,
    /// Cannot be used.
    Error,
}
