//! Files and directories.

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use pypaas_config::Persist;
use serde::{Deserialize, Serialize};

use crate::{Site, SiteContents};

/// The file system, as far as pypaas keeps its own files in it.
pub trait Files {
    /// Reads a file; `None` when there is none.
    fn read_file(&mut self, path: &Utf8Path) -> Result<Option<String>, FileError>;

    /// Replaces a file, or makes it and the directories above it: after a crash either the old text is there or the new
    /// one, and after this returns, the new one is, even if power fails.
    fn replace_file(&mut self, path: &Utf8Path, text: &str, mode: Mode) -> Result<(), FileError>;

    /// Reads at most `bytes` bytes from a file's end; `None` when there is no file.
    fn read_end(&mut self, path: &Utf8Path, bytes: u64) -> Result<Option<Vec<u8>>, FileError>;

    /// Appends to a file that only the deploy user may read, or makes it and the directories above it. After a crash a part of
    /// `text` may be there.
    fn append_to_file(&mut self, path: &Utf8Path, text: &str) -> Result<(), FileError>;

    /// Removes a file; none there is success.
    fn remove_file(&mut self, path: &Utf8Path) -> Result<(), FileError>;

    /// Lists the names in a directory, sorted; empty when there is no directory.
    fn list_directory(&mut self, path: &Utf8Path) -> Result<Vec<String>, FileError>;

    /// Makes a directory and those above it; one there is success.
    fn create_directory(&mut self, path: &Utf8Path) -> Result<(), FileError>;

    /// Removes a directory with all it holds; none there is success. Links are removed, not followed.
    fn remove_directory(&mut self, path: &Utf8Path) -> Result<(), FileError>;

    /// Puts, in `checkout`, a link into `data` in the place of each of `paths`. What is not in `data` yet is taken from the
    /// checkout, else from `live`, the checkout that serves. Returns the paths that were taken from `live`. Links in the way
    /// are not followed.
    fn persist(
        &mut self,
        paths: &[Persist],
        checkout: &Utf8Path,
        data: &Utf8Path,
        live: Option<&Utf8Path>,
    ) -> Result<Vec<String>, FileError>;

    /// Returns whether `path` is a directory, or a link to one.
    fn is_directory(&mut self, path: &Utf8Path) -> Result<bool, FileError>;

    /// Looks through `site` of `checkout`. Files with the same content as in `live`, the checkout that serves, get the dates of
    /// those. Links are not followed.
    fn inspect_site(
        &mut self,
        site: &Site,
        checkout: &Utf8Path,
        live: Option<&Utf8Path>,
    ) -> Result<SiteContents, FileError>;

    /// Moves what was written into `directory` after `since`, and looks like data, to `to`. Returns the paths.
    fn set_aside(
        &mut self,
        directory: &Utf8Path,
        since: Timestamp,
        to: &Utf8Path,
    ) -> Result<Vec<String>, FileError>;
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Everybody: 0644.
    Public,
    /// The deploy user: 0600.
    Private,
}

/// Says what could not be done to which file.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} `{path}`")]
pub struct FileError {
    /// What was tried, such as `read`.
    pub action: &'static str,
    /// The file or directory.
    pub path: Utf8PathBuf,
    /// Why it failed.
    #[source]
    pub source: std::io::Error,
}
