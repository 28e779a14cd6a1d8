//! Attempts: what the history says of them, and what hooks are told.

use pypaas_config::{BranchRef, Configuration};
use pypaas_core::host::{Files, Host, Mode};
use pypaas_core::plan::{PlanError, Source};
use pypaas_core::{
    Attempt, AttemptKind, ChangeError, Engine, History, MemoryHost, NoProgress, ObserveError, Order, Outcome,
    Platform, Record, record, rollback,
};

use crate::memory::{branches, configuration, deployed, interpret, machine, push};

fn order(branch: &BranchRef, kind: AttemptKind, host: &mut MemoryHost) -> Order {
    Order {
        branch: branch.clone(),
        title: kind.word().to_owned(),
        kind,
        by: "laptop".to_owned(),
        from: Some("192.0.2.7".to_owned()),
        at: host.clock().now(),
        configuration: Some(("a11ce".to_owned(), "env.A = 1\n".to_owned())),
        log: None,
    }
}

fn try_it(
    host: &mut MemoryHost,
    platform: &Platform,
    order: &Order,
    source: Source,
) -> (Result<Option<Record>, ChangeError>, Option<Attempt>) {
    let mut progress = NoProgress;
    let mut engine = Engine::new(host, platform, &mut progress);
    let mut decide = |_: &Record, _: &mut dyn Host| Ok(Some(source.clone()));
    let attempted = engine.attempt::<ChangeError>(order, &mut decide);
    if let Some(attempt) = &attempted.attempt {
        engine.notify(&order.branch, attempt);
    }
    (attempted.outcome, attempted.attempt)
}

fn pushed(host: &mut MemoryHost, platform: &Platform, branch: &BranchRef, number: u8) -> Source {
    push(host, platform, branch, number).source
}

fn history(host: &mut MemoryHost, platform: &Platform, branch: &BranchRef) -> Vec<Attempt> {
    History::new(host, &platform.layout, branch).read().unwrap()
}

fn with_hooks() -> Platform {
    let mut configuration: Configuration = configuration("two-backends");
    for branch in configuration.repos.values_mut().flat_map(|repo| repo.branches.values_mut()) {
        branch.hooks.after_deploy = vec!["./after".to_owned()];
        branch.hooks.deploy_failed = vec!["./failed".to_owned()];
    }
    interpret(configuration)
}

#[test]
fn a_killed_restart_is_listed_as_a_restart() {
    let platform = interpret(configuration("two-backends"));
    let branch = branches(&platform).remove(0);
    let mut host = deployed(&platform);
    let restart = order(&branch, AttemptKind::Restart, &mut host);
    host.crash_at(4);
    try_it(&mut host, &platform, &restart, Source::Live).0.unwrap_err();
    assert!(host.has_crashed());
    host.revive();

    let next = order(&branch, AttemptKind::Push, &mut host);
    let source = pushed(&mut host, &platform, &branch, 2);
    try_it(&mut host, &platform, &next, source).0.unwrap();

    let told: Vec<_> =
        history(&mut host, &platform, &branch).into_iter().map(|it| (it.kind, it.outcome)).collect();
    assert_eq!(told, [(AttemptKind::Restart, Outcome::Abandoned), (AttemptKind::Push, Outcome::Succeeded)]);
}

#[test]
fn hooks_are_told_of_success_and_failure() {
    let platform = with_hooks();
    let branch = branches(&platform).remove(0);
    let mut host = machine(&platform);
    let first = order(&branch, AttemptKind::Push, &mut host);
    let source = pushed(&mut host, &platform, &branch, 1);
    try_it(&mut host, &platform, &first, source).0.unwrap();
    host.fail_on("run `npm ci", "the network is down");
    let source = pushed(&mut host, &platform, &branch, 2);
    let (outcome, attempt) = try_it(&mut host, &platform, &first, source);

    outcome.unwrap_err();
    assert_eq!(attempt.unwrap().outcome, Outcome::Refused);
    let lines: Vec<&str> = host.notifications.iter().map(|(line, _)| line.as_str()).collect();
    assert_eq!(lines, ["./after", "./failed"]);
    let told: serde_json::Value = serde_json::from_str(&host.notifications[1].1).unwrap();
    assert_eq!((&told["repo"], &told["outcome"]), (&"shop".into(), &"refused".into()));
    assert!(told["reason"].as_str().unwrap().contains("npm ci"), "{told}");
}

#[test]
fn whoever_cancels_is_not_told_that_something_is_wrong_with_the_commit() {
    let platform = interpret(configuration("two-backends"));
    let branch = branches(&platform).remove(0);
    let mut host = deployed(&platform);
    let next = order(&branch, AttemptKind::Push, &mut host);
    let source = pushed(&mut host, &platform, &branch, 2);
    host.leaves = Some("the connection is gone".to_owned());

    let (outcome, attempt) = try_it(&mut host, &platform, &next, source);

    outcome.unwrap_err();
    assert_eq!(attempt.unwrap().outcome, Outcome::Abandoned);
}

