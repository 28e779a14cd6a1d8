//! The servers of databases: installed, and running.

use pypaas_config::Severity;

use super::{CheckContext, Diagnostic};
use crate::stores::postgres::Postgres;

pub(super) fn check(context: &CheckContext<'_>) -> Option<Diagnostic> {
    let platform = context.platform;
    let mut branches = context.branches();
    let (branch, _) = branches.find(|(branch, _)| !platform.stores(branch).is_empty())?;
    let postgres = Postgres::of(&platform.layout);
    if let Err(error) = postgres.programs() {
        let message = format!("{branch} has a store, but {error}");
        return Some(Diagnostic::new(Severity::Error, "stores", message, "install it, then push again"));
    }
    // The first push starts it, and every later one starts it again.
    if context.is_of_machine() && postgres.is_there() && !postgres.runs().unwrap_or(false) {
        let log = platform.layout.own_service("postgres").join("log/main/current");
        return Some(
            Diagnostic::new(
                Severity::Error,
                "stores",
                "Postgres does not take connections",
                format!("see {log}"),
            )
            .not_blocking(),
        );
    }
    None
}
