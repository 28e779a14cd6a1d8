//! What `rebuild` and `restart` share: making what is live live again, on one branch or on all.

use std::process::ExitCode;

use pypaas_config::BranchRef;
use pypaas_core::host::Host;
use pypaas_core::plan::{PlanError, Source};
use pypaas_core::{AttemptKind, Deployment, Record, Story, records};

use super::deploying::Deploying;
use crate::arguments::{BranchesArguments, WaitArguments};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;

/// One of the two commands.
pub(super) struct Redeploy {
    /// What it is, for the history.
    pub(super) kind: AttemptKind,
    /// What it is doing, for the first line.
    pub(super) verb: &'static str,
    /// What of the live deploy it makes live again.
    pub(super) source: fn(&Deployment) -> Source,
    /// Whether only the plan is printed.
    pub(super) dry_run: bool,
}

/// Does it to the branch named, or to all that are deployed; one that fails does not stop the others.
pub(super) fn redeploy(
    branches: &BranchesArguments,
    wait: WaitArguments,
    how: &Redeploy,
    invocation: &Invocation,
) -> Result<ExitCode, Failure> {
    let installation = Installation::load(invocation)?.waiting(wait.lock_timeout);
    if let (Some(repo), Some(branch)) = (&branches.repo, &branches.branch) {
        let branch = installation.branch(repo, branch)?;
        one(&installation, branch, how, invocation)?;
        return Ok(ExitCode::SUCCESS);
    }
    installation.warn_about_problems();
    let mut code = installation.exit_code();
    for (branch, record) in records(&mut installation.host(), &installation.platform.layout)? {
        if record.live.is_none() || installation.platform.branch(&branch).is_none() {
            continue;
        }
        if let Err(failure) = one(&installation, branch, how, invocation) {
            code = failure.report();
        }
    }
    Ok(code)
}

fn one(
    installation: &Installation,
    branch: BranchRef,
    how: &Redeploy,
    invocation: &Invocation,
) -> Result<(), Failure> {
    let deploying = Deploying {
        installation,
        branch: branch.clone(),
        title: how.verb.to_owned(),
        kind: how.kind,
        invocation,
        received: None,
    };
    let decide = |record: &Record, _: &mut dyn Host, _: &mut dyn Story| {
        let live = record.live.as_ref().ok_or_else(|| PlanError::NotDeployed(branch.clone()))?;
        Ok(Some((how.source)(live)))
    };
    if how.dry_run { deploying.dry_run(decide) } else { deploying.run(decide) }
}
