//! Random days: commands, edits of the configuration, crashes, failures and reboots in any order.

use proptest::prelude::*;
use proptest::sample::Index;
use pypaas_core::MemoryHost;
use pypaas_core::memory_host::{Extent, Mishap};

use crate::commands::Command;
use crate::edits::EDITS;
use crate::invariants::{Before, check, check_serving};
use crate::memory::{branches, configuration, fixtures, interpret, machine};

/// Something that happens on a day.
#[derive(Debug, Clone)]
enum Event {
    /// A command is given for the branch so many.
    Command(Kind, Index),
    /// The same, and at the effect so many something goes wrong.
    GoesWrong(Kind, Index, usize, Extent, bool),
    /// The admin edits the configuration.
    Edit(Index),
    /// The power fails, and the machine boots.
    Reboot,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Push(u8),
    Restart,
    Rollback,
    Stop,
    Maintenance(bool),
    Apply,
    Cleanup,
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        4 => (1..6_u8).prop_map(Kind::Push),
        2 => Just(Kind::Restart),
        1 => Just(Kind::Rollback),
        1 => Just(Kind::Stop),
        1 => any::<bool>().prop_map(Kind::Maintenance),
        2 => Just(Kind::Apply),
        1 => Just(Kind::Cleanup),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let extent = prop_oneof![Just(Extent::Nothing), Just(Extent::Half), Just(Extent::Whole)];
    prop_oneof![
        3 => (kind(), any::<Index>()).prop_map(|(kind, branch)| Event::Command(kind, branch)),
        4 => (kind(), any::<Index>(), 0..40_usize, extent, any::<bool>())
            .prop_map(|(kind, branch, n, extent, kills)| Event::GoesWrong(kind, branch, n, extent, kills)),
        2 => any::<Index>().prop_map(Event::Edit),
        1 => Just(Event::Reboot),
    ]
}

/// So many days; as many as `PROPTEST_CASES` says when it is set, as `./test --soak` does.
fn days() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 300;
    }
    config
}

/// A first switch of nginx's files failed after one of the two nginx was started; then the admin removed the domain.
#[test]
fn what_a_first_switch_has_started_ends_when_it_is_taken_back() {
    for n in 0..15 {
        for extent in [Extent::Nothing, Extent::Half, Extent::Whole] {
            let mut configuration = configuration("documented");
            let before = interpret(configuration.clone());
            let mut host = machine(&before);
            host.go_wrong_at(n, Mishap { extent, reason: Some("it was made to fail".to_owned()) });
            let _ = Command::Cleanup.give(&mut host, &before);
            host.mend();
            configuration.domains.clear();
            let after = interpret(configuration);
            Command::Apply.give(&mut host, &after).unwrap();
            check(&mut host, &after);
        }
    }
}

proptest! {
    #![proptest_config(days())]

    #[test]
    fn after_any_day_the_machine_agrees_with_the_configuration(
        fixture in any::<Index>(),
        events in prop::collection::vec(event(), 1..14),
    ) {
        let mut configuration = configuration(fixture.get(fixtures().as_slice()).as_str());
        let mut host = machine(&interpret(configuration.clone()));
        for event in events {
            let platform = interpret(configuration.clone());
            let before = Before::of(&mut host, &platform, true);
            // What fails while a failure is mended may be the very start of what serves.
            let mut may_be_down = false;
            let (kind, branch) = match event {
                Event::Edit(edit) => {
                    EDITS[edit.index(EDITS.len())].1(&mut configuration);
                    continue;
                }
                Event::Reboot => {
                    boot(&mut host, &platform);
                    check_serving(&mut host, &platform, &before);
                    continue;
                }
                Event::Command(kind, branch) => (kind, branch),
                Event::GoesWrong(kind, branch, n, extent, kills) => {
                    let reason = (!kills).then(|| "it was made to fail".to_owned());
                    may_be_down = !kills && before.is_under_way();
                    host.go_wrong_at(n, Mishap { extent, reason });
                    (kind, branch)
                }
            };
            let all = branches(&platform);
            if !all.is_empty() {
                let branch = branch.get(&all).clone();
                let command = match kind {
                    Kind::Push(number) => Command::Push(branch, number),
                    Kind::Restart => Command::Restart(branch),
                    Kind::Rollback => Command::Rollback(branch),
                    Kind::Stop => Command::Stop(branch),
                    Kind::Maintenance(on) => Command::Maintenance(branch, on),
                    Kind::Apply => Command::Apply,
                    Kind::Cleanup => Command::Cleanup,
                };
                let _ = command.give(&mut host, &platform);
            }
            host.revive();
            host.mend();
            if may_be_down {
                Command::Apply.give(&mut host, &platform).unwrap();
            }
            check_serving(&mut host, &platform, &before);
        }
        let platform = interpret(configuration);
        Command::Apply.give(&mut host, &platform).unwrap();
        check(&mut host, &platform);
        for branch in branches(&platform) {
            Command::Push(branch, 9).give(&mut host, &platform).unwrap();
        }
        check(&mut host, &platform);
    }
}

/// Boots as a host does: `apply` before nginx starts and again after it.
fn boot(host: &mut MemoryHost, platform: &pypaas_core::Platform) {
    host.boot();
    Command::Apply.give(host, platform).unwrap();
    assert!(host.start_web_server(), "nginx does not start");
    Command::Apply.give(host, platform).unwrap();
}
