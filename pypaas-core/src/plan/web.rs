//! How nginx's files are switched, and what they lead to.

mod routing_model;

use std::collections::{BTreeMap, BTreeSet};

use pypaas_config::{BranchRef, Domain, DomainName, Location, RunnerRef};

use routing_model::RoutingModel;

use super::{Phase, Plan, PlanError};
use crate::{
    CheckoutName, FileChange, Maintenance, Observed, PendingSwitch, Platform, Process, Record, Route, Step,
    UpstreamName, WebFile, WebFileName, WebInstance, WebRoutes,
};

/// What an nginx that does not run means for a change of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IfServerDown {
    /// The change is about what nginx serves: it fails.
    Fail,
    /// The files are put right, and nginx reads them when it starts.
    Defer,
}

/// Plans maintenance during a deploy: recorded first, so that a crash does not leave it on.
pub(super) fn close(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
    when_down: IfServerDown,
) -> Result<Plan, PlanError> {
    let before = observed.record(branch);
    if before.live.is_none() {
        return Ok(Plan::default());
    }
    let maintenance = before.maintenance.or(Some(Maintenance::Deploy));
    let record = Record { maintenance, ..before.clone() };
    let mut plan = Plan::default();
    let mut steps = Vec::new();
    if record != before {
        steps.push(Step::WriteRecord { branch: branch.clone(), record: Box::new(record.clone()) });
    }
    let view =
        RoutingModel { platform, observed, replaced: Some((branch, &record)), keep_until_deployed: false };
    steps.extend(replace_files(observed, view.of_branch(branch)?, when_down)?);
    plan.section("Switch maintenance on", Phase::Switch, steps);
    Ok(plan)
}

/// Plans to make nginx's files that concern `branch` say what `record` says of it. Nothing when they do already.
///
/// A journal that is found belongs to a switch that did not end: files of other branches go back to their last good
/// text, and so does any file that would be given the very text that was being tried.
pub(super) fn switch(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
    record: &Record,
) -> Result<Vec<Step>, PlanError> {
    let view =
        RoutingModel { platform, observed, replaced: Some((branch, record)), keep_until_deployed: false };
    replace_files(observed, view.of_branch(branch)?, IfServerDown::Fail)
}

/// Plans to make nginx's files say what `record` says of `branch`, and then to replace the record: the commit point. The
/// switch ends after it, so that until then the files can go back to what they were.
pub(super) fn switch_and_commit(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
    record: Record,
) -> Result<(Vec<Step>, Vec<Step>), PlanError> {
    let mut before = switch(platform, observed, branch, &record)?;
    let end = before.pop_if(|step| *step == Step::EndWebSwitch);
    if let Some(Step::BeginWebSwitch { journal }) = before.first_mut() {
        journal.release = record.live.as_ref().map(|live| (branch.clone(), live.release));
    }
    let commit = Step::WriteRecord { branch: branch.clone(), record: Box::new(record) };
    Ok((before, [commit].into_iter().chain(end).collect()))
}

/// Plans the same for what is live now. A domain that is configured to lead to processes which only the next deploy starts
/// goes on as it is.
pub(super) fn restore(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
    when_down: IfServerDown,
) -> Result<Vec<Step>, PlanError> {
    let record = observed.record(branch).without_candidate();
    let view =
        RoutingModel { platform, observed, replaced: Some((branch, &record)), keep_until_deployed: true };
    replace_files(observed, view.of_branch(branch)?, when_down)
}

/// Says in a section's title when nginx will only read its files later.
pub(super) fn title<'a>(observed: &Observed, when_it_runs: &'a str) -> &'a str {
    let starts = !observed.web_is_set_up;
    if observed.web_runs || starts { when_it_runs } else { "Put nginx's files right; it does not run" }
}

