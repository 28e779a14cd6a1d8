//! Whatever is lost, `NotRunning` names one command, and it gets the branch running again.

use camino::Utf8Path;
use proptest::prelude::*;
use proptest::sample::Index;
use pypaas_config::{BranchRef, Configuration};
use pypaas_core::plan::{Request, Source};
use pypaas_core::{AttemptKind, MemoryHost, NotRunning, Platform, rebuild, record};

use crate::commands::Command;
use crate::edits::EDITS;
use crate::invariants::check;
use crate::memory::{branches, carry_out, configuration, fixtures, interpret, machine, push, restart};

/// What is lost.
#[derive(Debug, Clone, Copy)]
enum Loss {
    State,
    Record,
    Checkouts,
    Services,
    NginxFiles,
    Commits,
}

#[derive(Debug, Clone)]
enum Event {
    Push(Index, u8),
    Stop(Index),
    Apply,
    Cleanup,
    Edit(Index),
    /// The configuration is as it was at first.
    Back,
    Lose(Loss, Index),
}

fn event() -> impl Strategy<Value = Event> {
    let loss = prop_oneof![
        Just(Loss::State),
        Just(Loss::Record),
        Just(Loss::Checkouts),
        Just(Loss::Services),
        Just(Loss::NginxFiles),
        Just(Loss::Commits),
    ];
    prop_oneof![
        3 => (any::<Index>(), 1..6_u8).prop_map(|(branch, number)| Event::Push(branch, number)),
        1 => any::<Index>().prop_map(Event::Stop),
        2 => Just(Event::Apply),
        1 => Just(Event::Cleanup),
        2 => any::<Index>().prop_map(Event::Edit),
        1 => Just(Event::Back),
        3 => (loss, any::<Index>()).prop_map(|(loss, branch)| Event::Lose(loss, branch)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn from_every_state_the_command_that_is_named_gets_each_branch_running_again(
        fixture in any::<Index>(),
        events in prop::collection::vec(event(), 1..14),
    ) {
        let first = configuration(fixture.get(fixtures().as_slice()).as_str());
        let mut edited = first.clone();
        let mut host = machine(&interpret(first.clone()));
        for event in events {
            happen(&event, &mut host, &first, &mut edited);
        }
        let platform = interpret(edited);
        for branch in branches(&platform) {
            do_what_is_named(&mut host, &platform, &branch);
        }
        Command::Apply.give(&mut host, &platform).unwrap();
        check(&mut host, &platform);
        for branch in branches(&platform) {
            prop_assert_eq!(NotRunning::find(&mut host, &platform.layout, &branch).unwrap(), None);
            let record = record(&mut host, &platform.layout, &branch).unwrap().unwrap();
            prop_assert!(!record.stopped && record.live.is_some(), "{}: {}", branch, record);
        }
    }
}

fn happen(event: &Event, host: &mut MemoryHost, first: &Configuration, edited: &mut Configuration) {
    let platform = interpret(edited.clone());
    let all = branches(&platform);
    let chosen = |index: &Index| (!all.is_empty()).then(|| index.get(&all).clone());
    match event {
        Event::Push(branch, number) => {
            let Some(branch) = chosen(branch) else { return };
            git_push(host, &platform, &branch, *number);
        }
        Event::Stop(branch) => {
            let Some(branch) = chosen(branch) else { return };
            // What is not deployed is not stopped.
            let _ = Command::Stop(branch).give(host, &platform);
        }
        // Where something is lost they may do a part only.
        Event::Apply => drop(Command::Apply.give(host, &platform)),
        Event::Cleanup => drop(Command::Cleanup.give(host, &platform)),
        Event::Edit(edit) => EDITS[edit.index(EDITS.len())].1(edited),
        Event::Back => *edited = first.clone(),
        Event::Lose(loss, branch) => {
            let Some(branch) = chosen(branch) else { return };
            lose(*loss, host, &platform, &branch);
        }
    }
}

/// Pushes, and has git move the branch when its hook has said yes.
fn git_push(host: &mut MemoryHost, platform: &Platform, branch: &BranchRef, number: u8) {
    let request = push(host, platform, branch, number);
    let commit = request.source.commit().cloned();
    if carry_out(host, platform, &request).is_ok() {
        let repo = host.repositories.entry(platform.layout.repo(&branch.repo)).or_default();
        repo.heads.insert(branch.branch.to_string(), commit.unwrap());
    }
}

fn lose(loss: Loss, host: &mut MemoryHost, platform: &Platform, branch: &BranchRef) {
    let layout = &platform.layout;
    let mut below = |directory: &Utf8Path| {
        host.files.retain(|path, _| !path.starts_with(directory));
        host.directories.retain(|path| !path.starts_with(directory));
    };
    match loss {
        Loss::State => below(&layout.state()),
        Loss::Record => below(&layout.record(branch)),
        Loss::Checkouts => below(&layout.checkouts(branch)),
        // Of domains that are not configured either, nobody would know.
        Loss::NginxFiles => {
            if !platform.configuration.domains.is_empty() {
                below(layout.web());
                drop(Command::Apply.give(host, platform));
            }
        }
        Loss::Services => host.services.retain(|name, _| name.branch() != *branch),
        Loss::Commits => drop(host.repositories.remove(&layout.repo(&branch.repo))),
    }
}

fn do_what_is_named(host: &mut MemoryHost, platform: &Platform, branch: &BranchRef) {
    let Some(why) = NotRunning::find(host, &platform.layout, branch).unwrap() else { return };
    let before = record(host, &platform.layout, branch).unwrap().unwrap_or_default();
    let source = match why {
        NotRunning::NeverPushed | NotRunning::NoCommit { .. } => {
            return git_push(host, platform, branch, 7);
        }
        NotRunning::Stopped => Source::Live,
        NotRunning::NoRecord { .. } | NotRunning::NoCheckout { .. } => {
            rebuild(host, &platform.layout, branch, &before).unwrap()
        }
    };
    let request = Request { source, kind: AttemptKind::Rebuild, ..restart(branch) };
    carry_out(host, platform, &request).unwrap_or_else(|error| panic!("{why:?}: {error:?}"));
}
