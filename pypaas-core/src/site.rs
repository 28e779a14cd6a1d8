//! Sites: directories of a checkout that nginx serves by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use camino::Utf8PathBuf;
use pypaas_config::{BranchRef, Domain, RunnerRef};
use serde::Serialize;

use crate::host::{FileError, Files};
use crate::{Platform, Record, Scope};

/// A directory that nginx serves, and what must hold for it before nginx is switched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Site {
    /// The directory, relative to the checkout; empty for the checkout itself.
    pub subdirectory: Utf8PathBuf,
    /// The file that is served for a directory.
    pub index: String,
    /// Whether files that look like source code or secrets may be in it.
    pub publish_all: bool,
    /// Whether nginx passes requests for the index, and for all PHP files, to a process: then the index must be there.
    #[serde(default, skip_serializing_if = "is_false")]
    pub runs_scripts: bool,
}

/// What was found in the directory of a [`Site`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteContents {
    /// Whether there is such a directory.
    pub is_there: bool,
    /// Whether its index is in it.
    pub has_index: bool,
    /// Paths in it that look like source code or secrets, relative to it.
    pub private: Vec<String>,
}

/// Says why a directory cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SiteError {
    /// There is none.
    #[error(
        "there is no directory `{0}` in the checkout after the build: write the directory that the build creates as `subdirectory`"
    )]
    Missing(Utf8PathBuf),
    /// There is nothing to run.
    #[error(
        "there is no directory `{0}` in the checkout after the build: write the directory of the front controller as `public`, \
         or `public: .` for the checkout itself"
    )]
    MissingPublic(Utf8PathBuf),
    /// There is nothing that answers.
    #[error(
        "there is no `{script}` in {site}: write the directory it is in as `public`, or another name as `front_controller`"
    )]
    NoScript {
        /// The directory, in words.
        site: String,
        /// The name of the script.
        script: String,
    },
    /// Everybody could read what nobody should.
    #[error(
        "nginx would publish {found} in {site}: serve only the finished files with `{key}`, or write `publish_all: true` \
         if everybody may read them"
    )]
    Private {
        /// The directory, in words.
        site: String,
        /// Some of the paths, in words.
        found: String,
        /// The key that says which files are served.
        key: &'static str,
    },
}

/// Finds the directories that nginx is configured to serve, of what is live in `scope`, which are not in its checkout: the
/// configuration may name one that only the next version has.
pub(crate) fn missing(
    files: &mut dyn Files,
    platform: &Platform,
    records: &BTreeMap<BranchRef, Record>,
    scope: Scope<'_>,
) -> Result<BTreeMap<RunnerRef, Site>, FileError> {
    let is_asked_for = |domain: &&Domain| match scope {
        Scope::Branch { branch, .. } => domain.targets().any(|runner| runner.is_of(branch)),
        Scope::Machine => true,
    };
    let domains = platform.configuration.domains.values().filter(is_asked_for);
    let runners: BTreeSet<&RunnerRef> = domains.flat_map(Domain::targets).collect();
    let mut missing = BTreeMap::new();
    for runner in runners {
        let branch = runner.branch_ref();
        let Some(live) = records.get(&branch).and_then(|record| record.live.as_ref()) else { continue };
        let known = platform.runner(runner, Some(live));
        let Some(site) = known.as_deref().and_then(|it| it.nginx()?.site()) else { continue };
        let checkout = platform.layout.checkout(&branch, &live.checkout);
        if files.is_directory(&checkout)? && !files.is_directory(&checkout.join(&site.subdirectory))? {
            missing.insert(runner.clone(), site);
        }
    }
    Ok(missing)
}

/// How many paths an error names.
const NAMED: usize = 5;

impl Site {
    /// Checks what was found. Returns what the pusher should know.
    pub fn check(&self, contents: &SiteContents) -> Result<Option<String>, SiteError> {
        if !contents.is_there {
            let missing = if self.runs_scripts { SiteError::MissingPublic } else { SiteError::Missing };
            return Err(missing(self.subdirectory.clone()));
        }
        if self.runs_scripts && !contents.has_index {
            return Err(SiteError::NoScript { site: self.to_string(), script: self.index.clone() });
        }
        if !self.publish_all && !contents.private.is_empty() {
            let named: Vec<String> =
                contents.private.iter().take(NAMED).map(|path| format!("`{path}`")).collect();
            let more = contents.private.len().saturating_sub(NAMED);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            let key = if self.runs_scripts { "public" } else { "subdirectory" };
            return Err(SiteError::Private { site: self.to_string(), found: named.join(", ") + &more, key });
        }
        let note = || format!("{self} has no `{}`: nginx answers 403 or 404 to requests for `/`", self.index);
        Ok((!contents.has_index).then(note))
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subdirectory.as_str() {
            "" => f.write_str("the root of the checkout"),
            subdirectory => write!(f, "`{subdirectory}`"),
        }
    }
}
