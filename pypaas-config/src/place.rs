//! Places in the texts of the configuration files.

use camino::{Utf8Path, Utf8PathBuf};

use crate::SourceFile;

/// Where something stands: a file, and bytes of it unless the file as a whole is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Index into the files that [`load()`](crate::load()) was given.
    pub(crate) file: u32,
    /// The first byte, and the one after the last.
    pub(crate) span: Option<(u32, u32)>,
}

impl Place {
    /// Names a file as a whole.
    pub(crate) fn whole(file: u32) -> Self {
        Self { file, span: None }
    }

    /// Names the bytes from `start` to `end`.
    pub(crate) fn bytes(file: u32, start: usize, end: usize) -> Self {
        let narrow = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { file, span: Some((narrow(start), narrow(end))) }
    }
}

/// One file's text, ready to be pointed into.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: Utf8PathBuf,
    /// Without byte order mark; bytes that are not UTF-8 are replaced.
    pub(crate) text: String,
    /// The first byte of each line.
    line_starts: Vec<usize>,
}

/// A position as people count: line and column in characters, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Source {
    /// Takes the text of `file`; also returns the byte at which it stops being UTF-8, if it does.
    pub(crate) fn new(file: &SourceFile) -> (Self, Option<usize>) {
        let bytes = file.text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&file.text);
        let broken = std::str::from_utf8(bytes).err().map(|error| error.valid_up_to());
        let source = Self::of_text(&file.path, String::from_utf8_lossy(bytes).into_owned());
        (source, broken)
    }

    /// Stands for a file that is not there.
    pub(crate) fn missing(path: &Utf8Path) -> Self {
        Self::of_text(path, String::new())
    }

    fn of_text(path: &Utf8Path, text: String) -> Self {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(starts).collect();
        Self { path: path.to_owned(), text, line_starts }
    }

    /// Says which position byte `offset` has; offsets beyond the text or within a character are rounded down.
    pub(crate) fn position(&self, offset: usize) -> Position {
        let offset = self.floor(offset);
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        Position { line, column }
    }

    /// Returns the bytes of the lines from `first` to `last`, without the last one's line end.
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

    /// Turns an offset in characters into one in bytes.
    pub(crate) fn byte_of_character(&self, characters: usize) -> usize {
        self.text.char_indices().nth(characters).map_or(self.text.len(), |(byte, _)| byte)
    }
}