#[test]
fn the_history_is_bounded_and_survives_a_torn_line() {
    let platform = interpret(configuration("static-only"));
    let branch = branches(&platform).remove(0);
    let mut host = machine(&platform);
    let push = order(&branch, AttemptKind::Push, &mut host);
    let path = platform.layout.history(&branch);
    let source = pushed(&mut host, &platform, &branch, 1);
    let first = try_it(&mut host, &platform, &push, source).1.unwrap();
    host.append_to_file(&path, "{\"outc").unwrap();
    let gone = platform.layout.configurations(&branch).join("gone");
    host.replace_file(&gone, "", Mode::Private).unwrap();

    for release in 2..=131 {
        let attempt = Attempt { release: Some(release), ..first.clone() };
        History::new(&mut host, &platform.layout, &branch).append(attempt).unwrap();
    }

    let releases: Vec<_> =
        history(&mut host, &platform, &branch).into_iter().filter_map(|it| it.release).collect();
    assert_eq!(releases, (32..=131).collect::<Vec<_>>());
    let lines = host.read_file(&path).unwrap().unwrap().lines().count();
    assert!((100..=120).contains(&lines), "{lines}");
    assert_eq!(host.read_file(&gone).unwrap(), None);
    assert!(host.read_file(&platform.layout.configurations(&branch).join("a11ce")).unwrap().is_some());
    // However long its reason is, the last one is found.
    for bytes in [4096, 40_960] {
        let reason = Some("x".repeat(bytes));
        let long = Attempt { reason: reason.clone(), ..first.clone() };
        History::new(&mut host, &platform.layout, &branch).append(long).unwrap();
        let last = History::new(&mut host, &platform.layout, &branch).last().unwrap().unwrap();
        assert_eq!(last.reason, reason);
    }
}

#[test]
fn what_a_later_version_wrote_into_the_history_survives() {
    let platform = interpret(configuration("static-only"));
    let branch = branches(&platform).remove(0);
    let mut host = machine(&platform);
    let push = order(&branch, AttemptKind::Push, &mut host);
    let source = pushed(&mut host, &platform, &branch, 1);
    try_it(&mut host, &platform, &push, source).0.unwrap();
    let path = platform.layout.history(&branch);
    let text = host.read_file(&path).unwrap().unwrap().replace("{\"outcome\"", "{\"host\":\"b\",\"outcome\"");
    host.replace_file(&path, &text, Mode::Private).unwrap();

    let attempt = history(&mut host, &platform, &branch).remove(0);

    assert_eq!(serde_json::to_value(attempt).unwrap()["host"], "b");
}

#[test]
fn the_record_of_a_higher_version_is_refused() {
    let platform = interpret(configuration("two-backends"));
    let branch = branches(&platform).remove(0);
    let mut host = deployed(&platform);
    let path = platform.layout.record(&branch);
    let later = host.files[&path].replace("\"version\": 1", "\"version\": 2");
    host.files.insert(path, later);
    let before = host.clone();

    let error = record(&mut host, &platform.layout, &branch).unwrap_err();
    assert!(matches!(error, ObserveError::TooNew { version: 2, known: 1, .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "`/home/deploy/state/shop/main.json` was written by a later pypaas: its version is 2, and this pypaas knows 1"
    );
    let next = order(&branch, AttemptKind::Push, &mut host);
    let source = pushed(&mut host, &platform, &branch, 2);
    try_it(&mut host, &platform, &next, source).0.unwrap_err();
    assert_eq!(host.files, before.files);
}

#[test]
fn a_rollback_finds_the_release_before_and_its_checkout_if_it_is_there() {
    let mut keeping = configuration("static-only");
    keeping.settings.keep_checkouts = 1;
    let platform = interpret(keeping);
    let branch = branches(&platform).remove(0);
    let mut host = machine(&platform);
    for number in 1..=3 {
        let push = order(&branch, AttemptKind::Push, &mut host);
        let source = pushed(&mut host, &platform, &branch, number);
        try_it(&mut host, &platform, &push, source).0.unwrap();
    }
    let live = record(&mut host, &platform.layout, &branch).unwrap().unwrap();
    let mut find = |release| rollback(&mut host, &platform.layout, &branch, &live, release);

    let Ok(Source::Release { release: 2, kept: Some(kept), .. }) = find(None) else {
        panic!("{:?}", find(None))
    };
    assert_eq!(kept.release, 2);
    assert!(matches!(find(Some(1)), Ok(Source::Release { release: 1, kept: None, .. })));
    assert_eq!(find(Some(3)).unwrap_err().to_string(), "release 3 of site main is live");
    assert_eq!(find(Some(9)).unwrap_err().to_string(), "site main has no release 9");
}

#[test]
fn a_decision_against_it_changes_nothing() {
    let platform = interpret(configuration("two-backends"));
    let branch = branches(&platform).remove(0);
    let mut host = machine(&platform);
    let restart = order(&branch, AttemptKind::Restart, &mut host);
    let mut progress = NoProgress;
    let mut refuse =
        |_: &Record, _: &mut dyn Host| Err(ChangeError::Plan(PlanError::NotDeployed(branch.clone())));

    let attempted = Engine::new(&mut host, &platform, &mut progress).attempt(&restart, &mut refuse);

    attempted.outcome.unwrap_err();
    assert!(host.journal().is_empty());
}
