//! Databases of branches: one file for each kind.

pub mod postgres;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Read};

use pypaas_config::{StoreKind, StoreRef};
use pypaas_core::host::{StoreError, Stores};
use pypaas_core::{Layout, Platform, Store};
use ring::hmac;

use crate::{LinuxHost, durable};

impl Stores for LinuxHost {
    fn prepare_store(&mut self, store: &Store) -> Result<(), StoreError> {
        let prepared = match store.kind {
            StoreKind::Postgres => postgres::Postgres::of(&self.layout).prepare(self, &store.reference),
            _ => Err(Box::from("this version knows no such store")),
        };
        prepared.map_err(|source| StoreError {
            action: "prepare",
            store: store.reference.to_string(),
            source,
        })
    }
}

/// Returns the passwords of all stores that are configured. Makes the key they are derived from when the first one is.
pub fn passwords(platform: &Platform) -> io::Result<BTreeMap<StoreRef, String>> {
    let branches = platform.configuration.branches();
    let stores: Vec<Store> = branches.flat_map(|(branch, _)| platform.stores(&branch)).collect();
    if stores.is_empty() {
        return Ok(BTreeMap::new());
    }
    let key = key(&platform.layout)?;
    Ok(stores
        .into_iter()
        .map(|store| (store.reference.clone(), password_of(&key, &store.reference)))
        .collect())
}

/// Returns the password of the role that owns `store`.
pub(super) fn password(layout: &Layout, store: &StoreRef) -> io::Result<String> {
    Ok(password_of(&key(layout)?, store))
}

/// Returns the password of the role that makes the others. No store has its name: each has a branch.
pub(super) fn admin_password(layout: &Layout) -> io::Result<String> {
    Ok(derive(&key(layout)?, "admin"))
}

/// Returns the password of the role that backups are tried with.
pub(super) fn trial_password(layout: &Layout) -> io::Result<String> {
    Ok(derive(&key(layout)?, "trial"))
}

fn password_of(key: &hmac::Key, store: &StoreRef) -> String {
    let words = [store.branch.repo.as_str(), store.branch.branch.as_str(), store.name.as_str()];
    derive(key, &words.join("\0"))
}

/// Derives a password from the host's key: whoever knows one password can compute no other.
fn derive(key: &hmac::Key, words: &str) -> String {
    let tag = hmac::sign(key, words.as_bytes());
    tag.as_ref().iter().take(20).map(|byte| format!("{byte:02x}")).collect()
}

/// Reads the host's key, or makes it.
fn key(layout: &Layout) -> io::Result<hmac::Key> {
    let path = layout.store_key();
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mut bytes = [0; 32];
            fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
            durable::create_directory(durable::directory_of(&path))?;
            durable::create(&path, &bytes, 0o600)?;
            // Another command may have been first.
            fs::read(&path)?
        }
        read => read?,
    };
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}
