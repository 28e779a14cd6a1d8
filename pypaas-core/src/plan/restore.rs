//! What the record calls live runs, and nginx routes to it.

use pypaas_config::BranchRef;

use super::stage::{needs_maintenance, stops_first};
use super::web::{self, IfServerDown};
use super::{Phase, Plan, PlanError, services};
use crate::{Deployment, Observed, Platform, Process, Record, ServiceName, Step};

/// Plans to stop what was tried before what is live starts again: nginx answers meanwhile, where it leads there.
pub(super) fn clear(platform: &Platform, observed: &Observed, branch: &BranchRef) -> Result<Plan, PlanError> {
    let record = observed.record(branch);
    let mut plan = Plan::default();
    let (Some(live), Some(tried)) = (&record.live, &record.candidate) else { return Ok(plan) };
    let all_alone = needs_maintenance(platform, branch, Some(tried));
    let alone = |deployed: &'_ Deployment| -> Vec<ServiceName> {
        let alone = |it: &&Process| all_alone || stops_first(platform, branch, deployed, it);
        deployed.processes.iter().filter(alone).map(|it| it.service(branch, deployed.slot)).collect()
    };
    let state = |name: &ServiceName| observed.services.get(name);
    let is_down = |name: &ServiceName| state(name).is_none_or(|known| !known.enabled);
    let is_up =
        |name: &ServiceName| state(name).is_some_and(|known| known.enabled || known.process.is_some());
    let running: Vec<ServiceName> = alone(tried).into_iter().filter(is_up).collect();
    if record.stopped || running.is_empty() || !alone(live).iter().any(is_down) {
        return Ok(plan);
    }
    if all_alone {
        plan.append(web::close(platform, observed, branch, IfServerDown::Defer)?);
        let drain = services::drain(platform, branch, &[tried]);
        plan.section("Finish requests of what was tried", Phase::Drain, drain);
    }
    plan.section("Stop what was tried", Phase::Stop, services::stop(platform, &record, running));
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
        let steps = web::restore(platform, observed, branch, IfServerDown::Defer)?;
        plan.lenient_section(title, Phase::Check, steps);
    } else {
        let steps = web::restore(platform, observed, branch, IfServerDown::Fail)?;
        plan.section(title, Phase::Check, steps);
    }
    Ok(plan)
}

/// Plans to start live services that the supervisor was not told to keep running. One that it keeps restarting is left to
/// it: the deploy that is about to come may be the cure. One whose runner has no command any more has the script it had. Where the
/// checkout is lost, as after the restore of a host, nothing can start before a deploy.
fn run_live(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
    record: &Record,
) -> Result<Vec<Step>, PlanError> {
    let Some(live) = record.live.as_ref().filter(|_| !record.stopped) else { return Ok(Vec::new()) };
    if observed.checkouts.get(branch).is_some_and(|there| !there.contains(&live.checkout)) {
        return Ok(Vec::new());
    }
    let (mut starts, mut waits) = (Vec::new(), Vec::new());
    for process in &live.processes {
        let service = process.service(branch, live.slot);
        let known = observed.services.get(&service);
        let runner = platform.runner(&service.runner, Some(live));
        let definition = match &runner {
            Some(runner) => services::definition(platform, branch, live, process, runner.as_ref())?,
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
            waits.push(services::await_ready(platform, live, service, process, runner.as_ref()));
        }
    }
    starts.extend(waits);
    Ok(starts)
}
