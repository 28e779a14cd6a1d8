//! What the record calls live runs, and nginx routes to it.

use pypaas_config::BranchRef;

use super::web::{self, WhenDown};
use super::{Phase, Plan, PlanError, services};
use crate::{Observed, Platform, Record, Step};

pub(super) fn restore(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
    lenient: bool,
) -> Result<Plan, PlanError> {
    let record = observed.record(branch);
    let mut plan = Plan::default();
    plan.lenient_section(
        "Start what should run",
        Phase::Check,
        run_live(platform, observed, branch, &record)?,
    );
    let title = match record.live {
        Some(_) => "Make nginx serve what is live",
        None => "Tell nginx of the domain",
    };
    let title = web::title(observed, title);
    if lenient {
        let steps = web::restore(platform, observed, branch, WhenDown::Wait)?;
        plan.lenient_section(title, Phase::Check, steps);
    } else {
        let steps = web::restore(platform, observed, branch, WhenDown::Fail)?;
        plan.section(title, Phase::Check, steps);
    }
    Ok(plan)
}

/// Plans to start live services that the supervisor was not told to keep running. One that it keeps restarting is left to
/// it: the deploy that is about to come may be the cure.
fn run_live(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
    record: &Record,
) -> Result<Vec<Step>, PlanError> {
    let Some(live) = record.live.as_ref().filter(|_| !record.stopped) else { return Ok(Vec::new()) };
    let (mut starts, mut waits) = (Vec::new(), Vec::new());
    for (service, process, runner) in services::configured(platform, branch, live) {
        let Some(definition) = services::definition(platform, branch, live, process, runner)? else {
            continue;
        };
        let known = observed.services.get(&service);
        if known.is_none_or(|known| !known.supervised && !known.enabled) {
            starts.push(Step::DefineService { service: service.clone(), definition });
        }
        if known.is_none_or(|known| !known.enabled) {
            starts.push(Step::StartService { service: service.clone() });
            waits.push(Step::AwaitReady { service, port: process.port, readiness: runner.readiness() });
        }
    }
    starts.extend(waits);
    Ok(starts)
}
