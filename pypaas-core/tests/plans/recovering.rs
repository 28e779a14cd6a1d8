//! What goes wrong twice, or where it hurts most: the version that serves goes on serving.

use std::collections::BTreeMap;
use std::time::Duration;

use pypaas_config::{BranchRef, RunnerName};
use pypaas_core::memory_host::{Extent, Mishap};
use pypaas_core::plan::{PlanError, Stage};
use pypaas_core::{Definition, Engine, MemoryHost, NoProgress, Platform, ServiceName, record, runner_config};
use pypaas_runners::NginxStatic;

use crate::invariants::check;
use crate::memory::{
    branches, carry_out, configuration, deployed, effects, interpret, look, plan, platform, push,
};

/// A machine on which the only branch of `fixture` is live.
fn live(fixture: &str) -> (Platform, MemoryHost, BranchRef) {
    let platform = platform(fixture);
    let host = deployed(&platform);
    let branch = branches(&platform).remove(0);
    (platform, host, branch)
}

fn live_services(host: &mut MemoryHost, platform: &Platform, branch: &BranchRef) -> Vec<ServiceName> {
    record(host, &platform.layout, branch).unwrap().unwrap().live.unwrap().services(branch).collect()
}

/// Checks that every server nginx has loaded is the port of a process that runs.
fn nobody_is_sent_to_a_process_that_is_gone(host: &mut MemoryHost) {
    use pypaas_core::host::Probe;
    let listening = host.ports_in_use().unwrap();
    for (name, file) in &host.loaded {
        for server in file.text.lines().filter_map(|line| line.trim().strip_prefix("server 127.0.0.1:")) {
            let port = server.split(' ').next().unwrap().parse().unwrap();
            assert!(listening.contains(&port), "{name} leads to port {port}, where nothing listens");
        }
    }
}

#[test]
fn a_live_process_whose_supervisor_was_killed_keeps_its_own_script() {
    let (platform, mut host, branch) = live("two-backends");
    let live = live_services(&mut host, &platform, &branch);
    for name in &live {
        // svscan starts it again within five seconds.
        let state = host.services.get_mut(name).unwrap();
        (state.supervised, state.process) = (false, None);
    }
    let scripts = |host: &MemoryHost| -> BTreeMap<ServiceName, Definition> {
        live.iter().map(|name| (name.clone(), host.services[name].definition.clone())).collect()
    };
    let before = scripts(&host);
    host.fail_on("run `npm ci", "the network is down");
    let next = push(&mut host, &platform, &branch, 2);

    carry_out(&mut host, &platform, &next).unwrap_err();

    assert_eq!(scripts(&host), before);
}

#[test]
fn whoever_leaves_while_another_branch_switches_nginx_leaves_nothing_behind() {
    let (platform, mut host, branch) = live("maintenance");
    let next = push(&mut host, &platform, &branch, 2);
    let lines = effects(&plan(&mut host, &platform, &next));
    let hook = lines.iter().position(|line| line.starts_with("run `./backup")).unwrap();
    host.crash_at(hook);
    carry_out(&mut host, &platform, &next).unwrap_err();
    host.revive();
    host.leaves = Some("the connection is gone".to_owned());
    host.held_elsewhere.insert(platform.layout.machine_lock(), Duration::from_secs(2));

    Engine::new(&mut host, &platform, &mut NoProgress).converge(&branch).unwrap();

    check(&mut host, &platform);
}

#[test]
fn what_nginx_leads_to_runs_on_when_its_files_cannot_be_put_back() {
    let (platform, mut host, branch) = live("two-backends");
    let next = push(&mut host, &platform, &branch, 2);
    let lines = effects(&plan(&mut host, &platform, &next));
    let commit_point = lines.iter().position(|line| line.contains("is live, release 1")).unwrap();
    // The disk is full from the commit point on, when nginx serves the new version already: neither record nor nginx's
    // files can be written.
    let full = Mishap { extent: Extent::Nothing, reason: Some("it is full".to_owned()) };
    host.go_wrong_at(commit_point, full.clone());
    host.go_wrong_at(commit_point + 1, full);

    let error = carry_out(&mut host, &platform, &next).unwrap_err();

    assert!(error.to_string().contains("failed: record of shop main"), "{error}");

    nobody_is_sent_to_a_process_that_is_gone(&mut host);
    host.mend();
    Engine::new(&mut host, &platform, &mut NoProgress).converge(&branch).unwrap();
    check(&mut host, &platform);
}

