//! Everything that can go wrong at every effect of every kind of command: the next command mends it. `./test` tries an eleventh of
//! the places, the same each time; `./test --soak` tries all.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use pypaas_core::memory_host::{Extent, Mishap};
use pypaas_core::{MemoryHost, Platform};

use crate::commands::Command;
use crate::edits::EDITS;
use crate::invariants::{Before, check, check_serving, check_settled};
use crate::memory::{branches, configuration, deployed, fixtures, interpret, machine};

/// What goes wrong: the program is killed, or the effect fails, and how much of it happens all the same.
///
/// Being killed after an effect is being killed before the next one.
const MISHAPS: [(Extent, bool); 5] = [
    (Extent::Nothing, true),
    (Extent::Half, true),
    (Extent::Nothing, false),
    (Extent::Half, false),
    (Extent::Whole, false),
];

/// A machine, what is configured on it now, and a command that is about to be given.
struct Situation {
    name: String,
    platform: Platform,
    /// Whether the configuration is another one than that with which the machine became what it is.
    edited: bool,
    host: MemoryHost,
    command: Command,
}

#[derive(Default)]
struct Counts {
    situations: AtomicUsize,
    crashes: AtomicUsize,
    failures: AtomicUsize,
    commands: AtomicUsize,
}

#[test]
fn whatever_goes_wrong_anywhere_is_mended_by_the_next_command() {
    // `./test --soak` tries all of them, which takes minutes.
    let every = if std::env::var_os("PYPAAS_TEST_EVERY_CRASH").is_some() { 1 } else { 11 };
    let counts = Counts::default();
    let fixtures = fixtures();
    let threads = thread::available_parallelism().map_or(2, usize::from);
    // Each takes its share of every fixture: one of them has half of what can go wrong.
    thread::scope(|scope| {
        for own in 0..threads {
            let (fixtures, counts) = (&fixtures, &counts);
            scope.spawn(move || {
                for fixture in fixtures {
                    for (first, situation) in
                        situations(fixture).iter().enumerate().skip(own).step_by(threads)
                    {
                        go_wrong_everywhere(situation, first, every, counts);
                    }
                }
            });
        }
    });
    let [situations, crashes, failures, commands] =
        [counts.situations, counts.crashes, counts.failures, counts.commands].map(AtomicUsize::into_inner);
    // Written past the test harness, which keeps what passing tests print to itself.
    let found = format!(
        "\n{crashes} crashes and {failures} failures in {situations} situations, {commands} commands\n"
    );
    io::stdout().write_all(found.as_bytes()).unwrap();
    let least = 5000 / every;
    assert!(situations > 200 && crashes > least && failures > least);
}

/// Every kind of command on one of the example configurations, as it is and as it was edited.
fn situations(fixture: &str) -> Vec<Situation> {
    let unedited = configuration(fixture);
    let platform = || interpret(unedited.clone());
    let all = branches(&platform());
    let mut situations = Vec::new();
    let mut add = |name: &str, platform: Platform, host: &MemoryHost, command: Command| {
        let mut host = host.clone();
        host.clear_journal();
        let name = format!("{fixture}, {name}, {command:?}");
        let edited = platform.configuration != unedited;
        situations.push(Situation { name, platform, edited, host, command });
    };
    let mut growing = machine(&platform());
    for branch in &all {
        add("first deploy", platform(), &growing, Command::Push(branch.clone(), 1));
        Command::Push(branch.clone(), 1).give(&mut growing, &platform()).unwrap();
    }
    let live = deployed(&platform());
    for branch in &all {
        let mut twice = live.clone();
        Command::Push(branch.clone(), 2).give(&mut twice, &platform()).unwrap();
        let mut maintained = live.clone();
        Command::Maintenance(branch.clone(), true).give(&mut maintained, &platform()).unwrap();
        for (name, host, command) in [
            ("deploy", &live, Command::Push(branch.clone(), 2)),
            ("rebuild", &live, Command::Push(branch.clone(), 1)),
            ("restart", &live, Command::Restart(branch.clone())),
            ("twice deployed", &twice, Command::Rollback(branch.clone())),
            ("live", &live, Command::Stop(branch.clone())),
            ("live", &live, Command::Maintenance(branch.clone(), true)),
            ("in maintenance", &maintained, Command::Maintenance(branch.clone(), false)),
            ("in maintenance", &maintained, Command::Push(branch.clone(), 2)),
        ] {
            add(name, platform(), host, command);
        }
    }
    for (name, edit) in EDITS {
        let mut edited = unedited.clone();
        edit(&mut edited);
        if edited == unedited {
            continue;
        }
        add(name, interpret(edited.clone()), &live, Command::Apply);
        add(name, interpret(edited.clone()), &live, Command::Cleanup);
        if let Some(branch) = branches(&interpret(edited.clone())).first() {
            add(name, interpret(edited.clone()), &live, Command::Push(branch.clone(), 2));
        }
    }
    situations
}

