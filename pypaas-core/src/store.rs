//! Stores: databases that are made for a branch, and how its code reaches them.

use std::collections::BTreeMap;
use std::fmt;

use camino::Utf8Path;
use pypaas_config::{StoreKind, StoreName, StoreRef, main_store};
use serde::Serialize;

/// A store that is configured.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Store {
    /// Whose it is, and its name.
    pub reference: StoreRef,
    /// What it is.
    pub kind: StoreKind,
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} store {}", self.kind.name(), self.reference.name)
    }
}

/// How many bytes Postgres takes for the name of a role or database.
const LONGEST: usize = 63;

/// Names the database of `store`, and the role that owns it: `shop_main_db`.
///
/// Names that Postgres would have to quote, or that two stores could share, end in a number of their own.
pub fn database(store: &StoreRef) -> String {
    let parts = [store.branch.repo.as_str(), store.branch.branch.as_str(), store.name.as_str()];
    let is_plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let name = parts.join("_");
    if parts.iter().all(|part| is_plain(part)) && name.len() <= LONGEST {
        return name;
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let short: String = name.chars().map(plain).take(40).collect();
    format!("{short}_x{:016x}", fingerprint(&parts.join("\0")))
}

/// FNV-1a: the same for ever and everywhere, which the standard library's hash does not promise.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Lists the variables by which code of a branch finds its stores. Each store has `<NAME>_URL`; the main one is also
/// `DATABASE_URL`, and the programs of Postgres find it by themselves. `password` knows the password of each.
pub(crate) fn variables(
    stores: &BTreeMap<StoreName, StoreKind>,
    reference: impl Fn(&StoreName) -> StoreRef,
    sockets: &Utf8Path,
    password: impl Fn(&StoreRef) -> Option<String>,
) -> Vec<(String, String)> {
    let main = main_store(stores);
    let mut variables = Vec::new();
    for name in stores.keys() {
        let store = reference(name);
        let Some(password) = password(&store) else { continue };
        let database = database(&store);
        // The host as a parameter: a path cannot be where URLs have a host.
        let url = format!("postgresql://{database}:{password}@/{database}?host={sockets}");
        variables.push((format!("{}_URL", name.as_str().to_uppercase()), url.clone()));
        if main == Some(name) {
            variables.push(("DATABASE_URL".to_owned(), url));
            let of_postgres = [
                ("PGHOST", sockets.as_str()),
                ("PGUSER", &database),
                ("PGDATABASE", &database),
                ("PGPASSWORD", &password),
            ];
            variables.extend(of_postgres.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
    }
    variables
}

#[cfg(test)]
mod tests {
    use pypaas_config::{BranchName, BranchRef, RepoName};

    use super::*;

    fn store(repo: &str, branch: &str) -> StoreRef {
        let branch =
            BranchRef { repo: RepoName::new(repo).unwrap(), branch: BranchName::new(branch).unwrap() };
        StoreRef { branch, name: StoreName::new("db").unwrap() }
    }

    #[test]
    fn databases_of_different_stores_have_different_names_that_postgres_takes() {
        assert_eq!(database(&store("shop", "main")), "shop_main_db");
        let odd = ["a_b", "a-b", "a.b", "A_b", "a_B"].map(|repo| database(&store(repo, "main")));
        let long = ["x", "y"].map(|end| database(&store("shop", &format!("{}{end}", "long/".repeat(15)))));
        let mut all: Vec<String> = odd.into_iter().chain(long).collect();
        assert!(all.iter().all(|name| name.len() <= LONGEST
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 7, "{all:?}");
    }

    #[test]
    fn the_main_store_is_in_the_variables_that_programs_look_for() {
        let sockets = Utf8Path::new("/run/stores");
        let names = |names: &[&str]| {
            let stores =
                names.iter().map(|name| (StoreName::new(*name).unwrap(), StoreKind::Postgres)).collect();
            let reference = |name: &StoreName| StoreRef { name: name.clone(), ..store("shop", "main") };
            variables(&stores, reference, sockets, |_| Some("0a".to_owned()))
        };
        let one = names(&["db"]);
        let url = "postgresql://shop_main_db:0a@/shop_main_db?host=/run/stores";
        assert_eq!(one[0], ("DB_URL".to_owned(), url.to_owned()));
        assert_eq!(one[1], ("DATABASE_URL".to_owned(), url.to_owned()));
        assert!(one.contains(&("PGHOST".to_owned(), "/run/stores".to_owned())));
        let two: Vec<_> = names(&["events", "users"]).into_iter().map(|(name, _)| name).collect();
        assert_eq!(two, ["EVENTS_URL", "USERS_URL"]);
    }
}
