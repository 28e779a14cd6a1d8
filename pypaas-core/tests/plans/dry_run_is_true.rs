//! `--dry-run` is true: what a plan prints is what happens, and what it predicts is what is found afterwards.

use crate::memory::{
    branches, carry_out, deployed, effects, fixtures, look, machine, plan, platform, push, restart, walk,
};
use pypaas_core::plan::Request;
use pypaas_core::{MemoryHost, Observed, Platform, Quiet, Scope, maintenance, observe};

#[test]
fn the_journal_of_every_change_is_its_printed_plan() {
    let mut tried = 0;
    for fixture in fixtures() {
        let platform = platform(&fixture);
        let mut host = machine(&platform);
        for branch in branches(&platform) {
            for number in 1..=2 {
                let request = push(&mut host, &platform, &branch, number);
                tried += compare(&mut host, &platform, &request);
            }
            tried += compare(&mut host, &platform, &restart(&branch));
        }
    }
    assert!(tried > 300, "only {tried} steps were compared");
}

/// Plans the request, carries it out stage by stage on a copy of the machine, and compares. Returns how many steps it was.
fn compare(host: &mut MemoryHost, platform: &Platform, request: &Request) -> usize {
    let plan = plan(host, platform, request);
    let printed = effects(&plan);
    host.clear_journal();
    carry_out(host, platform, request).unwrap();
    assert_eq!(host.journal(), printed, "{} of {:?}", request.branch, request.source);
    printed.len()
}

#[test]
fn what_a_plan_predicts_is_what_is_found_after_it() {
    for fixture in fixtures() {
        let platform = platform(&fixture);
        let mut host = machine(&platform);
        for branch in branches(&platform) {
            for number in 1..=2 {
                let request = push(&mut host, &platform, &branch, number);
                let plan = plan(&mut host, &platform, &request);
                let predicted = look(&mut host, &platform, &request).after(&plan);
                walk(&mut host, &platform, &plan).unwrap();
                let found = look(&mut host, &platform, &request);
                assert_eq!(without_time(predicted), without_time(found), "{fixture} {branch}");
            }
        }
    }
}

#[test]
fn a_cleanup_does_what_it_prints() {
    // The configuration is replaced by one in which nothing of what is live is left.
    let now = platform("static-only");
    for fixture in fixtures().into_iter().filter(|fixture| fixture != "static-only") {
        let mut host = deployed(&platform(&fixture));
        let observed = observe(&mut host, &now, Scope::Machine).unwrap();
        let plan = pypaas_core::plan::cleanup(&now, &observed).unwrap();
        let failed = pypaas_core::cleanup(&mut host, &now, "laptop", &mut Quiet).unwrap();
        assert!(failed.is_empty(), "{fixture}: {failed:?}");

        assert_eq!(host.journal(), effects(&plan), "{fixture}");
        assert!(host.services.is_empty(), "{fixture}: {:?}", host.services.keys());
        let again = observe(&mut host, &now, Scope::Machine).unwrap();
        assert!(pypaas_core::plan::cleanup(&now, &again).unwrap().is_empty(), "{fixture}");
    }
}

#[test]
fn maintenance_by_hand_does_what_it_prints() {
    for fixture in fixtures() {
        let platform = platform(&fixture);
        let mut host = deployed(&platform);
        for branch in branches(&platform) {
            for on in [true, false] {
                let observed = look(&mut host, &platform, &restart(&branch));
                let plan = pypaas_core::plan::maintenance(&platform, &observed, &branch, on, None).unwrap();
                host.clear_journal();
                maintenance(&mut host, &platform, &branch, on, None, &mut Quiet).unwrap();
                assert_eq!(host.journal(), effects(&plan), "{fixture}: {branch}, {on}");
            }
        }
    }
}

/// Leaves out what no plan predicts: the clock, uptimes, and the ports of processes.
fn without_time(mut observed: Observed) -> Observed {
    observed.now = jiff::Timestamp::UNIX_EPOCH;
    observed.ports_in_use.clear();
    for state in observed.services.values_mut() {
        state.process = state.process.map(|_| Default::default());
    }
    observed
}
