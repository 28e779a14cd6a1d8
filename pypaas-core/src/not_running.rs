//! Why a branch that is configured does not run, and the command that gets it running again.

use camino::Utf8PathBuf;
use pypaas_config::BranchRef;

use crate::host::{FileError, Git, GitError, Host};
use crate::plan::{PlanError, Source};
use crate::{CommitId, Layout, ObserveError, Record, record};

/// A state in which a branch stays until somebody gives one command, which [`Self::fix`] names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotRunning {
    /// It was never pushed.
    NeverPushed,
    /// It was pushed, and there is no record of what was live: it was out of the configuration for a while, or the record
    /// was lost.
    NoRecord {
        /// Where the repository has the branch.
        commit: CommitId,
    },
    /// Its live checkout is gone.
    NoCheckout {
        /// Where it was.
        checkout: Utf8PathBuf,
    },
    /// Its live checkout is gone, and so is the commit.
    NoCommit {
        /// Where the checkout was.
        checkout: Utf8PathBuf,
    },
    /// The admin stopped it.
    Stopped,
}

/// Says why that cannot be known.
#[derive(Debug, thiserror::Error)]
pub enum NotRunningError {
    /// The record cannot be read.
    #[error(transparent)]
    Record(#[from] ObserveError),
    /// The repository cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The checkouts cannot be listed.
    #[error("cannot list the checkouts")]
    Files(#[from] FileError),
}

impl NotRunning {
    /// Finds out why `branch` does not run; `None` when its record says that it does, and its checkout is there.
    pub fn find(
        host: &mut dyn Host,
        layout: &Layout,
        branch: &BranchRef,
    ) -> Result<Option<Self>, NotRunningError> {
        let record = record(host.files(), layout, branch)?.unwrap_or_default();
        let repo = layout.repo(&branch.repo);
        let Some(live) = &record.live else {
            let head = host.git().branch_head(&repo, branch.branch.as_str())?;
            return Ok(Some(head.map_or(Self::NeverPushed, |commit| Self::NoRecord { commit })));
        };
        let there = host.files().list_directory(&layout.checkouts(branch))?;
        if !there.iter().any(|name| name == live.checkout.as_str()) {
            let checkout = layout.checkout(branch, &live.checkout);
            let has_commit = host.git().commit(&repo, &live.commit, &[]).is_ok();
            return Ok(Some(match has_commit {
                true => Self::NoCheckout { checkout },
                false => Self::NoCommit { checkout },
            }));
        }
        Ok(record.stopped.then_some(Self::Stopped))
    }

    /// Says what to do, for `branch`.
    pub fn fix(&self, branch: &BranchRef) -> String {
        match self {
            Self::NeverPushed => format!("push it: `git push <remote> {}`", branch.branch),
            Self::NoRecord { commit } => {
                format!("run `pypaas rebuild {branch}`, which deploys {}", commit.short())
            }
            Self::NoCheckout { .. } => format!("run `pypaas rebuild {branch}`"),
            Self::NoCommit { .. } => {
                format!("push its commit again: `git push <remote> {}`", branch.branch)
            }
            Self::Stopped => format!("run `pypaas start {branch}`"),
        }
    }

    /// Says it of `branch`, in one clause.
    pub fn message(&self, branch: &BranchRef) -> String {
        match self {
            Self::NeverPushed => format!("{branch} was never pushed"),
            Self::NoRecord { commit } => format!(
                "nothing is deployed on {branch}, which was pushed before: its repository has it at {}",
                commit.short()
            ),
            Self::NoCheckout { checkout } => {
                format!("the live checkout of {branch} is gone: there is no `{checkout}`")
            }
            Self::NoCommit { checkout } => format!(
                "the live checkout of {branch} is gone, and so is its commit: there is no `{checkout}`"
            ),
            Self::Stopped => format!("{branch} is stopped"),
        }
    }
}

/// Says what a rebuild makes live: the live commit, else the one that the repository has the branch at.
pub fn rebuild(
    git: &mut dyn Git,
    layout: &Layout,
    branch: &BranchRef,
    record: &Record,
) -> Result<Source, RebuildError> {
    if let Some(live) = &record.live {
        return Ok(Source::Commit(live.commit.clone()));
    }
    let head = git.branch_head(&layout.repo(&branch.repo), branch.branch.as_str())?;
    Ok(Source::Commit(head.ok_or_else(|| PlanError::NotDeployed(branch.clone()))?))
}

/// Says why there is nothing to rebuild.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// Nothing was ever pushed.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The repository cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
}
