//! Services of a deployed checkout, as plans see them.

use std::collections::BTreeMap;
use std::time::Duration;

use pypaas_config::BranchRef;

use crate::{
    Confinement, Definition, Deployment, Observed, Platform, Process, Runner, Script, ScriptTextError,
    ServiceName, Step,
};

/// How long a process has to end when its runner is no longer configured.
const DEFAULT_STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// How long connections may last when their runner is no longer configured.
const DEFAULT_DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

/// Lists the processes of `deployed` whose runner is still configured, with their services and runners.
pub(super) fn configured<'a>(
    platform: &'a Platform,
    branch: &'a BranchRef,
    deployed: &'a Deployment,
) -> impl Iterator<Item = (ServiceName, &'a Process, &'a dyn Runner)> {
    deployed.processes.iter().filter_map(move |process| {
        let runner = platform.runner(&branch.runner(&process.runner))?;
        Some((process.service(branch, deployed.slot), process, runner))
    })
}

/// Finds the runner of `process`; `None` when it is not configured any more, or is of another type than it was.
pub(super) fn runner_of<'a>(
    platform: &'a Platform,
    branch: &BranchRef,
    process: &Process,
) -> Option<&'a dyn Runner> {
    let runner = platform.runner(&branch.runner(&process.runner))?;
    (runner.command().is_some() && runner.needs_port() == process.port.is_some()).then_some(runner)
}

/// Prints the scripts of one process; `None` when its runner has no command.
pub(super) fn definition(
    platform: &Platform,
    branch: &BranchRef,
    deployed: &Deployment,
    process: &Process,
    runner: &dyn Runner,
) -> Result<Option<Definition>, ScriptTextError> {
    let Some(command) = runner.command() else { return Ok(None) };
    let mut environment = platform.environment(branch, deployed);
    if let Some(port) = process.port {
        environment.set("PORT", port.to_string());
    }
    let confinement = platform.confinement(branch, &deployed.checkout);
    let confinement = confinement.map(|it| Confinement { ports: process.port.into_iter().collect(), ..it });
    let script = Script {
        service: process.service(branch, deployed.slot),
        command: command.to_owned(),
        checkout: platform.layout.checkout(branch, &deployed.checkout),
        environment,
        confinement,
    };
    platform.scripts.definition(&script).map(Some)
}

/// Plans to wait until `process` counts as started.
pub(super) fn await_ready(
    platform: &Platform,
    service: ServiceName,
    process: &Process,
    runner: &dyn Runner,
) -> Step {
    let origin = platform.origin(&service.runner);
    Step::AwaitReady { service, port: process.port, origin, readiness: runner.readiness() }
}

/// Plans to stop `services`: those that have the same patience together.
pub(super) fn stop(platform: &Platform, services: impl IntoIterator<Item = ServiceName>) -> Vec<Step> {
    let mut by_timeout: BTreeMap<Duration, Vec<ServiceName>> = BTreeMap::new();
    for service in services {
        let runner = platform.runner(&service.runner).filter(|runner| runner.command().is_some());
        let timeout = runner.map_or(DEFAULT_STOP_TIMEOUT, |runner| runner.patience().1);
        by_timeout.entry(timeout).or_default().push(service);
    }
    by_timeout.into_iter().map(|(timeout, services)| Step::StopServices { services, timeout }).collect()
}

/// Plans to wait for the requests of `deployed`: those its processes answer, and those for its files.
pub(super) fn drain(platform: &Platform, branch: &BranchRef, deployed: &[&Deployment]) -> Vec<Step> {
    let processes = || deployed.iter().flat_map(|it| &it.processes).filter(|it| it.port.is_some());
    let patience = |process: &Process| {
        runner_of(platform, branch, process).map_or(DEFAULT_DRAIN_TIMEOUT, |runner| runner.patience().0)
    };
    let files = (!deployed.is_empty() && serves_files(platform, branch)).then_some(DEFAULT_DRAIN_TIMEOUT);
    let Some(timeout) = processes().map(patience).chain(files).max() else { return Vec::new() };
    vec![Step::Drain { ports: processes().filter_map(|it| it.port).collect(), timeout }]
}

/// Plans to wait for the requests of `services` that no record names any more: the ports they have are among those that
/// nginx sent requests to before.
pub(super) fn drain_unrecorded(
    platform: &Platform,
    observed: &Observed,
    services: &[ServiceName],
) -> Vec<Step> {
    let patience = |service: &ServiceName| match platform.runner(&service.runner) {
        Some(runner) => runner.needs_port().then(|| runner.patience().0),
        None => Some(DEFAULT_DRAIN_TIMEOUT),
    };
    let Some(timeout) = services.iter().filter_map(patience).max() else { return Vec::new() };
    vec![Step::Drain { ports: observed.web_routes.former_ports.clone(), timeout }]
}

/// Returns the longest time that any runner's connections may last after a switch.
pub(super) fn longest_drain(platform: &Platform) -> Duration {
    let timeouts = platform.all_runners().map(|runner| runner.patience().0);
    timeouts.chain([DEFAULT_DRAIN_TIMEOUT]).max().unwrap_or(DEFAULT_DRAIN_TIMEOUT)
}

/// Returns whether nginx serves files of `branch` itself.
pub(super) fn serves_files(platform: &Platform, branch: &BranchRef) -> bool {
    let runners = platform.branch(branch).into_iter().flat_map(|config| config.runners.keys());
    let mut runners = runners.filter_map(|runner| platform.runner(&branch.runner(runner)));
    runners.any(|runner| runner.command().is_none())
}