/// Plans to give nginx's files the `desired` texts (`None`: no file): noted, written, tested, loaded.
pub(super) fn replace_files(
    observed: &Observed,
    mut desired: BTreeMap<WebFileName, Option<WebFile>>,
    when_down: IfServerDown,
) -> Result<Vec<Step>, PlanError> {
    let unended = observed.pending_switch.as_ref();
    for (file, change) in unended.iter().flat_map(|switch| &switch.files) {
        let wanted = desired.entry(file.clone()).or_insert_with(|| change.accepted.clone());
        if *wanted == change.proposed {
            wanted.clone_from(&change.accepted);
        }
    }
    let is_first = unended.map_or(!observed.web_is_set_up, |switch| switch.is_first);
    let mut switch = PendingSwitch { is_first, ..PendingSwitch::default() };
    let mut writes = Vec::new();
    let mut routes = observed.web_routes.clone();
    for (file, proposed) in desired {
        let on_disk = observed.web_files.get(&file);
        let earlier = unended.and_then(|switch| switch.files.get(&file));
        if on_disk == proposed.as_ref() && earlier.is_none() {
            continue;
        }
        let accepted = earlier.map_or_else(|| on_disk.cloned(), |change| change.accepted.clone());
        switch.files.insert(file.clone(), FileChange { accepted, proposed: proposed.clone() });
        match proposed {
            Some(wanted) => {
                routes.set(&file, wanted.routes);
                if on_disk.is_none_or(|found| found.text != wanted.text) {
                    writes.push(Step::WriteWebFile { file, text: wanted.text });
                }
            }
            None => {
                routes.set(&file, BTreeSet::new());
                if on_disk.is_some() {
                    writes.push(Step::RemoveWebFile { file });
                }
            }
        }
    }
    if switch.files.is_empty() {
        return Ok(Vec::new());
    }
    routes.former_ports = former_ports(observed, &routes);
    let changed = |instance: &WebInstance| switch.files.keys().any(|file| file.instance() == *instance);
    // A first switch that is taken back leaves them without the files that they are started with.
    let stays = |instance: &WebInstance| {
        switch.files.get(&WebFileName::main(*instance)).is_none_or(|change| change.proposed.is_some())
    };
    let (all, gone): (Vec<WebInstance>, Vec<WebInstance>) = WebInstance::ALL.into_iter().partition(stays);
    let stopped = if is_first { gone } else { Vec::new() };
    let changed: Vec<WebInstance> = all.iter().copied().filter(changed).collect();
    let starts = !observed.web_runs && (!observed.web_is_set_up || when_down == IfServerDown::Fail);
    let load = |instance| match observed.web_runs || starts {
        true => Step::ReloadWebServer { instance },
        false => Step::ReloadIfRunning { instance },
    };
    let loaded = if starts { all } else { changed.clone() };
    let mut steps = vec![Step::BeginWebSwitch { journal: switch }];
    steps.extend(writes);
    if routes != observed.web_routes {
        steps.push(Step::WriteWebRoutes { routes });
    }
    steps.extend(stopped.into_iter().map(|instance| Step::StopWebServer { instance }));
    steps.extend(changed.into_iter().map(|instance| Step::TestWebServer { instance }));
    steps.extend(loaded.into_iter().map(load));
    steps.push(Step::EndWebSwitch);
    Ok(steps)
}

/// Lists the ports that workers of the router may send requests to though `routes` do not name them: those taken out now, and
/// those taken out before while workers with an older configuration are there.
fn former_ports(observed: &Observed, routes: &WebRoutes) -> BTreeSet<u16> {
    let mut former = observed.web_routes.ports();
    if observed.web_has_old_workers {
        former.extend(&observed.web_routes.former_ports);
    }
    &former - &routes.ports()
}