fn go_wrong_everywhere(situation: &Situation, first: usize, every: usize, counts: &Counts) {
    counts.situations.fetch_add(1, Ordering::Relaxed);
    let mut clean = situation.host.clone();
    situation
        .command
        .give(&mut clean, &situation.platform)
        .unwrap_or_else(|error| panic!("{}: {error}", situation.name));
    for (n, effect) in clean.journal().into_iter().enumerate() {
        for (position, (extent, kills)) in MISHAPS.into_iter().enumerate() {
            if !(first + n * MISHAPS.len() + position).is_multiple_of(every) {
                continue;
            }
            let count = if kills { &counts.crashes } else { &counts.failures };
            count.fetch_add(1, Ordering::Relaxed);
            let reason = (!kills).then(|| "it was made to fail".to_owned());
            let how = if kills { "killed" } else { "failed" };
            let told = Told(format!(
                "{}: {how} at effect {n}, `{effect}`, of which {extent:?} happens",
                situation.name
            ));
            go_wrong_at(situation, n, Mishap { extent, reason }, n + position, counts);
            drop(told);
        }
    }
}

/// Says where it was when a check fails.
struct Told(String);

impl Drop for Told {
    fn drop(&mut self) {
        if thread::panicking() {
            println!("{}", self.0);
        }
    }
}

fn go_wrong_at(situation: &Situation, n: usize, mishap: Mishap, variant: usize, counts: &Counts) {
    let Situation { platform, edited, command, .. } = situation;
    let mut host = situation.host.clone();
    let is_asked_to_close = matches!(command, Command::Stop(_) | Command::Maintenance(_, true));
    let before = Before::of(&mut host, platform, *edited || is_asked_to_close);
    host.go_wrong_at(n, mishap);
    let _ = command.give(&mut host, platform);
    check_serving(&mut host, platform, &before);
    let crashed = host.has_crashed();
    if crashed && variant.is_multiple_of(3) {
        host.boot();
        give(&Command::Apply, &mut host, platform, counts);
        assert!(host.start_web_server(), "nginx does not start");
        check_settled(&mut host, platform, &before);
    } else if crashed {
        host.revive();
    }
    host.mend();
    for next in next_commands(platform, command, variant) {
        give(&next, &mut host, platform, counts);
        check_settled(&mut host, platform, &before);
    }
    give(&Command::Apply, &mut host, platform, counts);
    check(&mut host, platform);
    if variant % 3 == 1 {
        host.clear_journal();
        give(&Command::Apply, &mut host, platform, counts);
        assert_eq!(host.journal(), Vec::<&str>::new(), "a second apply has nothing to do");
    }
}

/// The command that is given after it, each kind in turn.
fn next_commands(platform: &Platform, command: &Command, variant: usize) -> Vec<Command> {
    let configured = branches(platform);
    let same = command.branch().filter(|branch| platform.branch(branch).is_some());
    let Some(branch) = same.or(configured.get(variant % configured.len().max(1))) else { return Vec::new() };
    match variant % 4 {
        0 => vec![command.clone()],
        1 => vec![Command::Push(branch.clone(), 11)],
        2 => vec![Command::Apply],
        _ => configured.iter().map(|other| Command::Push(other.clone(), 11)).collect(),
    }
}

fn give(command: &Command, host: &mut MemoryHost, platform: &Platform, counts: &Counts) {
    counts.commands.fetch_add(1, Ordering::Relaxed);
    command.give(host, platform).unwrap_or_else(|error| panic!("{command:?}: {error}"));
}
