//! Problems of this machine: everything that pypaas relies on is checked, and nothing is changed.
//!
//! One file per subject. `check` checks the whole machine, a deploy what its branch needs.

mod backups;
pub mod certificates;
mod git;
mod nginx;
mod ports;
mod stores;

pub use pypaas_config::Diagnostic;
use std::rc::Rc;

use pypaas_config::{Branch, BranchRef, Domain, DomainName, RunnerRef, Severity};
use pypaas_core::Platform;
use pypaas_core::host::Clock;

use crate::LinuxHost;

/// How much of the machine is checked.
#[derive(Debug, Clone, Copy)]
pub enum CheckScope<'a> {
    /// All of it.
    Machine,
    /// What a deploy of this branch needs.
    Branch(&'a BranchRef),
}

/// What the configuration needs from the machine, as far as it is checked.
pub struct CheckContext<'a> {
    /// The configuration and who interprets it.
    pub platform: &'a Platform,
    /// How much of the machine is checked.
    pub scope: CheckScope<'a>,
}

impl LinuxHost {
    /// Finds the problems of the machine. Changes nothing, and asks no other machine.
    pub fn check(&mut self, platform: &Platform, scope: CheckScope<'_>) -> Vec<Diagnostic> {
        let context = CheckContext { platform, scope };
        let mut found = Vec::new();
        if context.is_of_machine() || context.domains().next().is_some() {
            found.extend(nginx::check(self, &context));
            found.extend(certificates::check(self.now(), &context));
        }
        if context.is_of_machine() || context.has_processes() {
            found.extend(self.supervisor.check(&context));
        }
        found.extend(stores::check(&context));
        if context.is_of_machine() {
            found.extend(backups::check(&context));
        }
        if context.is_of_machine() {
            found.extend(ports::check(self, &context));
            found.extend(git::check());
        }
        found
    }
}

impl<'a> CheckContext<'a> {
    /// Returns whether the whole machine is checked.
    pub fn is_of_machine(&self) -> bool {
        matches!(self.scope, CheckScope::Machine)
    }

    /// Lists the domains that are checked.
    pub fn domains(&self) -> impl Iterator<Item = (&'a DomainName, &'a Domain)> {
        let concerns = |domain: &Domain| match self.scope {
            CheckScope::Machine => true,
            CheckScope::Branch(branch) => domain.targets().any(|target| target.branch_ref() == *branch),
        };
        self.platform.configuration.domains.iter().filter(move |(_, domain)| concerns(domain))
    }

    /// Lists the configured runners of the branches that are checked; those that only a release brings are not among them.
    pub fn runners(&self) -> impl Iterator<Item = (RunnerRef, Rc<dyn pypaas_core::Runner>)> {
        let names = self.branches().flat_map(|(branch, config)| {
            config.runners.keys().map(|name| branch.runner(name)).collect::<Vec<_>>()
        });
        names.filter_map(|name| Some((name.clone(), self.platform.runner(&name, None)?)))
    }

    /// Returns whether one of these runners has processes.
    pub fn has_processes(&self) -> bool {
        self.branches().any(|(_, config)| config.procfile)
            || self.runners().any(|(_, runner)| runner.process_count() > 0)
    }

    fn branches(&self) -> impl Iterator<Item = (BranchRef, &'a Branch)> {
        let concerns = |branch: &BranchRef| match self.scope {
            CheckScope::Machine => true,
            CheckScope::Branch(only) => branch == only,
        };
        self.platform.configuration.branches().filter(move |(branch, _)| concerns(branch))
    }

    /// Returns the severity of a missing part: an error if something in the configuration needs it, else a warning.
    pub fn severity(&self, is_needed: bool) -> Severity {
        if is_needed { Severity::Error } else { Severity::Warning }
    }
}
