//! Maintenance by hand.

use pypaas_config::BranchRef;

use super::{Phase, Plan, PlanError, web};
use crate::{Maintenance, Observed, Platform, Record, Step};

/// Plans to switch maintenance of `branch` on or off; it survives deploys until it is switched off.
pub fn maintenance(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
    on: bool,
) -> Result<Plan, PlanError> {
    platform.branch(branch).ok_or_else(|| PlanError::NotConfigured(branch.clone()))?;
    let before = observed.record(branch);
    let record = Record { maintenance: on.then_some(Maintenance::Admin), ..before.clone() };
    let mut plan = Plan::default();
    let title = if on { "Switch maintenance on" } else { "Switch maintenance off" };
    plan.section(title, Phase::Switch, web::switch(platform, observed, branch, &record)?);
    if record != before {
        let step = Step::WriteRecord { branch: branch.clone(), record: Box::new(record) };
        plan.section("Remember it", Phase::Switch, vec![step]);
    }
    Ok(plan)
}
