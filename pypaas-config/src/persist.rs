//! `persist` of a branch: files and directories of a checkout that are kept in the data directory.

use serde::{Deserialize, Serialize};

use crate::fields::Field;
use crate::finding::Finding;

/// One entry of `persist`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Persist {
    /// The path, as seen from the checkout and from the data directory.
    pub path: String,
    /// Whether it is made as a directory where it does not exist yet: it ends in `/`, or its name has no dot.
    pub is_directory: bool,
}

impl Persist {
    pub(crate) fn read_all(field: &Field<'_>) -> Result<Vec<Self>, Finding> {
        let mut read: Vec<Self> = Vec::new();
        for text in field.texts()? {
            let path = text.trim_end_matches('/');
            let is_part = |part: &str| !matches!(part, "" | "." | ".." | ".git");
            if !path.split('/').all(is_part) || path.contains(char::is_control) {
                return Err(
                    field.unexpected("paths below the checkout, such as `db.sqlite3` or `public/uploads`")
                );
            }
            let is_within = |one: &str, other: &str| {
                one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            if let Some(other) =
                read.iter().find(|other| is_within(path, &other.path) || is_within(&other.path, path))
            {
                return Err(field.unexpected(&format!(
                    "paths of which none is within another: `{path}`, `{}`",
                    other.path
                )));
            }
            let name = path.rsplit('/').next().unwrap_or(path);
            let is_directory = text.ends_with('/') || !name.contains('.');
            read.push(Self { path: path.to_owned(), is_directory });
        }
        Ok(read)
    }
}
