//! The beginning of a deploy: slot, ports and name are chosen and recorded.

use std::collections::BTreeSet;
use std::rc::Rc;

use pypaas_config::{BranchRef, RunnerName};

use super::{Phase, Plan, PlanError, Request, Source};
use crate::{
    CheckoutName, Deployment, Observed, Platform, Process, Record, Runner, Slot, Step, UnknownFields,
};

pub(super) fn begin(platform: &Platform, observed: &Observed, request: &Request) -> Result<Plan, PlanError> {
    let branch = &request.branch;
    let record = observed.record(branch);
    let candidate = candidate(platform, observed, request, &record)?;
    let (title, notes) = told(platform, branch, &candidate);
    let record = Record { candidate: Some(candidate), ..record };
    let mut plan = Plan::default();
    plan.noted_section(
        title,
        Phase::Check,
        notes,
        vec![Step::WriteRecord { branch: branch.clone(), record: Box::new(record) }],
    );
    Ok(plan)
}

/// Says what of the release itself decides how it is run.
fn told(platform: &Platform, branch: &BranchRef, candidate: &Deployment) -> (String, Vec<String>) {
    let Some(manifest) = &candidate.manifest else { return ("Begin".to_owned(), Vec::new()) };
    let runner = |(name, runner): (&RunnerName, &Rc<dyn Runner>)| {
        let count = runner.process_count();
        let count = if count == 1 { String::new() } else { format!(" ({count} processes)") };
        format!("{name}{count}: {}", runner.summary())
    };
    let runners = platform.runners(branch, Some(candidate));
    (format!("Run what the `{}` says", manifest.file), runners.iter().map(runner).collect())
}

fn candidate(
    platform: &Platform,
    observed: &Observed,
    request: &Request,
    record: &Record,
) -> Result<Deployment, PlanError> {
    let branch = &request.branch;
    let config = platform.branch(branch).ok_or_else(|| PlanError::NotConfigured(branch.clone()))?;
    let mut template = match &request.source {
        Source::Live => {
            let live = record.live.clone().ok_or_else(|| PlanError::NotDeployed(branch.clone()))?;
            let there = observed.checkouts.get(branch);
            if !there.is_some_and(|there| there.contains(&live.checkout)) {
                return Err(PlanError::NoCheckout(branch.clone()));
            }
            live
        }
        Source::Release { kept: Some(kept), .. } => kept.as_ref().clone(),
        Source::Commit(commit) | Source::Release { commit, kept: None, .. } => {
            let found = observed.commit.clone().unwrap_or_default();
            let taken = observed.checkouts.get(branch).into_iter().flatten();
            Deployment {
                release: 0,
                commit: commit.clone(),
                subject: found.subject.clone(),
                checkout: CheckoutName::new(observed.now, commit, taken),
                slot: Slot::A,
                processes: Vec::new(),
                rollback_of: None,
                manifest: platform
                    .manifest(branch, &found)
                    .map_err(|source| PlanError::Manifest { branch: branch.clone(), source })?,
                builder: None,
                by: String::new(),
                at: observed.now,
                kind: request.kind,
                persist: config.persist.clone(),
                live_since: None,
                unknown: UnknownFields::default(),
            }
        }
    };
    if config.procfile && template.manifest.is_none() {
        return Err(PlanError::NoManifest { branch: branch.clone(), release: template.release });
    }
    if request.source.commit().is_some()
        && let Some(config) = platform.branch_of(branch, &template)
    {
        let commit = observed.commit.clone().unwrap_or_default();
        template.builder = super::build::builder(platform, &config, &commit).map(|(name, _)| name.to_owned());
    }
    Ok(Deployment {
        release: record.next_release(),
        slot: record.live.as_ref().map_or(Slot::A, |live| live.slot.other()),
        processes: processes(platform, observed, branch, &template)?,
        rollback_of: match &request.source {
            Source::Release { release, .. } => Some(*release),
            Source::Live => template.rollback_of,
            // Built again, it is still the earlier release.
            Source::Commit(commit) => {
                record.live.as_ref().filter(|live| live.commit == *commit).and_then(|live| live.rollback_of)
            }
        },
        kind: request.kind,
        by: request.by.clone(),
        at: observed.now,
        ..template
    })
}

/// Gives every process that needs one a port, or a number for its socket. No branch has it, nothing holds it, and no worker of the
/// router may still send requests to it. Numbers are given in turn: the search begins behind those of what is live.
fn processes(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
    template: &Deployment,
) -> Result<Vec<Process>, PlanError> {
    let range = platform.configuration.settings.ports;
    let deployed = observed.records.values().flat_map(Record::deployed);
    let recorded: BTreeSet<u16> = deployed.flat_map(|it| &it.processes).filter_map(Process::number).collect();
    let routes = &observed.web_routes;
    let former = if observed.web_has_old_workers { routes.former_ports.clone() } else { BTreeSet::new() };
    let taken = &(&recorded | &observed.ports_in_use) | &(&routes.ports() | &former);
    let live = observed.record(branch).live;
    let last = live.iter().flat_map(|live| &live.processes).filter_map(Process::number).max();
    let behind = last.map_or(range.min, |last| last.saturating_add(1)).clamp(range.min, range.max);
    let in_turn = (behind..=range.max).chain(range.min..behind);
    let free: Vec<u16> = in_turn.filter(|port| !taken.contains(port)).collect();
    let mut next = free.iter().copied();
    let (mut processes, mut needed) = (Vec::new(), 0);
    for (name, runner) in platform.runners(branch, Some(template)) {
        for index in 0..runner.process_count() {
            let port = if runner.needs_port() { next.next() } else { None };
            let socket = if runner.needs_socket() { next.next() } else { None };
            needed += usize::from(runner.needs_port()) + usize::from(runner.needs_socket());
            let (runner, unknown) = (name.clone(), UnknownFields::default());
            processes.push(Process { runner, index, port, socket, unknown });
        }
    }
    if needed > free.len() {
        return Err(PlanError::NoPorts { needed, free: free.len(), min: range.min, max: range.max });
    }
    Ok(processes)
}
