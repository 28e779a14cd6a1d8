//! One problem, of the configuration or of a host: how bad it is, what is wrong, where, why, and what to do.

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What it is about, in a word: `configuration`, or a part of the host such as `nginx` or `services`.
    pub category: &'static str,
    /// What is wrong, in one line.
    pub message: String,
    /// Where; `None` for what is not in the configuration.
    pub place: Option<Place>,
    /// Other places that matter.
    pub others: Vec<Place>,
    /// Why, one cause of the other; or what else is known, such as the last lines that an app printed.
    pub because: Vec<String>,
    /// What to do.
    pub fix: Option<String>,
    /// Whether a deploy would fail for it, or would not be served.
    pub blocks_deploys: bool,
    /// All of it as people read it, where that is more than [`Diagnostic::report`] would make of it.
    rendered: Option<String>,
}

/// A place in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, relative to the configuration directory.
    pub file: Utf8PathBuf,
    /// Line, from 1; `None` when the file as a whole is meant.
    pub line: Option<usize>,
    /// Column in characters, from 1; `None` likewise.
    pub column: Option<usize>,
}

/// How bad a [`Diagnostic`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Works, but is probably not what was meant.
    Warning,
    /// Cannot be used.
    Error,
}

impl Diagnostic {
    /// Describes an error.
    pub fn error(category: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            category,
            message: message.into(),
            place: None,
            others: Vec::new(),
            because: Vec::new(),
            fix: None,
            blocks_deploys: true,
            rendered: None,
        }
    }

    /// Describes a problem and its fix.
    pub fn new(
        severity: Severity,
        category: &'static str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self::error(category, message).severity(severity).fix(fix)
    }

    /// Makes it as bad as `severity`.
    pub fn severity(self, severity: Severity) -> Self {
        Self { severity, blocks_deploys: severity == Severity::Error, ..self }
    }

    /// Says that a new version is served as well, or badly, as the old one.
    pub fn not_blocking(self) -> Self {
        Self { blocks_deploys: false, ..self }
    }

    /// Says where it is.
    pub fn at(self, file: impl Into<Utf8PathBuf>, line: Option<usize>, column: Option<usize>) -> Self {
        Self { place: Some(Place { file: file.into(), line, column }), ..self }
    }

    /// Adds causes.
    pub fn because<T: Into<String>>(mut self, causes: impl IntoIterator<Item = T>) -> Self {
        self.because.extend(causes.into_iter().map(Into::into));
        self
    }

    /// Says what to do.
    pub fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }

    /// Shows it in this way, which has an excerpt of the source.
    pub(crate) fn rendered(self, text: String) -> Self {
        Self { rendered: Some(text), ..self }
    }

    /// Returns whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Returns the file that it is about, relative to the configuration directory.
    pub fn file(&self) -> Option<&Utf8Path> {
        self.place.as_ref().map(|place| place.file.as_path())
    }

    /// Lists all files that it mentions.
    pub fn files(&self) -> impl Iterator<Item = &Utf8Path> {
        self.place.iter().chain(&self.others).map(|place| place.file.as_path())
    }

    /// Returns all of it as people read it, without a line break at the end.
    pub fn report(&self) -> String {
        if let Some(rendered) = &self.rendered {
            return rendered.clone();
        }
        let mut text = format!("{}: {}", self.severity, self.message);
        if let Some(place) = &self.place {
            text.push_str(&format!("\n --> {place}"));
        }
        for cause in &self.because {
            // A name that holds a line break must not pass for a line of ours.
            text.push_str(&format!("\n  because {}", cause.trim_end().replace('\n', "\n    ")));
        }
        if let Some(fix) = &self.fix {
            text.push_str(&format!("\nhint: {fix}"));
        }
        text
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report())
    }
}

impl Serialize for Diagnostic {
    /// Serializes it flatly, with its whole report: the form in which `check` and `why` print it with `--json`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Diagnostic", 9)?;
        fields.serialize_field("severity", &self.severity)?;
        fields.serialize_field("category", self.category)?;
        fields.serialize_field("message", &self.message)?;
        fields.serialize_field("file", &self.file())?;
        fields.serialize_field("line", &self.place.as_ref().and_then(|place| place.line))?;
        fields.serialize_field("column", &self.place.as_ref().and_then(|place| place.column))?;
        fields.serialize_field("because", &self.because)?;
        fields.serialize_field("fix", &self.fix)?;
        fields.serialize_field("report", &self.report())?;
        fields.end()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, ":{line}:{column}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_what_where_why_and_what_to_do() {
        let diagnostic = Diagnostic::error("nginx", "nginx rejected `x`")
            .at("domains/x.yml", Some(3), Some(5))
            .because(["unknown directive\nhint: run me"])
            .fix("fix the file");
        assert_eq!(
            diagnostic.to_string(),
            "error: nginx rejected `x`\n --> domains/x.yml:3:5\n  because unknown directive\n    hint: run me\n\
             hint: fix the file"
        );
        let warning = Diagnostic::error("git", "old").severity(Severity::Warning);
        assert_eq!(warning.to_string(), "warning: old");
    }
}
