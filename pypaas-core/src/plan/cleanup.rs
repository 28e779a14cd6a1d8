//! What nobody owns any more is removed.

use std::collections::{BTreeMap, BTreeSet};

use pypaas_config::{BranchRef, RepoName};

use super::web::{self, IfServerDown};
use super::{Phase, Plan, PlanError, services};
use crate::{Deployment, Observed, Platform, Step, WebFile, WebFileName};

/// Plans to mend the hook of every repository.
pub fn hooks(platform: &Platform, observed: &Observed) -> Plan {
    let mend = |repo: &RepoName| Step::PrepareRepo { repo: repo.clone(), hook: platform.hook.clone() };
    let known = platform.configuration.repos.keys().filter(|repo| observed.repos.contains(*repo));
    let mut plan = Plan::default();
    plan.section("Mend hooks", Phase::Check, known.map(mend).collect());
    plan
}

/// Plans to make all of nginx's files say what they should, except those `held_back`, which nginx rejected: they go on
/// saying what it accepted last.
///
/// After a switch that did not end this takes it back; planned once more, it then does what is wanted.
pub fn web_files(
    platform: &Platform,
    observed: &Observed,
    held_back: &BTreeSet<WebFileName>,
) -> Result<Plan, PlanError> {
    let desired = desired(platform, observed, held_back)?;
    let mut plan = Plan::default();
    plan.section(
        web::title(observed, "Make nginx's files say what is configured"),
        Phase::Switch,
        web::replace_files(observed, desired, IfServerDown::Defer)?,
    );
    Ok(plan)
}

/// Says what every file in nginx's directory should say. While a domain's file is broken, held back or waits for a deploy, what
/// it last said stays, and so do the upstreams it may name.
fn desired(
    platform: &Platform,
    observed: &Observed,
    held_back: &BTreeSet<WebFileName>,
) -> Result<BTreeMap<WebFileName, Option<WebFile>>, PlanError> {
    let mut files = web::all_desired(platform, observed)?;
    let configuration = &platform.configuration;
    let waits = configuration.domains.keys().any(|name| !files.contains_key(&WebFileName::domain(name)));
    let all_known = configuration.broken_domains.is_empty() && held_back.is_empty() && !waits;
    for file in observed.web_files.keys() {
        let stays = file.as_domain().map_or(!all_known, |domain| {
            configuration.broken_domains.contains(&domain) || configuration.domains.contains_key(&domain)
        });
        if !stays {
            files.entry(file.clone()).or_insert(None);
        }
    }
    files.retain(|file, _| !held_back.contains(file));
    Ok(files)
}

/// Lists the branches of which something is left that are not configured any more. One that nginx may still send requests
/// to is none of them.
pub fn unconfigured_branches(platform: &Platform, observed: &Observed) -> BTreeSet<BranchRef> {
    let is_configured = |branch: &BranchRef| {
        platform.branch(branch).is_some() || platform.configuration.broken_repos.contains(&branch.repo)
    };
    let with_services = observed.services.keys().map(|name| name.branch());
    let with_checkouts =
        observed.checkouts.iter().filter(|(_, names)| !names.is_empty()).map(|(branch, _)| branch.clone());
    let all = observed.records.keys().cloned().chain(with_services).chain(with_checkouts);
    all.filter(|branch| !is_configured(branch) && !is_served(observed, branch)).collect()
}

/// Returns whether the file of a domain sends requests to `branch`.
fn is_served(observed: &Observed, branch: &BranchRef) -> bool {
    let mut domains = observed.web_files.iter().filter(|(file, _)| file.as_domain().is_some());
    domains.any(|(_, file)| file.routes_to(branch))
}

/// Plans to remove all that is left of `branch`, which is not configured any more.
pub fn remove_branch(platform: &Platform, observed: &Observed, branch: &BranchRef) -> Plan {
    let mut plan = Plan::default();
    let services: Vec<_> = observed.services.iter().filter(|(name, _)| name.branch() == *branch).collect();
    let running = services.iter().filter(|(_, state)| state.enabled || state.process.is_some());
    let running: Vec<_> = running.map(|(name, _)| (*name).clone()).collect();
    let record = observed.record(branch);
    let tried = record
        .candidate
        .iter()
        .map(|tried| Step::EndCommands { branch: branch.clone(), checkout: tried.checkout.clone() });
    plan.section(format!("End what was being built of {branch}"), Phase::Stop, tried.collect());
    if !running.is_empty() {
        let deployed: Vec<&Deployment> = record.deployed().collect();
        let drain = match deployed.is_empty() {
            true => services::drain_unrecorded(platform, observed, &running),
            false => services::drain(platform, branch, &deployed),
        };
        plan.section(format!("Finish requests of {branch}, which is not configured"), Phase::Drain, drain);
    }
    plan.section(
        format!("Stop {branch}, which is not configured"),
        Phase::Stop,
        services::stop(platform, &observed.record(branch), running),
    );
    let removals = services.iter().map(|(name, _)| Step::RemoveService { service: (*name).clone() });
    let checkouts = observed.checkouts.get(branch).into_iter().flatten();
    let checkouts = checkouts.map(|name| Step::RemoveCheckout {
        branch: branch.clone(),
        checkout: name.clone(),
        live_since: record.live_since(name),
    });
    let sockets = services::remove_sockets(platform, record.deployed());
    let has_record = observed.records.contains_key(branch);
    let record = has_record.then(|| Step::RemoveRecord { branch: branch.clone() });
    plan.section(
        format!("Remove {branch}, which is not configured"),
        Phase::Stop,
        removals.chain(sockets).chain(checkouts).chain(record).collect(),
    );
    plan
}
