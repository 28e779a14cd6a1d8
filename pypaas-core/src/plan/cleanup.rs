//! What nobody owns any more is removed.

use std::collections::BTreeMap;

use pypaas_config::{BranchRef, RepoName};

use super::{Phase, Plan, PlanError, services, web};
use crate::{Observed, Platform, Step, WebFileName};

/// Plans to remove services, checkouts, records and nginx files of branches and domains that are not configured any more,
/// and to mend the hook of every repository. Repositories and data folders stay; what belongs to a broken
/// configuration file stays too.
pub fn cleanup(platform: &Platform, observed: &Observed) -> Result<Plan, PlanError> {
    let configuration = &platform.configuration;
    let orphaned = |branch: &BranchRef| {
        platform.branch(branch).is_none() && !configuration.broken_repos.contains(&branch.repo)
    };
    let mut plan = Plan::default();

    let hooks = |repo: &RepoName| Step::PrepareRepo { repo: repo.clone(), hook: platform.hook.clone() };
    let known = configuration.repos.keys().filter(|repo| observed.repos.contains(*repo));
    plan.section("Mend hooks", Phase::Check, known.map(hooks).collect());

    plan.section(
        "Remove nginx files nobody owns",
        Phase::Switch,
        web::replace_files(observed, web_files(platform, observed)?)?,
    );

    let services: Vec<_> = observed.services.iter().filter(|(name, _)| orphaned(&name.branch())).collect();
    let running = services.iter().filter(|(_, state)| state.enabled || state.process.is_some());
    let stops = services::stop(platform, running.map(|(name, _)| (*name).clone()));
    plan.section("Stop what is not configured", Phase::Stop, stops);
    let removals = services.iter().map(|(name, _)| Step::RemoveService { service: (*name).clone() });
    let checkouts =
        observed.checkouts.iter().filter(|(branch, _)| orphaned(branch)).flat_map(|(branch, names)| {
            names.iter().map(|name| Step::RemoveCheckout { branch: branch.clone(), checkout: name.clone() })
        });
    let records = observed.records.keys().filter(|branch| orphaned(branch));
    let records = records.map(|branch| Step::RemoveRecord { branch: branch.clone() });
    plan.section(
        "Remove what is not configured",
        Phase::Stop,
        removals.chain(checkouts).chain(records).collect(),
    );
    Ok(plan)
}

/// Says what every file in nginx's folder should say. While a domain's file is broken, what it last said stays, and so do
/// the upstreams it may name.
fn web_files(
    platform: &Platform,
    observed: &Observed,
) -> Result<BTreeMap<WebFileName, Option<String>>, PlanError> {
    let broken = &platform.configuration.broken_domains;
    let stays = |file: &WebFileName| match file.as_domain() {
        Some(domain) => broken.contains(&domain),
        None => !broken.is_empty(),
    };
    let mut files = web::all_desired(platform, observed)?;
    for file in observed.web_files.keys().filter(|file| !stays(file)) {
        files.entry(file.clone()).or_insert(None);
    }
    Ok(files)
}
