//! What `rebuild` and `restart` share: making what is live live again, on one branch or on all. A rebuild also deploys a branch
//! that was pushed and whose record is gone.

use std::process::ExitCode;

use pypaas_config::BranchRef;
use pypaas_core::host::{Git, Host};
use pypaas_core::plan::Source;
use pypaas_core::{AttemptKind, Progress, RebuildError, Record, rebuild, records};

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
    for branch in pushed(&installation, how.kind)? {
        if let Err(failure) = one(&installation, branch, how, invocation) {
            code = failure.report();
        }
    }
    Ok(code)
}

/// Lists the configured branches that something is deployed on; for a rebuild also those whose record is gone.
fn pushed(installation: &Installation, kind: AttemptKind) -> Result<Vec<BranchRef>, Failure> {
    let layout = &installation.platform.layout;
    let mut host = installation.host();
    let records = records(&mut host, layout)?;
    let mut pushed = Vec::new();
    for (branch, _) in installation.configuration().branches() {
        let is_live = records.get(&branch).is_some_and(|record| record.live.is_some());
        let mut has_head = || host.branch_head(&layout.repo(&branch.repo), branch.branch.as_str());
        if is_live || (kind == AttemptKind::Rebuild && has_head()?.is_some()) {
            pushed.push(branch);
        }
    }
    Ok(pushed)
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
    let decide = |record: &Record, host: &mut dyn Host, _: &mut dyn Progress| {
        let layout = &installation.platform.layout;
        match (how.kind, &record.live) {
            (AttemptKind::Rebuild, _) => match rebuild(host.git(), layout, &branch, record) {
                Err(RebuildError::Plan(_)) => Err(installation.not_deployed(&branch)),
                source => Ok(Some(source?)),
            },
            (_, Some(_)) => Ok(Some(Source::Live)),
            (_, None) => Err(installation.not_deployed(&branch)),
        }
    };
    if how.dry_run { deploying.dry_run(decide) } else { deploying.run(decide) }
}
