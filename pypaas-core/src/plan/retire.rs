//! Whatever is neither live nor tried is drained, stopped and removed.

use std::collections::BTreeSet;

use pypaas_config::BranchRef;

use super::{Phase, Plan, services};
use crate::{CheckoutName, Deployment, Observed, Platform, ServiceName, Step};

/// Plans it; the checkout `kept`, which is about to be used again, stays.
pub(super) fn retire(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
    kept: Option<&CheckoutName>,
) -> Plan {
    let record = observed.record(branch);
    let wanted: BTreeSet<ServiceName> = record.live.iter().flat_map(|live| live.services(branch)).collect();
    let runs = |name: &ServiceName| wanted.contains(name) && !record.stopped;
    let own = || observed.services.iter().filter(|(name, _)| name.branch() == *branch);
    let stale = own().filter(|(name, state)| !runs(name) && (state.enabled || state.process.is_some()));
    let stale: Vec<ServiceName> = stale.map(|(name, _)| name.clone()).collect();

    let mut plan = Plan::default();
    let tried = record.candidate.iter().map(|tried| &tried.checkout);
    let tried =
        tried.filter(|checkout| observed.checkouts.get(branch).is_some_and(|it| it.contains(*checkout)));
    let end =
        |checkout: &CheckoutName| Step::EndCommands { branch: branch.clone(), checkout: checkout.clone() };
    plan.section("End what was being built", Phase::Stop, tried.map(end).collect());
    let stopped = record.live.as_ref().filter(|_| record.stopped);
    let old: Vec<&Deployment> =
        [&record.previous, &record.candidate].into_iter().flatten().chain(stopped).collect();
    let (drain, stop) = match (record.stopped, &record.candidate) {
        (true, _) => ("Finish requests", "Stop what runs"),
        (false, Some(_)) => ("Finish requests of what was tried", "Stop what was tried"),
        (false, None) => ("Finish requests of the old version", "Stop the old version"),
    };
    // Files are asked for without a process, for as long as a worker of nginx has the old configuration.
    let old_files = record.previous.as_ref().is_some_and(|old| services::serves_files(platform, branch, old));
    if !stale.is_empty() || old_files {
        let steps = match old.is_empty() && record.live.is_none() {
            true => services::drain_unrecorded(platform, observed, &stale),
            false => services::drain(platform, branch, &old),
        };
        plan.section(drain, Phase::Drain, steps);
    }
    plan.section(stop, Phase::Stop, services::stop(platform, &record, stale));

    // A free slot stays, stopped, for the next deploy; what has no live process beside it goes.
    let has_live =
        |name: &ServiceName| wanted.contains(&ServiceName { slot: name.slot.other(), ..name.clone() });
    let gone = own().filter(|(name, _)| !wanted.contains(name) && !has_live(name));
    let mut rest: Vec<Step> = gone.map(|(name, _)| Step::RemoveService { service: name.clone() }).collect();
    let stale = [&record.previous, &record.candidate].into_iter().flatten();
    rest.extend(services::remove_sockets(platform, stale));
    rest.extend(old_checkouts(platform, observed, branch, kept));
    if record.is_unfinished() {
        rest.push(Step::WriteRecord { branch: branch.clone(), record: Box::new(record.without_candidate()) });
    }
    plan.section("Tidy up", Phase::Stop, rest);
    plan
}

/// Plans to remove every checkout but the live one and as many of those that were live last as `keep_checkouts` says. While
/// the file of any domain is broken, nginx may still serve files of an older checkout under what that domain last said: then
/// none is removed.
fn old_checkouts(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
    kept: Option<&CheckoutName>,
) -> Vec<Step> {
    if !platform.configuration.broken_domains.is_empty() {
        return Vec::new();
    }
    let record = observed.record(branch);
    let live = record.live.as_ref().map(|live| &live.checkout);
    let there = observed.checkouts.get(branch).into_iter().flatten();
    let there: Vec<&CheckoutName> = there.filter(|name| ![live, kept].contains(&Some(*name))).collect();
    let mut recent: Vec<&CheckoutName> = Vec::new();
    for name in record.releases.iter().rev().map(|release| &release.checkout) {
        if there.contains(&name) && !recent.contains(&name) {
            recent.push(name);
        }
    }
    recent.truncate(usize::from(platform.configuration.settings.keep_checkouts));
    let old = there.into_iter().filter(|name| !recent.contains(name));
    let remove = |name: &CheckoutName| Step::RemoveCheckout {
        branch: branch.clone(),
        checkout: name.clone(),
        live_since: record.live_since(name),
    };
    old.map(remove).collect()
}
