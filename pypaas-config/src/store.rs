//! `stores` of a branch: databases that are made for it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::fields::Field;
use crate::finding::{Finding, Findings};
use crate::{BranchRef, StoreName};

/// What a store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub enum StoreKind {
    /// A PostgreSQL database.
    Postgres,
}

const KINDS: [(&str, StoreKind); 1] = [("Postgres", StoreKind::Postgres)];

/// The store whose address is in `DATABASE_URL` where a branch has several.
const MAIN: &str = "db";

impl StoreKind {
    /// Returns its name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "Postgres",
        }
    }
}

/// A store of one branch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct StoreRef {
    /// Whose it is.
    pub branch: BranchRef,
    /// Its name there.
    pub name: StoreName,
}

impl std::fmt::Display for StoreRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.name, self.branch)
    }
}

/// Returns the store of `stores` that is the branch's main database: the only one, or `db`.
pub fn main_store(stores: &BTreeMap<StoreName, StoreKind>) -> Option<&StoreName> {
    match stores.len() {
        1 => stores.keys().next(),
        _ => stores.keys().find(|name| name.as_str() == MAIN),
    }
}

/// Decodes `stores`.
pub(crate) fn read_all(field: Field<'_>, findings: &mut Findings) -> BTreeMap<StoreName, StoreKind> {
    let mut stores = BTreeMap::new();
    for field in field.named("names of stores and what they are, such as `db: Postgres`", findings) {
        let name = StoreName::new(field.name).map_err(|error| Finding::invalid_name(field.key, &error));
        let name = findings.take(name);
        if let (Some(name), Some(kind)) = (name, findings.take(field.one_of(&KINDS))) {
            stores.insert(name, kind);
        }
    }
    if stores.len() > 1 && main_store(&stores).is_none() {
        let finding = Finding::warning(field.key, format!("none of the stores is called `{MAIN}`"));
        findings.add(finding.label("`DATABASE_URL` is not set").help(format!(
            "name the app's main database `{MAIN}`, or let the app read the variables of the others, such as `{}_URL`",
            stores.keys().next().map_or_else(String::new, |name| name.as_str().to_uppercase())
        )));
    }
    stores
}