/// Names the files that concern `branch`: its domains, their upstreams, and what all domains have in common. None without domains.
pub(crate) fn files_of(
    platform: &Platform,
    branch: &BranchRef,
    record: Option<&Record>,
) -> BTreeSet<WebFileName> {
    let domains: Vec<(&DomainName, &Domain)> = platform.domains(branch).collect();
    let own = own_runners(platform, branch, record).into_iter();
    let upstreams = domains.iter().flat_map(|(_, domain)| domain.targets().cloned()).chain(own);
    let mut files: BTreeSet<WebFileName> = upstreams.map(|runner| upstream_file(&runner)).collect();
    for instance in WebInstance::ALL {
        files.extend((!domains.is_empty()).then(|| WebFileName::main(instance)));
        files.extend(domains.iter().map(|(name, _)| WebFileName::domain_of(instance, name)));
    }
    files
}

/// Names the runners of `branch`: those that are configured, and those whose processes `record` names.
fn own_runners(platform: &Platform, branch: &BranchRef, record: Option<&Record>) -> BTreeSet<RunnerRef> {
    let configured = platform.runners(branch, None).into_keys();
    let deployed = record.into_iter().flat_map(Record::deployed).flat_map(|it| &it.processes);
    configured.chain(deployed.map(|it| it.runner.clone())).map(|name| branch.runner(&name)).collect()
}

/// Says what all of nginx's files should say; others of pypaas's making should not be. Domains that are left as they are
/// because they wait for a deploy are not among them.
pub(super) fn all_desired(
    platform: &Platform,
    observed: &Observed,
) -> Result<BTreeMap<WebFileName, Option<WebFile>>, PlanError> {
    let view = RoutingModel { platform, observed, replaced: None, keep_until_deployed: true };
    let mut files = view.texts(platform.configuration.domains.iter(), BTreeSet::new())?;
    // Without any domain the edge and the router go on, and refuse every name.
    if WebInstance::ALL.into_iter().any(|it| observed.web_files.contains_key(&WebFileName::main(it))) {
        files.extend(view.mains()?);
    }
    Ok(files)
}

/// Names the file of a runner's upstream.
fn upstream_file(runner: &RunnerRef) -> WebFileName {
    WebFileName::upstream(&UpstreamName::new(runner))
}

/// Returns whether nginx's files lead to a version of `branch` that is neither live nor was to stay: switched to by a deploy
/// that failed before its commit point, and not put back since. It must go on running.
pub fn is_served_unrecorded(platform: &Platform, observed: &Observed, branch: &BranchRef) -> bool {
    let record = observed.record(branch);
    let live = record.live.as_ref();
    let others = || [&record.candidate, &record.previous].into_iter().flatten();
    // What a switch that did not end wrote was never loaded.
    let accepted = |file: &WebFileName| {
        let change = observed.pending_switch.as_ref().and_then(|switch| switch.files.get(file));
        change.map_or_else(|| observed.web_files.get(file), |change| change.accepted.as_ref())
    };
    let is_sent_requests = |process: &Process| {
        let is_live =
            |port| live.is_some_and(|live| live.processes.iter().any(|it| it.number() == Some(port)));
        let file = accepted(&upstream_file(&branch.runner(&process.runner)));
        process.number().is_some_and(|port| !is_live(port) && file.is_some_and(|file| file.has_server(port)))
    };
    let is_served = |checkout: &CheckoutName| {
        let mut files = platform.domains(branch).filter_map(|(name, _)| accepted(&WebFileName::domain(name)));
        live.is_none_or(|live| live.checkout != *checkout)
            && files.any(|file| file.serves_checkout(branch, checkout))
    };
    others().any(|it| is_served(&it.checkout)) || others().flat_map(|it| &it.processes).any(is_sent_requests)
}

/// Finds what a location leads to while the records are as observed.
pub fn route_of(platform: &Platform, observed: &Observed, location: &Location) -> Route {
    let branch = location.upstream.branch_ref();
    let record = observed.record(&branch);
    RoutingModel { platform, observed, replaced: Some((&branch, &record)), keep_until_deployed: false }
        .location_route(location)
        .0
}
