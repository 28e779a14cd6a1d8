//! The schemas of the configuration: which keys each mapping has.

use crate::RunnerType;
use crate::{access, acme, backup, domain, health_check, hooks, location, nginx_settings, repo, settings};

/// A mapping with a fixed set of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// The kind of mapping, for messages: `a branch`.
    pub name: &'static str,
    /// Its keys, in the order of the example.
    pub keys: &'static [&'static str],
}

/// All schemas except those of runners, which come with each registered type. Messages and suggestions are derived from this
/// list, and a test compares the commented example with it.
pub const SCHEMAS: &[&Schema] = &[
    &settings::SETTINGS,
    &settings::PORTS,
    &nginx_settings::NGINX,
    &acme::ACME,
    &backup::BACKUP,
    &backup::KEEP,
    &repo::REPO,
    &access::ACCESS,
    &repo::BRANCH,
    &hooks::HOOKS,
    &health_check::HEALTHCHECK,
    &domain::DOMAIN,
    &location::LOCATION,
    &location::UPSTREAM,
];

impl Schema {
    /// Returns the schemas that have `key`, including those of runner `types`.
    pub(crate) fn with_key(key: &str, types: &[RunnerType]) -> impl Iterator<Item = &'static Schema> {
        let all = SCHEMAS.iter().copied().chain(types.iter().map(|it| it.schema));
        all.filter(move |schema| schema.keys.contains(&key))
    }
}
