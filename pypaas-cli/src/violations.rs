//! What does not hold on the machine, for `check` and `apply`.

use std::collections::BTreeSet;

use pypaas_config::{BranchRef, Diagnostic, Severity};
use pypaas_core::invariants::{Violation, violations};
use pypaas_core::{ObserveError, Scope, observe};
use pypaas_linux::is_locked;

use crate::failure::Failure;
use crate::installation::Installation;

/// Finds what does not hold: of each branch the first, from which the others may follow. What a command is at work on is left
/// out, and so are the branches in `told`.
pub(crate) fn find(installation: &Installation, told: &BTreeSet<BranchRef>) -> Vec<Diagnostic> {
    let platform = &installation.platform;
    let observed = match observe(&mut installation.host(), platform, Scope::Machine) {
        Ok(observed) => observed,
        // The checks of the host say that.
        Err(ObserveError::WebServer(_)) => return Vec::new(),
        Err(error) => return vec![Failure::from(error).diagnostic("files")],
    };
    let is_at_work = |branch: Option<&BranchRef>| {
        let lock = branch.map(|branch| platform.layout.branch_lock(branch));
        is_locked(&lock.unwrap_or_else(|| platform.layout.machine_lock()))
    };
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for violation in violations(platform, &observed) {
        let branch = violation.branch();
        let is_told = branch.as_ref().is_some_and(|branch| told.contains(branch));
        if !is_told && seen.insert(branch.clone()) && !is_at_work(branch.as_ref()) {
            found.push(diagnostic(&violation));
        }
    }
    found
}

fn diagnostic(violation: &Violation) -> Diagnostic {
    let category = match violation {
        Violation::UnfinishedSwitch
        | Violation::MissingSite { .. }
        | Violation::NotServed { .. }
        | Violation::NotRouted { .. } => "nginx",
        Violation::Unfinished { .. }
        | Violation::NotConfigured { .. }
        | Violation::MissingCheckout { .. }
        | Violation::StrayCheckout { .. } => "files",
        _ => "services",
    };
    let fix = match violation {
        Violation::NotUp { service } => {
            let runner = &service.runner.runner;
            format!("see its log, `pypaas logs {} {runner}`, then run `pypaas apply`", service.branch())
        }
        Violation::MissingSite { .. } => {
            "push a version that has it, or correct `subdirectory`: until then its domains go on as they are"
                .to_owned()
        }
        Violation::NobodyListens { runner, .. } => format!("see its log: `pypaas logs {runner}`"),
        _ => "run `pypaas apply`".to_owned(),
    };
    let severity = match violation {
        Violation::StrayCheckout { .. } => Severity::Warning,
        _ => Severity::Error,
    };
    // The next deploy repairs most of it.
    Diagnostic::new(severity, category, violation.to_string(), fix).not_blocking()
}
