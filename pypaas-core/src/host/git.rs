//! Bare repositories and what is in them.

use std::collections::BTreeMap;
use std::error::Error;

use camino::{Utf8Path, Utf8PathBuf};

use crate::CommitId;

/// What git does for pypaas.
pub trait Git {
    /// Makes the bare repository `repo` with `hook` as its `update` hook and pypaas's settings, or brings an existing one
    /// up to date.
    fn prepare_repo(&mut self, repo: &Utf8Path, hook: &str) -> Result<(), GitError>;

    /// Returns the commit that branch `branch` of `repo` points at; `None` when there is no such repo or branch.
    fn branch_head(&mut self, repo: &Utf8Path, branch: &str) -> Result<Option<CommitId>, GitError>;

    /// Reads a commit, and of the files in the root of its tree those `named`, if they are text of a sensible size.
    fn commit(&mut self, repo: &Utf8Path, commit: &CommitId, named: &[&str]) -> Result<Commit, GitError>;

    /// Writes the tree of `commit`, with its submodules, into `directory`, which is made.
    fn check_out(
        &mut self,
        repo: &Utf8Path,
        commit: &CommitId,
        directory: &Utf8Path,
        output: &mut dyn FnMut(&[u8]),
    ) -> Result<(), GitError>;
}

/// What a plan must know of a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commit {
    /// The first line of its message.
    pub subject: String,
    /// The names in the root of its tree, sorted; directories end in `/`.
    pub entries: Vec<String>,
    /// The texts of the files in the root that were asked for, as far as they are there.
    pub files: BTreeMap<String, String>,
}

impl Commit {
    /// Returns whether the root of its tree holds the file or directory `name`; a directory's ends in `/`.
    pub fn holds(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry == name)
    }

    /// Returns the text of a file that was asked for; nothing when it is not there.
    pub fn text(&self, name: &str) -> &str {
        self.files.get(name).map_or("", String::as_str)
    }
}

/// Says what git could not do.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} in `{repo}`")]
pub struct GitError {
    /// What was tried, such as ``check out `3f2a…` ``.
    pub action: String,
    /// The repository.
    pub repo: Utf8PathBuf,
    /// Why it failed.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}
