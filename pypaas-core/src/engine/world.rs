//! What an engine changes: the real host, or a prediction of it.

use std::collections::BTreeMap;

use camino::Utf8Path;
use pypaas_config::BranchRef;

use super::ChangeError;
use crate::host::{Host, LockError};
use crate::{ApplyError, ObserveError, Observed, Plan, Progress, Record, Scope, SectionTime};

/// A host, or a prediction of one.
pub(super) trait World {
    /// Is told at the beginning of a change how much it is about: a prediction starts from one observation.
    fn begin(&mut self, scope: Scope<'_>) -> Result<(), ObserveError>;

    /// Observes as much as `scope` says.
    fn observe(&mut self, scope: Scope<'_>) -> Result<Observed, ObserveError>;

    /// Reads all records.
    fn records(&mut self) -> Result<BTreeMap<BranchRef, Record>, ObserveError>;

    /// Reads the record of one branch; an empty one when there is none.
    fn record(&mut self, branch: &BranchRef) -> Result<Record, ObserveError>;

    /// Returns whether a switch of nginx's files has not ended.
    fn is_switching(&mut self) -> Result<bool, ObserveError>;

    /// Returns whether nginx, which starts at every boot, does not run.
    fn web_server_is_down(&mut self) -> bool;

    /// Gives the host itself, of which a prediction is only read, and whoever is told of the change.
    fn parts(&mut self) -> (&mut dyn Host, &mut dyn Progress);

    /// Takes the sections that were applied since this was asked last, and how long each took.
    fn take_sections(&mut self) -> Vec<SectionTime>;

    /// Applies a plan. One that `is_cancellable` ends between two steps when the caller cancels.
    fn apply(&mut self, plan: &Plan, is_cancellable: bool) -> Result<(), ApplyError>;

    /// Waits for a lock and takes it.
    fn lock(&mut self, lock: &Lock<'_>) -> Result<(), ChangeError>;

    /// Takes a lock if it is free.
    fn try_lock(&mut self, path: &Utf8Path, note: &str) -> Result<bool, LockError>;

    /// Gives a lock back.
    fn unlock(&mut self, path: &Utf8Path) -> Result<(), LockError>;

    /// Returns why the caller wants the change to be canceled.
    fn cancel_reason(&mut self) -> Option<String>;

    /// Gives whoever is told of the change.
    fn progress(&mut self) -> &mut dyn Progress;
}

/// A lock, and how it is waited for.
pub(super) struct Lock<'a> {
    /// Its file.
    pub(super) path: &'a Utf8Path,
    /// What others who wait are told.
    pub(super) purpose: &'a str,
    /// Whether waiting ends when the caller cancels.
    pub(super) is_cancellable: bool,
    /// The directory of the queue, of which only the newest gets the lock.
    pub(super) queue: Option<&'a Utf8Path>,
}
