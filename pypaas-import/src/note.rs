//! Something that was read and that has no counterpart.

use std::fmt;

/// What was read, where, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The file it was read from.
    pub file: String,
    /// The line, from 1; `None` when the file as a whole is meant.
    pub line: Option<usize>,
    /// What it is: a key, a variable, a process.
    pub what: String,
    /// What to do instead, or why nothing is left to do.
    pub instead: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, " {}: {}", self.what, self.instead)
    }
}
