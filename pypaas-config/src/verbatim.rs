//! What the admin wrote for nginx's eyes, and where it stands: to find it again when nginx does not like it.

use camino::Utf8PathBuf;

use crate::source_text::SourceText;
use crate::span::Span;

/// The value of one of the keys that are printed verbatim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verbatim {
    /// The key, such as `nginx_extra_config`.
    pub key: &'static str,
    /// The configuration file.
    pub file: Utf8PathBuf,
    /// The line it begins on, from 1.
    line: usize,
    /// How it is written.
    source: String,
}

impl Verbatim {
    /// Takes what stands at `place`.
    pub(crate) fn at(key: &'static str, span: Span, sources: &[SourceText]) -> Option<Self> {
        let source = sources.get(span.file as usize)?;
        let (start, end) = span.bytes?;
        let (start, end) = (source.floor(start as usize), source.floor(end as usize));
        let text = source.text.get(start..end)?.to_owned();
        Some(Self { key, file: source.path.clone(), line: source.position(start).line, source: text })
    }

    /// Returns the line of the file on which `text`, one line of the value, is written.
    pub fn line_of(&self, text: &str) -> Option<usize> {
        let found = self.source.lines().position(|line| line.contains(text))?;
        Some(self.line + found)
    }
}
