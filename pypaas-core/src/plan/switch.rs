//! The commit point: nginx routes to the new version, and the record says so.

use pypaas_config::BranchRef;

use super::{Phase, Plan, PlanError, web};
use crate::{Observed, Platform, Step};

pub(super) fn switch(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
) -> Result<Plan, PlanError> {
    let record = observed.record(branch).committed();
    let mut plan = Plan::default();
    plan.section(
        "Switch nginx to the new version",
        Phase::Switch,
        web::switch(platform, observed, branch, &record)?,
    );
    let commit = Step::WriteRecord { branch: branch.clone(), record: Box::new(record) };
    plan.section("Go live", Phase::Switch, vec![commit]);
    Ok(plan)
}
