//! The check that there are enough ports for all processes.

use crate::finding::{Finding, Findings};
use crate::span::Span;
use crate::{PortRange, Repo};

/// Warns if `ports`, defined at `span`, has fewer than two ports per process of `repos`. During a deploy, the old and the new
/// version need ports at the same time.
pub(crate) fn check<'a>(
    ports: PortRange,
    span: Span,
    repos: impl Iterator<Item = &'a Repo>,
    findings: &mut Findings,
) {
    let runners = repos.flat_map(|repo| repo.branches.values()).flat_map(|branch| branch.runners.values());
    let processes: usize = runners.map(|runner| usize::from(runner.ports())).sum();
    let (count, needed) = (ports.count(), processes * 2);
    if count < needed {
        findings.add(
            Finding::warning(span, format!("{count} ports are too few for {processes} processes"))
                .label(format!("expected at least {needed}"))
                .help("during a deploy, each process of the old and the new version needs its own port"),
        );
    }
}
