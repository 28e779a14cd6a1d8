//! Services of a deployed checkout, as plans see them.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use pypaas_config::BranchRef;

use crate::{
    Confinement, Definition, Deployment, Listen, Observed, Platform, Process, Record, Runner, Script,
    ScriptTextError, ServiceName, Step,
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
) -> impl Iterator<Item = (ServiceName, &'a Process, Rc<dyn Runner>)> {
    let runners = platform.runners(branch, Some(deployed));
    deployed.processes.iter().filter_map(move |process| {
        let runner = runners.get(&process.runner)?;
        Some((process.service(branch, deployed.slot), process, Rc::clone(runner)))
    })
}

/// Finds the runner of `process` of `deployed`; `None` when it is not configured any more, or is of another type than it was.
pub(super) fn runner_of(
    platform: &Platform,
    branch: &BranchRef,
    deployed: &Deployment,
    process: &Process,
) -> Option<Rc<dyn Runner>> {
    let runner = platform.runner(&branch.runner(&process.runner), Some(deployed))?;
    let same =
        runner.needs_port() == process.port.is_some() && runner.needs_socket() == process.socket.is_some();
    (runner.command().is_some() && same).then_some(runner)
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
    let socket = process.socket.map(|number| platform.layout.socket_directory(number));
    if let Some(Listen::Socket(path)) = process.listen(&platform.layout) {
        environment.set("SOCKET", path.as_str());
    }
    let confinement = platform.confinement(branch, &deployed.checkout);
    let confinement = confinement.map(|it| Confinement { ports: process.port.into_iter().collect(), ..it });
    let confinement = confinement.map(|it| socket.iter().fold(it, |it, directory| it.with(directory)));
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
    deployed: &Deployment,
    service: ServiceName,
    process: &Process,
    runner: &dyn Runner,
) -> Step {
    let checkout = || platform.layout.checkout(&service.branch(), &deployed.checkout);
    Step::AwaitReady {
        listen: process.listen(&platform.layout),
        script: runner.script().map(|script| checkout().join(script)),
        origin: platform.origin(&service.runner),
        readiness: runner.readiness(),
        service,
    }
}

/// Plans to stop `services` of what `record` names: those that have the same patience together.
pub(super) fn stop(
    platform: &Platform,
    record: &Record,
    services: impl IntoIterator<Item = ServiceName>,
) -> Vec<Step> {
    let mut by_timeout: BTreeMap<Duration, Vec<ServiceName>> = BTreeMap::new();
    for service in services {
        let branch = service.branch();
        let owner = record.deployed().find(|it| it.services(&branch).any(|name| name == service));
        let runner = platform.runner(&service.runner, owner.or(record.live.as_ref()));
        let runner = runner.filter(|runner| runner.command().is_some());
        let timeout = runner.map_or(DEFAULT_STOP_TIMEOUT, |runner| runner.patience().1);
        by_timeout.entry(timeout).or_default().push(service);
    }
    by_timeout.into_iter().map(|(timeout, services)| Step::StopServices { services, timeout }).collect()
}

/// Plans to remove the directories of the sockets of `deployed`, whose processes have stopped.
pub(super) fn remove_sockets<'a>(
    platform: &Platform,
    deployed: impl IntoIterator<Item = &'a Deployment>,
) -> Vec<Step> {
    let numbers = deployed.into_iter().flat_map(|it| &it.processes).filter_map(|process| process.socket);
    numbers.map(|number| Step::RemoveDirectory { path: platform.layout.socket_directory(number) }).collect()
}

/// Plans to wait for the requests of `deployed`: those its processes answer, and those for its files.
pub(super) fn drain(platform: &Platform, branch: &BranchRef, deployed: &[&Deployment]) -> Vec<Step> {
    let processes = || {
        let all = deployed.iter().flat_map(|it| it.processes.iter().map(move |process| (*it, process)));
        all.filter(|(_, process)| process.number().is_some())
    };
    let patience = |(deployed, process): (&Deployment, &Process)| {
        let runner = runner_of(platform, branch, deployed, process);
        runner.map_or(DEFAULT_DRAIN_TIMEOUT, |runner| runner.patience().0)
    };
    let any_files = deployed.iter().any(|deployed| serves_files(platform, branch, deployed));
    let files = any_files.then_some(DEFAULT_DRAIN_TIMEOUT);
    let Some(timeout) = processes().map(patience).chain(files).max() else { return Vec::new() };
    vec![Step::Drain { ports: processes().filter_map(|(_, it)| it.number()).collect(), timeout }]
}

/// Plans to wait for the requests of `services` that no record names any more: the ports they have are among those that
/// nginx sent requests to before.
pub(super) fn drain_unrecorded(
    platform: &Platform,
    observed: &Observed,
    services: &[ServiceName],
) -> Vec<Step> {
    let patience = |service: &ServiceName| match platform.runner(&service.runner, None) {
        Some(runner) => (runner.needs_port() || runner.needs_socket()).then(|| runner.patience().0),
        None => Some(DEFAULT_DRAIN_TIMEOUT),
    };
    let Some(timeout) = services.iter().filter_map(patience).max() else { return Vec::new() };
    vec![Step::Drain { ports: observed.web_routes.former_ports.clone(), timeout }]
}

/// Returns the longest time that any runner's connections may last after a switch.
pub(super) fn longest_drain(platform: &Platform, records: &BTreeMap<BranchRef, Record>) -> Duration {
    let timeouts = platform.all_runners().map(|runner| runner.patience().0);
    let brings = |branch: &BranchRef| platform.branch(branch).is_some_and(|config| config.procfile);
    let bringing = records.iter().filter(|(branch, _)| brings(branch));
    let deployed = bringing.flat_map(|(branch, record)| record.deployed().map(move |it| (branch, it)));
    let brought = deployed.flat_map(|(branch, it)| platform.runners(branch, Some(it)).into_values());
    let timeouts = timeouts.chain(brought.map(|runner| runner.patience().0));
    timeouts.chain([DEFAULT_DRAIN_TIMEOUT]).max().unwrap_or(DEFAULT_DRAIN_TIMEOUT)
}

/// Returns whether nginx serves files of `deployed` itself.
pub(super) fn serves_files(platform: &Platform, branch: &BranchRef, deployed: &Deployment) -> bool {
    platform.runners(branch, Some(deployed)).values().any(|runner| runner.command().is_none())
}
