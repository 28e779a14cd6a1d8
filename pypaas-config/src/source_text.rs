//! The text of a configuration file, with lines and columns.

use camino::{Utf8Path, Utf8PathBuf};

use crate::SourceFile;

/// The text of one file.
#[derive(Debug)]
pub(crate) struct SourceText {
    pub(crate) path: Utf8PathBuf,
    /// Without the byte order mark; invalid UTF-8 is replaced.
    pub(crate) text: String,
    /// The first byte of each line.
    line_starts: Vec<usize>,
}

/// A line and a column in characters, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineColumn {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl SourceText {
    /// Decodes `file`. Also returns the first invalid byte valid UTF-8, if there is one.
    pub(crate) fn new(file: &SourceFile) -> (Self, Option<usize>) {
        let bytes = file.text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&file.text);
        let broken = std::str::from_utf8(bytes).err().map(|error| error.valid_up_to());
        let source = Self::of_text(&file.path, String::from_utf8_lossy(bytes).into_owned());
        (source, broken)
    }

    /// Creates an empty string for a file that does not exist.
    pub(crate) fn missing(path: &Utf8Path) -> Self {
        Self::of_text(path, String::new())
    }

    fn of_text(path: &Utf8Path, text: String) -> Self {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(starts).collect();
        Self { path: path.to_owned(), text, line_starts }
    }

    /// Returns the line and column of byte `offset`; offsets beyond the text or inside a character are rounded down.
    pub(crate) fn position(&self, offset: usize) -> LineColumn {
        let offset = self.floor(offset);
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        LineColumn { line, column }
    }

    /// Returns the byte range of the lines from `first` to `last`, without the last line ending.
    pub(crate) fn lines(&self, first: usize, last: usize) -> std::ops::Range<usize> {
        let start = self.line_starts.get(first - 1).copied().unwrap_or(0);
        let end = self.line_starts.get(last).map_or(self.text.len(), |next| next - 1);
        let text = self.text.get(start..end).unwrap_or_default();
        start..start + text.strip_suffix('\r').unwrap_or(text).len()
    }

    /// Rounds an offset down to the beginning of a character.
    pub(crate) fn floor(&self, offset: usize) -> usize {
        let last = offset.min(self.text.len());
        (0..=last).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0)
    }

    /// Converts an offset in characters to an offset in bytes.
    pub(crate) fn byte_of_character(&self, characters: usize) -> usize {
        self.text.char_indices().nth(characters).map_or(self.text.len(), |(byte, _)| byte)
    }
}
