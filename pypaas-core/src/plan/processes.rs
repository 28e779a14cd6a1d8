//! Whether what runs is what is configured.

use std::collections::{BTreeMap, BTreeSet};

use pypaas_config::{BranchRef, RunnerName};

use super::{PlanError, services};
use crate::{Deployment, Observed, Platform, Process, Record};

/// Lists the configured branches that have a record.
pub fn recorded(platform: &Platform, records: &BTreeMap<BranchRef, Record>) -> Vec<BranchRef> {
    records.keys().filter(|branch| platform.branch(branch).is_some()).cloned().collect()
}

/// Returns whether `branch` is live with other processes than are configured: more or fewer, or with other commands or
/// environments. They cannot be replaced while they are routed to by an nginx that does not run. One that was never started, for
/// want of a domain, routes to nothing.
pub fn wants_new_processes(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
) -> Result<bool, PlanError> {
    let record = observed.record(branch);
    let Some(live) = record.live.as_ref().filter(|_| !record.stopped) else { return Ok(false) };
    if platform.branch(branch).is_some_and(|config| config.procfile) && live.manifest.is_none() {
        // Only its commit knows its runners: a rebuild asks it.
        return Ok(false);
    }
    let is_down = observed.web_is_set_up && !observed.web_runs;
    if is_down && platform.runners(branch, Some(live)).values().any(|runner| runner.nginx().is_some()) {
        return Ok(false);
    }
    if configured(platform, branch, live) != live.processes.iter().map(shape).collect() {
        return Ok(true);
    }
    for (service, process, runner) in services::configured(platform, branch, live) {
        let wanted = services::definition(platform, branch, live, process, runner.as_ref())?;
        let known = observed.services.get(&service).map(|known| &known.definition);
        if wanted.is_some() && known != wanted.as_ref() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a process is apart from the number of its port.
type Shape = (RunnerName, u16, bool, bool);

fn shape(process: &Process) -> Shape {
    (process.runner.clone(), process.index, process.port.is_some(), process.socket.is_some())
}

fn configured(platform: &Platform, branch: &BranchRef, live: &Deployment) -> BTreeSet<Shape> {
    let runners = platform.runners(branch, Some(live));
    runners
        .iter()
        .flat_map(|(name, runner)| {
            let shape = move |index| (name.clone(), index, runner.needs_port(), runner.needs_socket());
            (0..runner.process_count()).map(shape)
        })
        .collect()
}
