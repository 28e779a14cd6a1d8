//! Whether there are enough ports for the processes that need one.

use crate::finding::{Finding, Findings};
use crate::span::Span;
use crate::{PortRange, Repo, RunnerConfig};

/// Warns when `ports`, written at `place`, are fewer than two for each process of `repos`: while a deploy replaces a
/// version, both have their ports.
pub(crate) fn check<'a>(
    ports: PortRange,
    span: Span,
    repos: impl Iterator<Item = &'a Repo>,
    findings: &mut Findings,
) {
    let runners = repos.flat_map(|repo| repo.branches.values()).flat_map(|branch| branch.runners.values());
    let processes: usize = runners
        .map(|runner| match runner {
            RunnerConfig::NginxUpstream(upstream) => usize::from(upstream.process_count),
            RunnerConfig::SimpleProcess(_) | RunnerConfig::NginxStatic(_) => 0,
        })
        .sum();
    let (count, needed) = (ports.count(), processes * 2);
    if count < needed {
        findings.add(
            Finding::warning(span, format!("{count} ports are few for {processes} processes behind nginx"))
                .label(format!("expected at least {needed}"))
                .help("while a deploy replaces a version, each process of both has a port of its own"),
        );
    }
}
