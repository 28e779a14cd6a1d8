//! What is wrong with this machine: all that pypaas relies on, looked at and left as it is.
//!
//! One file per thing that is relied on. `check` looks at the whole machine, a deploy at what its branch needs.

pub mod certificates;
mod git;
mod nginx;
mod nginx_files;
mod ports;
mod static_files;

use pypaas_config::{BranchRef, Domain, DomainName, RunnerRef, Severity};
use pypaas_core::Platform;
use pypaas_core::host::Clock;

use crate::{LinuxHost, daemontools};

/// One thing that is wrong with the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// How bad it is.
    pub severity: Severity,
    /// What it is about, in a word: `nginx`, `services`, `git`, `ports`, `certificates`, `files`.
    pub about: &'static str,
    /// What is wrong, in one line.
    pub message: String,
    /// How to mend it.
    pub mend: String,
    /// Whether a deploy would fail for it, or would not be served.
    pub stops_deploys: bool,
}

/// How much of the machine is looked at.
#[derive(Debug, Clone, Copy)]
pub enum Extent<'a> {
    /// All of it.
    Machine,
    /// What a deploy of this branch needs.
    Branch(&'a BranchRef),
}

/// What the configuration asks of the machine, as far as it is looked at.
pub(crate) struct Demand<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) extent: Extent<'a>,
}

impl Defect {
    pub(crate) fn new(
        severity: Severity,
        about: &'static str,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        let stops_deploys = severity == Severity::Error;
        Self { severity, about, message: message.into(), mend: mend.into(), stops_deploys }
    }

    /// Says that a new version is served as well, or badly, as the old one.
    fn no_matter_for_deploys(self) -> Self {
        Self { stops_deploys: false, ..self }
    }
}

impl LinuxHost {
    /// Looks for what is wrong with the machine. Changes nothing; asks no other machine.
    pub fn inspect(&mut self, platform: &Platform, extent: Extent<'_>) -> Vec<Defect> {
        let demand = Demand { platform, extent };
        let mut defects = Vec::new();
        if demand.is_of_machine() || demand.domains().next().is_some() {
            defects.extend(nginx::inspect(self, &demand));
            defects.extend(static_files::inspect(self, &demand));
            defects.extend(certificates::inspect(self.now(), &demand));
        }
        if demand.is_of_machine() || demand.has_processes() {
            defects.extend(daemontools::check::inspect(self, &demand));
        }
        if demand.is_of_machine() {
            defects.extend(ports::inspect(self, &demand));
            defects.extend(git::inspect());
        }
        defects
    }
}

impl<'a> Demand<'a> {
    pub(crate) fn is_of_machine(&self) -> bool {
        matches!(self.extent, Extent::Machine)
    }

    /// Lists the domains that are looked at.
    pub(crate) fn domains(&self) -> impl Iterator<Item = (&'a DomainName, &'a Domain)> {
        let concerns = |domain: &Domain| match self.extent {
            Extent::Machine => true,
            Extent::Branch(branch) => domain.targets().any(|target| target.branch_ref() == *branch),
        };
        self.platform.configuration.domains.iter().filter(move |(_, domain)| concerns(domain))
    }

    /// Lists the runners of the branches that are looked at.
    pub(crate) fn runners(&self) -> impl Iterator<Item = (RunnerRef, &'a dyn pypaas_core::Runner)> {
        let branches = self.platform.configuration.branches().map(|(branch, _)| branch);
        let concerns = |branch: &BranchRef| match self.extent {
            Extent::Machine => true,
            Extent::Branch(only) => branch == only,
        };
        let names = branches.filter(concerns).flat_map(|branch| {
            let runners = self.platform.branch(&branch).into_iter().flat_map(|it| it.runners.keys());
            runners.map(|name| branch.runner(name)).collect::<Vec<_>>()
        });
        names.filter_map(|name| Some((name.clone(), self.platform.runner(&name)?)))
    }

    pub(crate) fn has_processes(&self) -> bool {
        self.runners().any(|(_, runner)| runner.process_count() > 0)
    }

    /// Says how bad it is when something is missing: what nothing is configured for yet is only mentioned.
    pub(crate) fn severity(&self, is_needed: bool) -> Severity {
        if is_needed { Severity::Error } else { Severity::Warning }
    }
}