#[test]
fn a_mistake_in_a_domain_does_not_keep_a_killed_switch_from_being_taken_back() {
    let (platform, mut host, branch) = live("two-backends");
    let before = host.loaded.clone();
    let next = push(&mut host, &platform, &branch, 2);
    let lines = effects(&plan(&mut host, &platform, &next));
    host.crash_at(lines.iter().position(|line| line.contains("is live, release 1")).unwrap());
    carry_out(&mut host, &platform, &next).unwrap_err();
    host.revive();
    let mut edited = configuration("two-backends");
    edited
        .domains
        .values_mut()
        .for_each(|domain| domain.nginx_http_extra_config = Some("gzipp on;".to_owned()));
    let mistaken = interpret(edited);
    host.rejected = Some("gzipp".to_owned());

    let after = push(&mut host, &mistaken, &branch, 3);
    let error = carry_out(&mut host, &mistaken, &after).unwrap_err();

    assert!(error.to_string().contains("failed: test the router"), "{error}");
    assert_eq!(host.loaded, before);
    nobody_is_sent_to_a_process_that_is_gone(&mut host);
    host.rejected = None;
    Engine::new(&mut host, &platform, &mut NoProgress).converge(&branch).unwrap();
    check(&mut host, &platform);
}

#[test]
fn files_nginx_serves_stay_when_its_own_files_cannot_be_put_back() {
    let (platform, mut host, branch) = live("static-only");
    let next = push(&mut host, &platform, &branch, 2);
    let lines = effects(&plan(&mut host, &platform, &next));
    let commit_point = lines.iter().position(|line| line.contains("is live, release 1")).unwrap();
    let full = Mishap { extent: Extent::Nothing, reason: Some("it is full".to_owned()) };
    host.go_wrong_at(commit_point, full.clone());
    host.go_wrong_at(commit_point + 1, full);

    carry_out(&mut host, &platform, &next).unwrap_err();

    let served = host.loaded.values().any(|file| {
        host.directories.iter().any(|directory| {
            directory.starts_with(platform.layout.checkouts(&branch))
                && file.text.contains(&format!("{directory}/"))
        })
    });
    assert!(served, "{:?}", host.directories);
}

#[test]
fn old_and_new_workers_do_not_overlap_when_a_deploy_fails() {
    let (platform, mut host, branch) = live("workers");
    host.fail_on("record of queue main: release 2", "the disk is full");
    let next = push(&mut host, &platform, &branch, 2);

    carry_out(&mut host, &platform, &next).unwrap_err();

    let journal = host.journal();
    let stopped = journal.iter().rposition(|line| line.starts_with("stop queue+main+worker+0+b")).unwrap();
    let started = journal.iter().rposition(|line| *line == "start queue+main+worker+0+a").unwrap();
    assert!(stopped < started, "{journal:#?}");
    check(&mut host, &platform);
}

#[test]
fn old_and_new_versions_do_not_overlap_when_a_deploy_with_maintenance_fails() {
    let (platform, mut host, branch) = live("maintenance");
    host.fail_on("record of shop main: release 2", "the disk is full");
    let next = push(&mut host, &platform, &branch, 2);

    carry_out(&mut host, &platform, &next).unwrap_err();

    let journal = host.journal();
    let stopped = journal.iter().rposition(|line| line.starts_with("stop shop+main+web+0+b")).unwrap();
    let started = journal.iter().rposition(|line| *line == "start shop+main+web+0+a").unwrap();
    assert!(stopped < started, "{journal:#?}");
    check(&mut host, &platform);
}

#[test]
fn a_port_that_was_taken_during_the_build_is_named() {
    let (platform, mut host, branch) = live("two-backends");
    let next = push(&mut host, &platform, &branch, 2);
    let lines = effects(&plan(&mut host, &platform, &next));
    host.crash_at(lines.iter().position(|line| line.starts_with("start ")).unwrap());
    carry_out(&mut host, &platform, &next).unwrap_err();
    host.revive();
    host.foreign_ports.insert(61_504);

    let observed = look(&mut host, &platform, &next);

    let refused = Stage::Start.plan(&platform, &observed, &next).unwrap_err();
    assert!(matches!(refused, PlanError::PortsTaken { ref ports } if ports == &[61_504]), "{refused}");
}

