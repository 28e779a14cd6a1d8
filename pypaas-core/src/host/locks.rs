//! Locks that cannot outlive their process.

use std::error::Error;

use camino::{Utf8Path, Utf8PathBuf};

/// Locks by the path of a file.
pub trait Locks {
    /// Takes the lock, if it is free, and leaves `note` in it for others to read.
    fn try_lock(&mut self, path: &Utf8Path, note: &str) -> Result<bool, LockError>;

    /// Returns the note of whoever holds the lock; may be empty.
    fn lock_note(&mut self, path: &Utf8Path) -> Result<String, LockError>;

    /// Gives back a lock this host holds.
    fn unlock(&mut self, path: &Utf8Path) -> Result<(), LockError>;
}

/// Says which lock could not be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the lock `{path}`")]
pub struct LockError {
    /// The lock's file.
    pub path: Utf8PathBuf,
    /// Why.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}
