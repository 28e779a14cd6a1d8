//! Why an app cannot be imported.

use std::fmt;

use pypaas_core::ManifestError;

use crate::Source;

/// What is wrong with what was read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ImportError {
    /// The file.
    pub file: String,
    /// The line, from 1; `None` when the file as a whole is meant.
    pub line: Option<usize>,
    /// What is wrong.
    pub reason: String,
}

impl ImportError {
    pub(crate) fn at(file: &str, line: usize, reason: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: Some(line), reason: reason.into() }
    }

    pub(crate) fn whole(source: &Source, reason: impl Into<String>) -> Self {
        Self { file: source.name.clone(), line: None, reason: reason.into() }
    }

    pub(crate) fn of_manifest(source: &Source, error: ManifestError) -> Self {
        match error {
            ManifestError::Line { line, reason, .. } => Self::at(&source.name, line, reason),
            error => Self::whole(source, error.to_string()),
        }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.reason),
            None => write!(f, "`{}` {}", self.file, self.reason),
        }
    }
}
