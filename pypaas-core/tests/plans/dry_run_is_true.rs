//! `--dry-run` is true: what a plan prints is what happens, and what it predicts is what is found afterwards.

use crate::memory::{
    branches, carry_out, deployed, effects, fixtures, look, machine, plan, platform, push, restart, walk,
};
use pypaas_core::plan::Request;
use pypaas_core::{ChangeError, Engine, MemoryHost, NoProgress, Observed, Platform};

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
        let cleanup = |engine: &mut Engine<'_>| {
            let failed = engine.cleanup("laptop")?;
            assert!(failed.is_empty(), "{fixture}: {failed:?}");
            Ok(())
        };
        does_what_it_prints(&mut host, &now, cleanup);
        assert!(host.services.is_empty(), "{fixture}: {:?}", host.services.keys());
        assert!(Engine::dry_run(&mut host, &now, cleanup).unwrap().is_empty(), "{fixture}");
    }
}

#[test]
fn maintenance_by_hand_does_what_it_prints() {
    let mut tried = 0;
    for fixture in fixtures() {
        let platform = platform(&fixture);
        let mut host = deployed(&platform);
        for branch in branches(&platform) {
            for on in [true, false] {
                let maintenance = |engine: &mut Engine<'_>| {
                    engine.maintenance(&branch, on, Some("Back at five."), "laptop")
                };
                tried += does_what_it_prints(&mut host, &platform, maintenance);
            }
        }
    }
    assert!(tried > 50, "only {tried} steps were compared");
}

#[test]
fn stopping_and_starting_do_what_they_print() {
    let mut tried = 0;
    for fixture in fixtures() {
        let platform = platform(&fixture);
        let mut host = deployed(&platform);
        for branch in branches(&platform) {
            tried += does_what_it_prints(&mut host, &platform, |engine| engine.stop(&branch, "laptop"));
            tried += compare(&mut host, &platform, &restart(&branch));
        }
    }
    assert!(tried > 100, "only {tried} steps were compared");
}

#[test]
fn a_repair_does_what_it_prints() {
    let mut tried = 0;
    for fixture in fixtures() {
        let platform = platform(&fixture);
        for branch in branches(&platform) {
            for n in 0.. {
                let mut host = deployed(&platform);
                let next = push(&mut host, &platform, &branch, 2);
                host.crash_at(n);
                let _ = carry_out(&mut host, &platform, &next);
                if !host.has_crashed() {
                    break;
                }
                host.revive();
                tried += does_what_it_prints(&mut host, &platform, |engine| engine.converge(&branch));
            }
        }
    }
    assert!(tried > 300, "only {tried} steps were compared");
}

/// Predicts a change, which leaves the machine alone, then carries it out and compares. Returns how many steps it was.
fn does_what_it_prints(
    host: &mut MemoryHost,
    platform: &Platform,
    change: impl Fn(&mut Engine<'_>) -> Result<(), ChangeError>,
) -> usize {
    host.clear_journal();
    let printed = effects(&Engine::dry_run(host, platform, &change).unwrap());
    assert!(host.journal().is_empty(), "{:?}", host.journal());
    change(&mut Engine::new(host, platform, &mut NoProgress)).unwrap();
    assert_eq!(host.journal(), printed);
    printed.len()
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
