//! What the record calls live runs, and nginx routes to it.

use pypaas_config::BranchRef;

use super::stage::{needs_maintenance, runs_alone};
use super::web::{self, WhenDown};
use super::{Phase, Plan, PlanError, services};
use crate::{Observed, Platform, Record, ServiceName, Step};

/// Plans to stop what was tried before what is live starts again: nginx answers meanwhile, where it leads there.
pub(super) fn clear(platform: &Platform, observed: &Observed, branch: &BranchRef) -> Result<Plan, PlanError> {
    let record = observed.record(branch);
    let mut plan = Plan::default();
    let (Some(live), Some(tried)) = (&record.live, &record.trying) else { return Ok(plan) };
    let alone = |deployed| {
        let all = services::configured(platform, branch, deployed);
        all.filter(|(.., runner)| runs_alone(platform, branch, *runner)).map(|(name, ..)| name)
    };
    let state = |name: &ServiceName| observed.services.get(name);
    let is_down = |name: &ServiceName| state(name).is_none_or(|known| !known.enabled);
    let is_up =
        |name: &ServiceName| state(name).is_some_and(|known| known.enabled || known.process.is_some());
    let running: Vec<ServiceName> = alone(tried).filter(is_up).collect();
    if record.stopped || running.is_empty() || !alone(live).any(|name| is_down(&name)) {
        return Ok(plan);
    }
    if needs_maintenance(platform, branch) {
        plan.append(web::close(platform, observed, branch, WhenDown::Wait)?);
        let drain = services::drain(platform, branch, &[tried]);
        plan.section("Finish requests of what was tried", Phase::Drain, drain);
    }
    plan.section("Stop what was tried", Phase::Stop, services::stop(platform, running));
    Ok(plan)
}

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
/// it: the deploy that is about to come may be the cure. One whose runner has no command any more has the script it had.
fn run_live(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
    record: &Record,
) -> Result<Vec<Step>, PlanError> {
    let Some(live) = record.live.as_ref().filter(|_| !record.stopped) else { return Ok(Vec::new()) };
    let (mut starts, mut waits) = (Vec::new(), Vec::new());
    for process in &live.processes {
        let service = process.service(branch, live.slot);
        let known = observed.services.get(&service);
        let runner = platform.runner(&service.runner);
        let definition = match runner {
            Some(runner) => services::definition(platform, branch, live, process, runner)?,
            None => None,
        };
        let (Some(runner), Some(definition)) = (runner, definition) else {
            if known.is_some_and(|known| known.supervised && !known.enabled) {
                starts.push(Step::StartService { service });
            }
            continue;
        };
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
