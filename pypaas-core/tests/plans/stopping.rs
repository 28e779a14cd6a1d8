//! Stopping a branch, and what brings it back.

use pypaas_config::BranchRef;
use pypaas_core::{Engine, MemoryHost, NoProgress, Platform, record};

use crate::invariants::check;
use crate::memory::{branches, carry_out, fixtures, machine, platform, push, restart};

#[test]
fn a_crash_while_a_branch_is_stopped_leaves_it_running_or_stopped() {
    let mut crashes = 0;
    for fixture in fixtures() {
        let platform = platform(&fixture);
        let deployed = deployed(&platform);
        for branch in branches(&platform) {
            for n in 0.. {
                let mut host = deployed.clone();
                host.crash_at(n);
                let outcome = Engine::new(&mut host, &platform, &mut NoProgress).stop(&branch, "laptop");
                if !host.has_crashed() {
                    outcome.unwrap();
                    host.revive();
                    assert_stopped(&mut host, &platform, &branch);
                    break;
                }
                crashes += 1;
                host.revive();
                Engine::new(&mut host, &platform, &mut NoProgress).converge(&branch).unwrap();
                match is_stopped(&mut host, &platform, &branch) {
                    true => assert_stopped(&mut host, &platform, &branch),
                    false => check(&mut host, &platform),
                }
            }
        }
    }
    assert!(crashes > 20, "only {crashes} crashes were tried");
}

#[test]
fn a_crash_while_it_is_started_again_leaves_it_stopped_or_running() {
    let mut crashes = 0;
    for fixture in fixtures() {
        let platform = platform(&fixture);
        let deployed = deployed(&platform);
        for branch in branches(&platform) {
            let mut stopped = deployed.clone();
            Engine::new(&mut stopped, &platform, &mut NoProgress).stop(&branch, "laptop").unwrap();
            for n in 0.. {
                let mut host = stopped.clone();
                host.crash_at(n);
                let outcome = carry_out(&mut host, &platform, &restart(&branch));
                if !host.has_crashed() {
                    outcome.unwrap();
                    check(&mut host, &platform);
                    break;
                }
                crashes += 1;
                host.revive();
                Engine::new(&mut host, &platform, &mut NoProgress).converge(&branch).unwrap();
                match is_stopped(&mut host, &platform, &branch) {
                    true => assert_stopped(&mut host, &platform, &branch),
                    false => check(&mut host, &platform),
                }
                carry_out(&mut host, &platform, &restart(&branch)).unwrap();
                check(&mut host, &platform);
            }
        }
    }
    assert!(crashes > 50, "only {crashes} crashes were tried");
}

#[test]
fn stopping_changes_nginx_and_the_record_and_the_rest_follows() {
    let platform = platform("two-backends");
    let mut host = deployed(&platform);
    let branch = branches(&platform).remove(0);
    let plan = Engine::dry_run(&mut host, &platform, |engine| engine.stop(&branch, "laptop")).unwrap();
    insta::assert_snapshot!(plan, @"
    Let nginx answer in its place
      note what nginx's files say now
      write nginx's router.d/shop.example.com.conf
      note where nginx's files send requests
      test the router's configuration
      reload the router, until only new workers take connections
      nginx serves what its files say
    Remember it
      record of shop main: release 1 (01010101010) in slot a is live, stopped
    Finish requests
      drain port 61500, 61501, 61502, for at most 30s
    Stop what runs
      stop shop+main+api+0+a, shop+main+web+0+a, shop+main+web+1+a, killing what is left after 10s
    ");
}

fn deployed(platform: &Platform) -> MemoryHost {
    let mut host = machine(platform);
    for branch in branches(platform) {
        let first = push(&mut host, platform, &branch, 1);
        carry_out(&mut host, platform, &first).unwrap();
    }
    host.clear_journal();
    host
}

fn is_stopped(host: &mut MemoryHost, platform: &Platform, branch: &BranchRef) -> bool {
    record(host, &platform.layout, branch).unwrap().unwrap().stopped
}

/// Asserts that no process of the branch runs or would at boot, that it can run again, and that nginx leads nobody to it.
fn assert_stopped(host: &mut MemoryHost, platform: &Platform, branch: &BranchRef) {
    let own = |host: &MemoryHost| {
        let states = host.services.iter().filter(|(name, _)| name.branch() == *branch);
        states.map(|(name, state)| (name.clone(), state.clone())).collect::<Vec<_>>()
    };
    for (name, state) in own(host) {
        assert!(!state.enabled && state.process.is_none(), "{name} runs");
    }
    assert_eq!(host.loaded, host.web_files(), "nginx serves something else than its files say");
    assert_eq!(
        host.files.get(&platform.layout.pending_switch()),
        None,
        "a switch of nginx's files did not end"
    );
    carry_out(host, platform, &restart(branch)).unwrap();
    check(host, platform);
}
