//! Positions in the configuration files.

/// A range of bytes of a configuration file, or the whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    /// Index into the files that [`load()`](crate::load()) was given.
    pub(crate) file: u32,
    /// The first byte, and the one after the last; `None` for the whole file.
    pub(crate) bytes: Option<(u32, u32)>,
}

impl Span {
    /// Creates the span of a whole file.
    pub(crate) fn whole_file(file: u32) -> Self {
        Self { file, bytes: None }
    }

    /// Creates the span from byte `start` up to byte `end`.
    pub(crate) fn new(file: u32, start: usize, end: usize) -> Self {
        let narrow = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { file, bytes: Some((narrow(start), narrow(end))) }
    }
}
