//! Going back to an earlier release.

use pypaas_config::BranchRef;

use crate::host::{FileError, Files};
use crate::plan::Source;
use crate::{CommitId, Deployment, History, Layout, Outcome, Record};

/// Says why there is nothing to go back to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RollbackError {
    /// Nothing is live.
    #[error("nothing is deployed on `{0}`")]
    NotDeployed(BranchRef),
    /// There is no such release.
    #[error("{branch} has no release {release}")]
    NoSuchRelease {
        /// The branch.
        branch: BranchRef,
        /// The number that was asked for.
        release: u64,
        /// The numbers that there are.
        known: Vec<u64>,
    },
    /// There is no release before the live one.
    #[error("{0} has no earlier release of another commit")]
    NoEarlier(BranchRef),
    /// What was asked for is live.
    #[error("release {release} of {branch} is live")]
    IsLive {
        /// The branch.
        branch: BranchRef,
        /// Its number.
        release: u64,
    },
    /// The history or the checkouts cannot be read.
    #[error("cannot read what was deployed before")]
    Files(#[from] FileError),
}

/// Finds the release to go back to: number `release`, else the last one before the live one that had another commit. Its
/// checkout is used again where it is still there.
pub fn rollback(
    files: &mut dyn Files,
    layout: &Layout,
    branch: &BranchRef,
    record: &Record,
    release: Option<u64>,
) -> Result<Source, RollbackError> {
    let live = record.live.as_ref().ok_or_else(|| RollbackError::NotDeployed(branch.clone()))?;
    let mut known = History::new(files, layout, branch).read_with_record(record)?;
    known.retain(|it| it.outcome == Outcome::Succeeded && it.release.is_some());
    known.sort_by_key(|it| it.release);
    // Whoever rolls back once more wants to go further back.
    let position = live.rollback_of.unwrap_or(live.release);
    let is_meant = |number: u64, commit: &CommitId| match release {
        Some(release) => number == release,
        None => number < position && *commit != live.commit,
    };
    let numbers = || known.iter().filter_map(|it| it.release).collect();
    let found = known.iter().rev().find(|it| it.release.is_some_and(|number| is_meant(number, &it.commit)));
    let found = found.ok_or_else(|| match release {
        Some(release) => RollbackError::NoSuchRelease { branch: branch.clone(), release, known: numbers() },
        None => RollbackError::NoEarlier(branch.clone()),
    })?;
    let number = found.release.unwrap_or_default();
    if number == live.release {
        return Err(RollbackError::IsLive { branch: branch.clone(), release: number });
    }
    let there = files.list_directory(&layout.checkouts(branch))?;
    let is_there = |it: &Deployment| there.iter().any(|name| name == it.checkout.as_str());
    // The record knows more of a release than the history.
    let kept = record.releases.iter().find(|it| it.release == number).cloned();
    let kept = kept.or_else(|| found.deployment()).filter(is_there).map(Box::new);
    Ok(Source::Release { release: number, commit: found.commit.clone(), kept })
}
