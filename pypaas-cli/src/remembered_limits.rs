//! Which repos limit what keys can do, remembered for when their file is broken, renamed or gone.
//!
//! A file that cannot be read may have limited every key. Without this memory a typo in a repo's file, or its removal, would
//! give away what it kept.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use camino::Utf8Path;
use pypaas_config::{Configuration, RepoName};
use pypaas_core::Layout;
use pypaas_linux::durable;

/// Whether each repo that was ever configured limits keys, as its last good file said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RememberedLimits(BTreeMap<String, bool>);

impl RememberedLimits {
    /// Reads what is remembered, brings it up to date with `configuration`, and keeps that.
    pub(crate) fn update(home: &Utf8Path, configuration: &Configuration) -> io::Result<Self> {
        let path = Layout::remembered_limits(home);
        let before: BTreeMap<String, bool> =
            fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        let mut now = before.clone();
        for (repo, config) in &configuration.repos {
            now.insert(repo.to_string(), config.access.limits());
        }
        if now != before {
            durable::create_directory(durable::directory_of(&path))?;
            durable::replace(&path, serde_json::to_string(&now)?.as_bytes(), 0o600)?;
        }
        Ok(Self(now))
    }

    /// Returns whether the last good file of `repo` limited keys; `None` when it never had one.
    pub(crate) fn of(&self, repo: &RepoName) -> Option<bool> {
        self.0.get(repo.as_str()).copied()
    }

    /// The repos whose last good file limited keys.
    pub(crate) fn limited(&self) -> impl Iterator<Item = RepoName> {
        self.0.iter().filter(|(_, limits)| **limits).filter_map(|(repo, _)| RepoName::new(repo.as_str()).ok())
    }
}
