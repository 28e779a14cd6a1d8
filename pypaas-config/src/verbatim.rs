//! Values that are copied verbatim into nginx's files, with their position, to explain errors that nginx reports.

use camino::Utf8PathBuf;

use crate::source_text::SourceText;
use crate::span::Span;

/// The value of a key that is copied verbatim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verbatim {
    /// The key, such as `nginx_extra_config`.
    pub key: &'static str,
    /// The configuration file.
    pub file: Utf8PathBuf,
    /// Its first line, from 1.
    line: usize,
    /// Its source text.
    source: String,
}

impl Verbatim {
    /// Creates it from the source at `span`.
    pub(crate) fn at(key: &'static str, span: Span, sources: &[SourceText]) -> Option<Self> {
        let source = sources.get(span.file as usize)?;
        let (start, end) = span.bytes?;
        let (start, end) = (source.floor(start as usize), source.floor(end as usize));
        let text = source.text.get(start..end)?.to_owned();
        Some(Self { key, file: source.path.clone(), line: source.position(start).line, source: text })
    }

    /// Returns the line number in the file of `text`, one line of the value.
    pub fn line_of(&self, text: &str) -> Option<usize> {
        let found = self.source.lines().position(|line| line.contains(text))?;
        Some(self.line + found)
    }
}
