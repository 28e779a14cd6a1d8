//! `share` of a branch: paths of the host that its code may see besides its own.

use crate::fields::Field;
use crate::finding::Finding;

/// One entry of `share`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// A file or directory: an absolute path, or one that begins with `~/`, the deploy user's home.
    pub path: String,
    /// Whether it may be changed; not for an entry that ends in `:ro`.
    pub writable: bool,
}

/// The end of an entry that may only be read.
const READ_ONLY: &str = ":ro";

impl Share {
    pub(crate) fn read_all(field: &Field<'_>) -> Result<Vec<Self>, Finding> {
        let paths = field.texts()?;
        let wrong = |path: &str| path.split('/').any(|part| part == ".." || part == ".");
        paths
            .into_iter()
            .map(|text| {
                let (path, writable) = match text.strip_suffix(READ_ONLY) {
                    Some(path) => (path, false),
                    None => (text.as_str(), true),
                };
                let path = path.trim_end_matches('/');
                let is_absolute = path.starts_with('/') || path.starts_with("~/");
                if !is_absolute || wrong(path) || path.contains(char::is_control) {
                    return Err(field.unexpected(
                        "absolute paths, or paths that begin with `~/`; one that ends in `:ro` is shared read-only",
                    ));
                }
                Ok(Self { path: path.to_owned(), writable })
            })
            .collect()
    }
}
