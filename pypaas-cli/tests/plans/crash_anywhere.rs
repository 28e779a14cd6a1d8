//! Crashing before every effect of every kind of change, and failing every effect: the next command mends it.

use pypaas_config::BranchRef;
use pypaas_core::plan::Request;
use pypaas_core::{MemoryHost, Platform, Quiet, converge, maintenance};

use crate::invariants::check;
use crate::memory::{branches, carry_out, fixtures, machine, platform, push, restart};

/// A change to interrupt: what is asked for, given the machine and the branch.
type Change = fn(&mut MemoryHost, &Platform, &BranchRef) -> Request;

const CHANGES: [(&str, Change); 3] = [
    ("a deploy", |host, platform, branch| push(host, platform, branch, 9)),
    ("a rebuild", |host, platform, branch| push(host, platform, branch, 1)),
    ("a restart", |_, _, branch| restart(branch)),
];

#[test]
fn a_crash_anywhere_is_mended_by_the_next_command() {
    let mut crashes = 0;
    every_change(|platform, before, request| {
        for n in 0.. {
            let mut host = before.clone();
            host.crash_at(n);
            let outcome = carry_out(&mut host, platform, request);
            if !host.has_crashed() {
                assert!(outcome.is_ok());
                break;
            }
            crashes += 1;
            if n % 2 == 0 {
                host.revive()
            } else {
                host.reboot()
            }
            mend(&mut host, platform, &request.branch);
            let after = push(&mut host, platform, &request.branch, 11);
            carry_out(&mut host, platform, &after).unwrap();
            check(&mut host, platform);
        }
    });
    assert!(crashes > 500, "only {crashes} crashes were tried");
    println!("{crashes} crash points");
}

#[test]
fn a_failure_anywhere_leaves_what_was_live_and_the_next_deploy_works() {
    let mut failures = 0;
    every_change(|platform, before, request| {
        let mut clean = before.clone();
        carry_out(&mut clean, platform, request).unwrap();
        let lines: Vec<String> = clean.journal().into_iter().map(str::to_owned).collect();
        for line in lines {
            let mut host = before.clone();
            host.fail_on(line, "it was made to fail");
            let _ = carry_out(&mut host, platform, request);
            host.mend();
            failures += 1;
            mend(&mut host, platform, &request.branch);
            let after = push(&mut host, platform, &request.branch, 11);
            carry_out(&mut host, platform, &after).unwrap();
            check(&mut host, platform);
        }
    });
    assert!(failures > 500, "only {failures} failures were tried");
    println!("{failures} failures");
}

#[test]
fn a_crash_while_maintenance_is_switched_leaves_it_on_or_off() {
    for fixture in fixtures() {
        let platform = platform(&fixture);
        let mut deployed = machine(&platform);
        for branch in branches(&platform) {
            let first = push(&mut deployed, &platform, &branch, 1);
            carry_out(&mut deployed, &platform, &first).unwrap();
        }
        deployed.clear_journal();
        for branch in branches(&platform) {
            for n in 0.. {
                let mut host = deployed.clone();
                host.crash_at(n);
                let _ = maintenance(&mut host, &platform, &branch, true, None, &mut Quiet);
                if !host.has_crashed() {
                    break;
                }
                host.revive();
                mend(&mut host, &platform, &branch);
            }
        }
    }
}

/// Converges the branch, and checks that this made the machine agree with the records.
fn mend(host: &mut MemoryHost, platform: &Platform, branch: &BranchRef) {
    converge(host, platform, branch, &mut Quiet).unwrap();
    check(host, platform);
}

/// Calls `work` with a machine on which every branch is deployed, or none, and each kind of change.
fn every_change(mut work: impl FnMut(&Platform, &MemoryHost, &Request)) {
    for fixture in fixtures() {
        let platform = platform(&fixture);
        let mut host = machine(&platform);
        for branch in branches(&platform) {
            let first = push(&mut host, &platform, &branch, 1);
            host.clear_journal();
            work(&platform, &host, &first);
            carry_out(&mut host, &platform, &first).unwrap();
        }
        host.clear_journal();
        for branch in branches(&platform) {
            for (_, change) in CHANGES {
                let request = change(&mut host, &platform, &branch);
                work(&platform, &host, &request);
            }
        }
    }
}