#[test]
fn a_runner_that_is_to_become_a_directory_of_files_serves_until_it_is_one() {
    let (_, mut host, branch) = live("two-backends");
    let mut edited = configuration("two-backends");
    let runners =
        &mut edited.repos.get_mut(&branch.repo).unwrap().branches.get_mut(&branch.branch).unwrap().runners;
    let files = runner_config(NginxStatic { subdirectory: "public".into(), ..NginxStatic::default() });
    runners.insert(RunnerName::new("web").unwrap(), files);
    let platform = interpret(edited);
    let before = host.loaded.clone();
    host.fail_on("run `npm ci", "the network is down");
    let next = push(&mut host, &platform, &branch, 2);

    carry_out(&mut host, &platform, &next).unwrap_err();

    assert_eq!(host.loaded, before);
    host.mend();
    let after = push(&mut host, &platform, &branch, 3);
    let printed = plan(&mut host, &platform, &after).to_string();
    assert!(printed.contains("drain port 61500, 61501, 61502, for at most 30s"), "{printed}");
    assert!(printed.contains("web+1+a, killing what is left after 10s"), "{printed}");
    carry_out(&mut host, &platform, &after).unwrap();
    assert!(host.loaded.values().any(|file| file.text.contains("/public;")));
    assert!(!host.loaded.values().any(|file| file.text.contains("upstream shop+main+web ")));
    check(&mut host, &platform);
}

#[test]
fn a_worker_that_is_no_longer_configured_comes_back_when_the_deploy_that_would_end_it_fails() {
    let (_, mut host, branch) = live("maintenance");
    let mut edited = configuration("maintenance");
    let runners =
        &mut edited.repos.get_mut(&branch.repo).unwrap().branches.get_mut(&branch.branch).unwrap().runners;
    runners.remove(&RunnerName::new("worker").unwrap()).unwrap();
    let platform = interpret(edited);
    host.fail_on("run `./backup", "there is no backup");
    let next = push(&mut host, &platform, &branch, 2);

    carry_out(&mut host, &platform, &next).unwrap_err();

    for name in live_services(&mut host, &platform, &branch) {
        assert!(host.services[&name].process.is_some(), "{name} is down");
    }
}

#[test]
fn what_was_tried_first_is_the_error_even_when_mending_fails_too() {
    let (platform, mut host, branch) = live("two-backends");
    host.fail_on("run `npm ci", "the network is down");
    host.fail_on("remove the checkout", "the disk is broken");
    let next = push(&mut host, &platform, &branch, 2);

    let error = carry_out(&mut host, &platform, &next).unwrap_err();

    assert!(error.to_string().contains("run `npm ci"), "{error}");
}

#[test]
fn a_worker_under_another_name_does_not_run_beside_its_old_self() {
    let (_, mut host, branch) = live("workers");
    let mut edited = configuration("workers");
    let runners =
        &mut edited.repos.get_mut(&branch.repo).unwrap().branches.get_mut(&branch.branch).unwrap().runners;
    let worker = runners.remove(&RunnerName::new("worker").unwrap()).unwrap();
    runners.insert(RunnerName::new("jobs").unwrap(), worker);
    let platform = interpret(edited);
    let (mut failing, next) = (host.clone(), push(&mut host, &platform, &branch, 2));
    let place = |journal: &[&str], verb: &str, service: &str| {
        journal.iter().rposition(|it| it.starts_with(verb) && it.contains(service)).unwrap()
    };

    carry_out(&mut host, &platform, &next).unwrap();
    let journal = host.journal();
    assert!(
        place(&journal, "stop", "queue+main+worker+0+a") < place(&journal, "start", "queue+main+jobs+0+b")
    );
    check(&mut host, &platform);

    let next = push(&mut failing, &platform, &branch, 2);
    failing.fail_on("record of queue main: release 2", "the disk is full");
    carry_out(&mut failing, &platform, &next).unwrap_err();
    let journal = failing.journal();
    assert!(
        place(&journal, "stop", "queue+main+jobs+0+b") < place(&journal, "start", "queue+main+worker+0+a")
    );
}
