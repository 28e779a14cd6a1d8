//! The commit point: nginx routes to the new version, and the record says so.

use pypaas_config::BranchRef;

use super::{Phase, Plan, PlanError, web};
use crate::{Observed, Platform};

pub(super) fn switch(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
) -> Result<Plan, PlanError> {
    let kept = usize::from(platform.configuration.settings.keep_releases);
    let record = observed.record(branch).promote(kept, observed.now);
    let (before, commit) = web::switch_and_commit(platform, observed, branch, record)?;
    let mut plan = Plan::default();
    plan.section("Switch nginx to the new version", Phase::Switch, before);
    plan.section("Go live", Phase::Switch, commit);
    Ok(plan)
}
