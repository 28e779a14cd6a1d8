//! What holds on a machine that agrees with its configuration and its records. Knows nothing of plans.

mod violation;

use std::collections::{BTreeMap, BTreeSet};

use pypaas_config::{BranchRef, Location, RunnerRef};

use crate::host::ServiceState;
use crate::{
    Deployment, Observed, Platform, RouteTarget, ServiceName, UpstreamName, WebFile, WebFileName, WebInstance,
};

pub use violation::Violation;

/// Lists what does not hold on the whole machine, causes before what follows from them.
///
/// While a command is at work on a branch, what it has not finished is among it.
pub fn violations(platform: &Platform, observed: &Observed) -> Vec<Violation> {
    let machine = Machine { platform, observed };
    [
        machine.unfinished(),
        machine.checkouts(),
        machine.services(),
        machine.ports_given_twice(),
        machine.sites(),
        machine.files_of_domains(),
        machine.routes(),
    ]
    .concat()
}

/// Lists the upstreams that a domain leads to by `files`, with the ports of each.
pub fn upstreams_in_use(files: &BTreeMap<WebFileName, WebFile>) -> BTreeMap<RunnerRef, BTreeSet<u16>> {
    let domains = files.iter().filter(|(file, _)| file.as_domain().is_some());
    let runners = domains.flat_map(|(_, file)| &file.routes).filter_map(|target| match target {
        RouteTarget::Upstream(runner) => Some(runner.clone()),
        _ => None,
    });
    let ports = |runner: &RunnerRef| {
        let file = files.get(&WebFileName::upstream(&UpstreamName::new(runner)));
        file.map(WebFile::ports).unwrap_or_default()
    };
    runners.map(|runner| (runner.clone(), ports(&runner))).collect()
}

/// A machine as it was seen.
struct Machine<'a> {
    platform: &'a Platform,
    observed: &'a Observed,
}

