//! The beginning of a deploy: slot, ports and name are chosen and recorded.

use std::collections::BTreeSet;

use pypaas_config::BranchRef;

use super::{Phase, Plan, PlanError, Request, Source};
use crate::{CheckoutName, Deployment, Observed, Platform, Process, Record, Slot, Step, UnknownFields};

pub(super) fn begin(platform: &Platform, observed: &Observed, request: &Request) -> Result<Plan, PlanError> {
    let branch = &request.branch;
    let record = observed.record(branch);
    let candidate = candidate(platform, observed, request, &record)?;
    let record = Record { candidate: Some(candidate), ..record };
    let mut plan = Plan::default();
    plan.section(
        "Begin",
        Phase::Check,
        vec![Step::WriteRecord { branch: branch.clone(), record: Box::new(record) }],
    );
    Ok(plan)
}

fn candidate(
    platform: &Platform,
    observed: &Observed,
    request: &Request,
    record: &Record,
) -> Result<Deployment, PlanError> {
    let branch = &request.branch;
    let config = platform.branch(branch).ok_or_else(|| PlanError::NotConfigured(branch.clone()))?;
    let template = match &request.source {
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
                subject: found.subject,
                checkout: CheckoutName::new(observed.now, commit, taken),
                slot: Slot::A,
                processes: Vec::new(),
                rollback_of: None,
                builder: super::build::builder(platform, config, &found.entries)
                    .map(|(name, _)| name.to_owned()),
                by: String::new(),
                at: observed.now,
                kind: request.kind,
                unknown: UnknownFields::default(),
            }
        }
    };
    Ok(Deployment {
        release: record.next_release(),
        slot: record.live.as_ref().map_or(Slot::A, |live| live.slot.other()),
        processes: processes(platform, observed, branch)?,
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

/// Gives every process a port that no branch has, nothing holds, and no worker of the router may still send requests to. Ports
/// are given in turn: the search begins behind those of what is live.
fn processes(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
) -> Result<Vec<Process>, PlanError> {
    let range = platform.configuration.settings.ports;
    let deployed = observed.records.values().flat_map(Record::deployed);
    let recorded: BTreeSet<u16> = deployed.flat_map(|it| &it.processes).filter_map(|it| it.port).collect();
    let routes = &observed.web_routes;
    let former = if observed.web_has_old_workers { routes.former_ports.clone() } else { BTreeSet::new() };
    let taken = &(&recorded | &observed.ports_in_use) | &(&routes.ports() | &former);
    let live = observed.record(branch).live;
    let last = live.iter().flat_map(|live| &live.processes).filter_map(|process| process.port).max();
    let behind = last.map_or(range.min, |last| last.saturating_add(1)).clamp(range.min, range.max);
    let in_turn = (behind..=range.max).chain(range.min..behind);
    let free: Vec<u16> = in_turn.filter(|port| !taken.contains(port)).collect();
    let mut next = free.iter().copied();
    let (mut processes, mut needed) = (Vec::new(), 0);
    for (name, runner) in platform.runners(branch) {
        for index in 0..runner.process_count() {
            let port = if runner.needs_port() { next.next() } else { None };
            needed += usize::from(runner.needs_port());
            processes.push(Process { runner: name.clone(), index, port, unknown: UnknownFields::default() });
        }
    }
    if needed > free.len() {
        return Err(PlanError::NoPorts { needed, free: free.len(), min: range.min, max: range.max });
    }
    Ok(processes)
}
