//! The check that there are enough ports for all processes.

use crate::finding::{Finding, Findings};
use crate::span::Span;
use crate::{Branch, PortRange, Repo};

/// Warns if `ports`, defined at `span`, has fewer than two ports per process of `repos`. During a deploy, the old and the new
/// version need ports at the same time.
pub(crate) fn check<'a>(
    ports: PortRange,
    span: Span,
    repos: impl Iterator<Item = &'a Repo>,
    findings: &mut Findings,
) {
    let processes: usize = repos.flat_map(|repo| repo.branches.values()).map(processes).sum();
    let (count, needed) = (ports.count(), processes * 2);
    if count < needed {
        findings.add(
            Finding::warning(span, format!("{count} ports are too few for {processes} processes"))
                .label(format!("expected at least {needed}"))
                .help("during a deploy, each process of the old and the new version needs its own port"),
        );
    }
}

/// Counts the processes of `branch` that need a port. Of a release that brings its runners itself `web` does.
fn processes(branch: &Branch) -> usize {
    let written: usize = branch.runners.values().map(|runner| usize::from(runner.ports())).sum();
    let web = branch.formation.iter().find(|(name, _)| name.as_str() == "web");
    let web = web.map_or(1, |(_, count)| usize::from(*count));
    written + if branch.procfile { web } else { 0 }
}
