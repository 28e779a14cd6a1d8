//! Databases.

use std::error::Error;

use crate::Store;

/// Says what went wrong with a store.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} the store {store}")]
pub struct StoreError {
    /// What was tried.
    pub action: &'static str,
    /// With which store.
    pub store: String,
    /// Why it failed.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

/// The servers of databases.
pub trait Stores {
    /// Makes sure that `store` is there and can be used: its server is installed and runs, now and at every boot, and its
    /// database and role exist. Nothing that is there is changed.
    fn prepare_store(&mut self, store: &Store) -> Result<(), StoreError>;
}
