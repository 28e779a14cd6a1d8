//! The promises, checked on a machine. Knows nothing of plans.

use std::collections::{BTreeMap, BTreeSet};

use pypaas_config::{BranchRef, RunnerRef};
use pypaas_core::host::Probe;
use pypaas_core::{
    Deployment, MemoryHost, Platform, Record, RouteTarget, ServiceName, UpstreamName, WebFile, WebFileName,
    records,
};

type Records = BTreeMap<BranchRef, Record>;

/// A machine as it was before something went wrong.
pub(crate) struct Before {
    records: Records,
    /// The upstreams that a domain led to; `None` when the configuration has been edited since.
    led_to: Option<BTreeSet<String>>,
}

impl Before {
    pub(crate) fn of(host: &mut MemoryHost, platform: &Platform, edited: bool) -> Self {
        let led_to = (!edited).then(|| upstreams_in_use(host).into_keys().collect());
        Self { records: recorded(host, platform), led_to }
    }

    /// Returns whether something was under way: an earlier command ended early.
    pub(crate) fn is_under_way(&self) -> bool {
        self.records.values().any(Record::is_unfinished)
    }
}

/// Reads the records. None is ever half written.
fn recorded(host: &mut MemoryHost, platform: &Platform) -> Records {
    records(host, &platform.layout).expect("every record can be read")
}

/// Checks what holds at every moment, also right after a crash: what nginx sends requests to answers, and no branch that
/// was live is not, nor is it led to no more, unless it is in maintenance.
pub(crate) fn check_serving(host: &mut MemoryHost, platform: &Platform, before: &Before) {
    let now = recorded(host, platform);
    for (branch, _) in before.records.iter().filter(|(_, record)| record.live.is_some()) {
        if platform.branch(branch).is_some() {
            assert!(
                now.get(branch).is_some_and(|record| record.live.is_some()),
                "{branch} is not live any more"
            );
        }
    }
    let listening = host.ports_in_use().unwrap();
    let in_use = upstreams_in_use(host);
    let serving = |name: &str| {
        now.iter().filter(|(_, it)| it.maintenance.is_none() && !it.stopped).any(|(branch, record)| {
            platform
                .runners(branch, record.live.as_ref())
                .keys()
                .any(|runner| UpstreamName::new(&branch.runner(runner)).to_string() == name)
        })
    };
    for name in before.led_to.iter().flatten().filter(|name| host.web_server_runs && serving(name)) {
        assert!(in_use.contains_key(name), "no domain leads to {name} any more");
    }
    for (upstream, ports) in in_use {
        for port in ports {
            assert!(
                listening.contains(&port),
                "nginx leads to port {port} of {upstream}, where nothing listens"
            );
        }
    }
}

/// Checks what holds when a command has ended well: of the branches that are configured nothing is under way, and their
/// domains lead to what is live.
pub(crate) fn check_settled(host: &mut MemoryHost, platform: &Platform, before: &Before) {
    check_serving(host, platform, before);
    let records = recorded(host, platform);
    for (branch, record) in records.iter().filter(|(branch, _)| platform.branch(branch).is_some()) {
        assert!(!record.is_unfinished(), "{branch}: {record}");
    }
    no_port_is_given_twice(&lives(&records));
    assert_eq!(
        host.files.get(&platform.layout.pending_switch()),
        None,
        "a switch of nginx's files did not end"
    );
    assert_eq!(host.loaded, host.web_files(), "nginx serves something else than its files say");
}

/// Checks what holds when the whole machine agrees with the configuration and the records.
pub(crate) fn check(host: &mut MemoryHost, platform: &Platform) {
    let before = Before::of(host, platform, true);
    check_settled(host, platform, &before);
    let records = before.records;
    let lives = lives(&records);
    for branch in records.keys() {
        assert!(platform.branch(branch).is_some(), "{branch} is not configured any more");
    }
    exactly_what_is_live_runs(host, platform, &lives, &records);
    assert!(host.running_commands.is_empty(), "still running in: {:?}", host.running_commands);
    only_live_checkouts_are_there(host, platform, &lives, &records);
    every_live_branch_is_routed(host, platform, &records);
}

fn lives(records: &Records) -> BTreeMap<&BranchRef, &Deployment> {
    records.iter().filter_map(|(branch, record)| Some((branch, record.live.as_ref()?))).collect()
}

fn no_port_is_given_twice(lives: &BTreeMap<&BranchRef, &Deployment>) {
    let ports: Vec<u16> = lives.values().flat_map(|live| &live.processes).filter_map(|it| it.port).collect();
    let distinct: BTreeSet<u16> = ports.iter().copied().collect();
    assert_eq!(ports.len(), distinct.len(), "a port is given twice: {ports:?}");
}