impl Machine<'_> {
    /// Lists what is live, of branches that are configured.
    fn lives(&self) -> BTreeMap<&BranchRef, &Deployment> {
        let records = self.observed.records.iter();
        let configured = records.filter(|(branch, _)| self.platform.branch(branch).is_some());
        configured.filter_map(|(branch, record)| Some((branch, record.live.as_ref()?))).collect()
    }

    fn unfinished(&self) -> Vec<Violation> {
        let switch = self.observed.pending_switch.iter().map(|_| Violation::UnfinishedSwitch);
        let records = self.observed.records.iter().filter_map(|(branch, record)| {
            if self.platform.branch(branch).is_none() {
                return Some(Violation::NotConfigured { branch: branch.clone() });
            }
            record.is_unfinished().then(|| Violation::Unfinished { branch: branch.clone() })
        });
        switch.chain(records).collect()
    }

    /// Only live checkouts are there, and of those that were live before as many as are to be kept.
    fn checkouts(&self) -> Vec<Violation> {
        let lives = self.lives();
        let mut violations = Vec::new();
        for (&branch, live) in &lives {
            if !self.observed.checkouts.get(branch).is_some_and(|there| there.contains(&live.checkout)) {
                violations.push(Violation::MissingCheckout {
                    branch: branch.clone(),
                    checkout: live.checkout.clone(),
                });
            }
        }
        for (branch, there) in &self.observed.checkouts {
            let live = lives.get(branch).map(|live| &live.checkout);
            let record = self.observed.record(branch);
            let earlier: BTreeSet<_> = record.releases.iter().map(|release| &release.checkout).collect();
            let (mut kept, mut strays): (Vec<_>, Vec<_>) =
                there.iter().filter(|&name| Some(name) != live).partition(|name| earlier.contains(name));
            let keep = usize::from(self.platform.configuration.settings.keep_checkouts);
            strays.extend(kept.drain(..kept.len().saturating_sub(keep)));
            violations.extend(strays.into_iter().map(|checkout| Violation::StrayCheckout {
                branch: branch.clone(),
                checkout: checkout.clone(),
            }));
        }
        violations
    }

    /// What runs, and starts at boot, is what is live and was not stopped.
    fn services(&self) -> Vec<Violation> {
        let lives = self.lives();
        let owned: BTreeSet<ServiceName> =
            lives.iter().flat_map(|(branch, live)| live.services(branch)).collect();
        let mut violations = Vec::new();
        for service in owned.iter().filter(|service| self.is_desired(service, &lives)) {
            let state = self.observed.services.get(service);
            if state.is_none_or(|state| state.process.is_none()) {
                violations.push(Violation::NotUp { service: service.clone() });
            } else if state.is_some_and(|state| !state.enabled) {
                violations.push(Violation::NotEnabled { service: service.clone() });
            }
        }
        for (service, state) in &self.observed.services {
            let other = ServiceName { slot: service.slot.other(), ..service.clone() };
            let is_active = |state: &ServiceState| state.process.is_some() || state.enabled;
            let is_stray = !owned.contains(service) && !owned.contains(&other);
            if is_stray
                || (is_active(state) && !(owned.contains(service) && self.is_desired(service, &lives)))
            {
                violations.push(Violation::StrayService { service: service.clone() });
            }
        }
        violations
    }

    /// Returns whether a service of what is live should be up.
    fn is_desired(&self, service: &ServiceName, lives: &BTreeMap<&BranchRef, &Deployment>) -> bool {
        let branch = service.branch();
        let config = self.platform.branch(&branch);
        if config.is_some_and(|it| it.procfile) && lives.get(&branch).is_some_and(|it| it.manifest.is_none())
        {
            // Only its commit knows its runners: it goes on as it is until the next deploy.
            return !self.observed.record(&branch).stopped;
        }
        let runner = self.platform.runner(&service.runner, lives.get(&branch).copied());
        runner.is_some_and(|runner| runner.command().is_some()) && !self.observed.record(&branch).stopped
    }

    fn ports_given_twice(&self) -> Vec<Violation> {
        let mut owners = BTreeMap::new();
        let mut violations = Vec::new();
        for (branch, live) in self.lives() {
            for process in &live.processes {
                let Some(port) = process.number() else { continue };
                let service = process.service(branch, live.slot);
                if let Some(first) = owners.insert(port, service.clone()) {
                    violations.push(Violation::PortGivenTwice { port, services: [first, service] });
                }
            }
        }
        violations
    }

    /// What nginx is to serve is there.
    fn sites(&self) -> Vec<Violation> {
        let missing = self.observed.missing_sites.iter();
        missing
            .map(|(runner, site)| Violation::MissingSite { runner: runner.clone(), site: site.clone() })
            .collect()
    }

    /// nginx has files for each domain that leads to something live.
    fn files_of_domains(&self) -> Vec<Violation> {
        let mut violations = Vec::new();
        for (name, domain) in &self.platform.configuration.domains {
            let Some(location) = domain.locations.values().find(|it| self.is_served(it)) else { continue };
            let own = WebInstance::ALL.map(|instance| WebFileName::domain_of(instance, name));
            let needed = WebInstance::ALL.map(WebFileName::main).into_iter().chain(own);
            if let Some(file) = needed.into_iter().find(|it| !self.observed.web_files.contains_key(it)) {
                let branch = location.upstream.branch_ref();
                violations.push(Violation::NotServed { branch, domain: name.clone(), file });
            }
        }
        violations
    }

    /// A domain leads to all processes of what is live, and where nginx sends requests somebody listens.
    fn routes(&self) -> Vec<Violation> {
        let in_use = upstreams_in_use(&self.observed.web_files);
        let mut violations = Vec::new();
        for (name, domain) in &self.platform.configuration.domains {
            for location in domain.locations.values().filter(|it| self.is_served(it)) {
                let record = self.observed.record(&location.upstream.branch_ref());
                let processes = record.live.into_iter().flat_map(|live| live.processes);
                let own = processes.filter(|it| it.runner == location.upstream.runner);
                let ports: BTreeSet<u16> = own.filter_map(|it| it.number()).collect();
                if !ports.is_empty() && in_use.get(&location.upstream) != Some(&ports) {
                    let runner = location.upstream.clone();
                    violations.push(Violation::NotRouted { domain: name.clone(), runner });
                }
            }
        }
        for (runner, ports) in in_use {
            let dead = ports.difference(&self.observed.ports_in_use).copied();
            violations.extend(dead.map(|port| Violation::NobodyListens { runner: runner.clone(), port }));
        }
        violations
    }

    /// Returns whether requests for a location go to what is live.
    fn is_served(&self, location: &Location) -> bool {
        let record = self.observed.record(&location.upstream.branch_ref());
        record.live.is_some() && record.maintenance.is_none() && !record.stopped
    }
}
