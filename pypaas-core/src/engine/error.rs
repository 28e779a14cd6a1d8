//! Why a change did not happen.

use crate::host::{FileError, LockError};
use crate::plan::PlanError;
use crate::{ApplyError, ObserveError};

/// Says why a change did not happen. What was live before is live.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The machine cannot be seen.
    #[error(transparent)]
    Observe(#[from] ObserveError),
    /// No plan could be made.
    #[error("cannot plan it")]
    Plan(#[from] PlanError),
    /// A step failed.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// A lock cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The queue of pushes cannot be used.
    #[error("cannot queue for the branch")]
    Queue(#[source] FileError),
    /// Somebody else is at it, for too long.
    #[error("timed out after {seconds} s waiting for {holder}")]
    Busy {
        /// How long was waited, in seconds.
        seconds: u64,
        /// Who it is, since when, and for what.
        holder: String,
    },
    /// Another push of the same branch came after it and waits, too.
    #[error("superseded by a newer push: {0}")]
    Superseded(String),
    /// The caller does not want it any more.
    #[error("canceled while waiting for a lock: {0}")]
    Abandoned(String),
}