fn exactly_what_is_live_runs(
    host: &MemoryHost,
    platform: &Platform,
    lives: &BTreeMap<&BranchRef, &Deployment>,
    records: &Records,
) {
    let has_command = |service: &ServiceName| {
        let live = lives.get(&service.branch()).copied();
        platform.runner(&service.runner, live).is_some_and(|runner| runner.command().is_some())
    };
    let owned: BTreeSet<ServiceName> =
        lives.iter().flat_map(|(branch, live)| live.services(branch)).collect();
    let runs = |service: &&ServiceName| has_command(service) && !records[&service.branch()].stopped;
    let wanted: BTreeSet<ServiceName> = owned.iter().filter(runs).cloned().collect();
    let chosen = |is: fn(&pypaas_core::host::ServiceState) -> bool| -> BTreeSet<ServiceName> {
        host.services.iter().filter(|(_, state)| is(state)).map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(chosen(|it| it.process.is_some()), wanted, "what runs is not what is live");
    assert_eq!(chosen(|it| it.enabled), wanted, "what starts at boot is not what is live");
    for service in host.services.keys() {
        let other = ServiceName { slot: service.slot.other(), ..service.clone() };
        assert!(owned.contains(service) || owned.contains(&other), "{service} has no owner");
    }
}

/// Only live checkouts are there, and of those that were live before as many as are to be kept.
fn only_live_checkouts_are_there(
    host: &MemoryHost,
    platform: &Platform,
    lives: &BTreeMap<&BranchRef, &Deployment>,
    records: &Records,
) {
    let all = platform.layout.all_checkouts();
    let mut found: BTreeSet<_> =
        host.directories.iter().filter(|directory| directory.starts_with(&all)).cloned().collect();
    for (branch, live) in lives {
        let live = platform.layout.checkout(branch, &live.checkout);
        assert!(found.remove(&live), "{live} is live and not there");
        let releases = records[*branch].releases.iter().map(|release| &release.checkout);
        let earlier: BTreeSet<_> = releases.map(|name| platform.layout.checkout(branch, name)).collect();
        let kept = found.intersection(&earlier).count();
        found.retain(|directory| !earlier.contains(directory));
        assert!(kept <= usize::from(platform.configuration.settings.keep_checkouts), "{branch} keeps {kept}");
    }
    assert!(found.is_empty(), "nobody owns {found:?}");
}

/// Every domain that leads to processes of a live branch, which is not in maintenance, leads to all of them.
fn every_live_branch_is_routed(host: &MemoryHost, platform: &Platform, records: &Records) {
    let in_use = upstreams_in_use(host);
    for domain in platform.configuration.domains.values() {
        for location in domain.locations.values() {
            let RunnerRef { runner, .. } = &location.upstream;
            let Some(record) = records.get(&location.upstream.branch_ref()) else { continue };
            let Some(live) = record.live.as_ref().filter(|_| record.maintenance.is_none() && !record.stopped)
            else {
                continue;
            };
            let ports: BTreeSet<u16> = live.ports(runner).into_iter().collect();
            if !ports.is_empty() {
                let name = UpstreamName::new(&location.upstream).to_string();
                assert_eq!(in_use.get(&name), Some(&ports), "{} is not routed to all of {name}", domain.file);
            }
        }
    }
}

/// Lists the upstreams that a domain leads to, of what nginx has loaded, with their ports. Checks that what is kept
/// beside each file says the same as its text.
fn upstreams_in_use(host: &MemoryHost) -> BTreeMap<String, BTreeSet<u16>> {
    for (name, file) in &host.loaded {
        assert_eq!(ports_in_text(&file.text), ports(file), "{name} and the list of its routes differ");
    }
    let domains = host.loaded.iter().filter(|(file, _)| file.as_domain().is_some());
    let runners = domains.flat_map(|(_, file)| &file.routes).filter_map(|target| match target {
        RouteTarget::Upstream(runner) => Some(UpstreamName::new(runner)),
        _ => None,
    });
    let upstream = |name: UpstreamName| {
        let file = host.loaded.get(&WebFileName::upstream(&name));
        (name.to_string(), file.map(ports).unwrap_or_default())
    };
    runners.map(upstream).collect()
}

fn ports(file: &WebFile) -> BTreeSet<u16> {
    let port = |target: &RouteTarget| match target {
        RouteTarget::Server(server) => Some(server.port),
        _ => None,
    };
    file.routes.iter().filter_map(port).collect()
}

fn ports_in_text(text: &str) -> BTreeSet<u16> {
    let servers = text.lines().filter_map(|line| line.trim().strip_prefix("server 127.0.0.1:"));
    servers.map(|it| it.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()).collect()
}
