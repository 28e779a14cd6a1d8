//! The new processes start, beside the old ones or after them.

use pypaas_config::{BranchRef, Overlap};

use super::stage::{needs_maintenance, stops_first};
use super::{Phase, Plan, PlanError, build, services};
use crate::{Deployment, Observed, Platform, Runner, ServiceName, Step};

pub(super) fn start(platform: &Platform, observed: &Observed, branch: &BranchRef) -> Result<Plan, PlanError> {
    let record = observed.record(branch);
    let new = record.candidate.as_ref().ok_or_else(|| PlanError::NotDeployed(branch.clone()))?;
    let ports = new.processes.iter().filter_map(|process| process.port);
    let taken: Vec<u16> = ports.filter(|port| observed.ports_in_use.contains(port)).collect();
    if !taken.is_empty() {
        return Err(PlanError::PortsTaken { ports: taken });
    }
    let mut plan = Plan::default();
    if needs_maintenance(platform, branch, Some(new)) {
        let old: Vec<&Deployment> = record.live.iter().collect();
        plan.section(
            "Finish requests of the old version",
            Phase::Drain,
            services::drain(platform, branch, &old),
        );
        let running =
            old.iter().flat_map(|old| old.services(branch)).filter(|name| is_running(observed, name));
        plan.section("Stop the old version", Phase::Stop, services::stop(platform, &record, running));
        let hooks = platform.branch_of(branch, new).map(|config| config.hooks.maintenance);
        let hooks = hooks.unwrap_or_default();
        let hooks = hooks.iter().map(|line| build::run(platform, branch, new, line)).collect();
        plan.section("Maintenance", Phase::Build, hooks);
        plan.section("Start the new version", Phase::Start, processes(platform, branch, new, |_| true));
        return Ok(plan);
    }
    let beside = |runner: &dyn Runner| runner.overlap() == Overlap::StartFirst;
    let title = match record.live {
        Some(_) => "Start the new version beside the old",
        None => "Start the new version",
    };
    plan.section(title, Phase::Start, processes(platform, branch, new, beside));
    let after = |runner: &dyn Runner| runner.overlap() == Overlap::StopFirst;
    let old = record.live.iter().flat_map(|old| old.processes.iter().map(move |it| (old, it)));
    let old = old.filter(|(old, process)| stops_first(platform, branch, old, process));
    let old = old.map(|(old, process)| process.service(branch, old.slot));
    let old = old.filter(|name| is_running(observed, name));
    plan.section("Stop the old workers", Phase::Stop, services::stop(platform, &record, old));
    plan.section("Start the new workers", Phase::Start, processes(platform, branch, new, after));
    Ok(plan)
}

fn is_running(observed: &Observed, service: &ServiceName) -> bool {
    observed.services.get(service).is_some_and(|state| state.enabled || state.process.is_some())
}

/// Plans to start the chosen processes of `new`, all of them before any is waited for.
fn processes(
    platform: &Platform,
    branch: &BranchRef,
    new: &Deployment,
    chosen: impl Fn(&dyn Runner) -> bool,
) -> Vec<Step> {
    let chosen: Vec<_> = services::configured(platform, branch, new)
        .filter(|(_, _, runner)| chosen(runner.as_ref()))
        .collect();
    let starts = chosen.iter().map(|(service, ..)| Step::StartService { service: service.clone() });
    let waits = chosen.iter().map(|(service, process, runner)| {
        services::await_ready(platform, new, service.clone(), process, runner.as_ref())
    });
    starts.chain(waits).collect()
}
