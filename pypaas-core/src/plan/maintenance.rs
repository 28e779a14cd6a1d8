//! Maintenance by hand.

use pypaas_config::BranchRef;

use super::{Phase, Plan, PlanError, web};
use crate::{Maintenance, Observed, Platform, Record, Step};

/// Plans to switch maintenance of `branch` on, with a message to visitors, or off; it survives deploys until it is switched
/// off.
pub fn maintenance(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
    on: bool,
    message: Option<&str>,
) -> Result<Plan, PlanError> {
    platform.branch(branch).ok_or_else(|| PlanError::NotConfigured(branch.clone()))?;
    let before = observed.record(branch);
    let message = message.filter(|_| on).map(str::to_owned);
    let record = Record { maintenance: on.then_some(Maintenance::Admin), message, ..before.clone() };
    let title = if on { "Switch maintenance on" } else { "Switch maintenance off" };
    route_and_record(platform, observed, branch, title, record)
}

/// Plans to stop the processes of `branch`, until something is made live on it again. From then on nginx answers in their
/// place; that they are stopped follows from the record (see [`Engine::converge`](crate::Engine::converge)).
pub fn stop(platform: &Platform, observed: &Observed, branch: &BranchRef) -> Result<Plan, PlanError> {
    platform.branch(branch).ok_or_else(|| PlanError::NotConfigured(branch.clone()))?;
    let before = observed.record(branch);
    if before.live.is_none() {
        return Err(PlanError::NotDeployed(branch.clone()));
    }
    let record = Record { stopped: true, ..before };
    route_and_record(platform, observed, branch, "Let nginx answer in its place", record)
}

fn route_and_record(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
    title: &str,
    record: Record,
) -> Result<Plan, PlanError> {
    let mut plan = Plan::default();
    plan.section(title, Phase::Switch, web::switch(platform, observed, branch, &record)?);
    if record != observed.record(branch) {
        let step = Step::WriteRecord { branch: branch.clone(), record: Box::new(record) };
        plan.section("Remember it", Phase::Switch, vec![step]);
    }
    Ok(plan)
}
