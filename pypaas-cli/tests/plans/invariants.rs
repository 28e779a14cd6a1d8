//! What must be true of a machine whenever no command runs. Knows nothing of plans.

use std::collections::{BTreeMap, BTreeSet};

use pypaas_config::BranchRef;
use pypaas_core::{Deployed, MemoryHost, Platform, Record, ServiceName, records};

/// Checks the promises on `host`; fails the test with what is broken.
pub(crate) fn check(host: &mut MemoryHost, platform: &Platform) {
    let records = records(host, &platform.layout).expect("every record can be read");
    let lives: BTreeMap<&BranchRef, &Deployed> =
        records.iter().filter_map(|(branch, record)| Some((branch, record.live.as_ref()?))).collect();
    nothing_is_under_way(&records);
    no_port_is_given_twice(&lives);
    exactly_what_is_live_runs(host, platform, &lives);
    assert!(host.running_commands.is_empty(), "still running in: {:?}", host.running_commands);
    only_live_checkouts_are_there(host, platform, &lives);
    the_web_server_serves_its_files_and_they_lead_to_what_runs(host, platform, &lives);
}

fn nothing_is_under_way(records: &BTreeMap<BranchRef, Record>) {
    for (branch, record) in records {
        assert!(!record.is_unfinished(), "{branch}: {record}");
    }
}

fn no_port_is_given_twice(lives: &BTreeMap<&BranchRef, &Deployed>) {
    let ports: Vec<u16> = lives.values().flat_map(|live| &live.processes).filter_map(|it| it.port).collect();
    let distinct: BTreeSet<u16> = ports.iter().copied().collect();
    assert_eq!(ports.len(), distinct.len(), "a port is given twice: {ports:?}");
}

fn exactly_what_is_live_runs(
    host: &MemoryHost,
    platform: &Platform,
    lives: &BTreeMap<&BranchRef, &Deployed>,
) {
    let has_command = |service: &ServiceName| {
        platform.runner(&service.runner).is_some_and(|runner| runner.command().is_some())
    };
    let wanted: BTreeSet<ServiceName> =
        lives.iter().flat_map(|(branch, live)| live.services(branch)).filter(has_command).collect();
    let running: BTreeSet<ServiceName> = host
        .services
        .iter()
        .filter(|(_, state)| state.process.is_some())
        .map(|(name, _)| name.clone())
        .collect();
    let at_boot: BTreeSet<ServiceName> =
        host.services.iter().filter(|(_, state)| state.enabled).map(|(name, _)| name.clone()).collect();
    assert_eq!(running, wanted, "what runs is not what is live");
    assert_eq!(at_boot, wanted, "what starts at boot is not what is live");
    for service in host.services.keys() {
        let other = ServiceName { slot: service.slot.other(), ..service.clone() };
        assert!(wanted.contains(service) || wanted.contains(&other), "{service} has no owner");
    }
}

fn only_live_checkouts_are_there(
    host: &MemoryHost,
    platform: &Platform,
    lives: &BTreeMap<&BranchRef, &Deployed>,
) {
    let wanted: BTreeSet<_> =
        lives.iter().map(|(branch, live)| platform.layout.checkout(branch, &live.checkout)).collect();
    let all = platform.layout.all_checkouts();
    let found: BTreeSet<_> = host.folders.iter().filter(|folder| folder.starts_with(&all)).cloned().collect();
    assert_eq!(found, wanted, "the checkouts are not those that are live");
}

fn the_web_server_serves_its_files_and_they_lead_to_what_runs(
    host: &MemoryHost,
    platform: &Platform,
    lives: &BTreeMap<&BranchRef, &Deployed>,
) {
    assert_eq!(host.files.get(&platform.layout.web_journal()), None, "a switch of nginx's files did not end");
    assert_eq!(host.loaded, host.web_files(), "nginx serves something else than its files say");
    let given: BTreeSet<u16> =
        lives.values().flat_map(|live| &live.processes).filter_map(|it| it.port).collect();
    for (file, text) in &host.loaded {
        for server in text.lines().filter_map(|line| line.trim().strip_prefix("server 127.0.0.1:")) {
            let port = server.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
            assert!(given.contains(&port), "{file} leads to port {port}, where nothing live listens");
        }
    }
}
