//! Nothing is lost while versions change, and several changes at once do not disturb each other.

use std::fs;
use std::time::Duration;

use pypaas_sandbox::{Report, write_script};

use crate::gate::Gate;
use crate::host;
use crate::shop::{NODE, Shop, assert_says};
use crate::site::Site;

#[test]
fn no_request_is_lost_in_a_push_a_restart_and_a_way_back() {
    let shop =
        Shop::live("node-plain", "runners: {web: {type: NginxBackend, cmd: npm start, process_count: 2}}");
    let report = change_under_load(&shop);
    assert_eq!(report.failed(), 0, "{report}");
}

#[test]
fn no_request_is_lost_when_the_old_app_dies_at_once() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let report = change_under_load(&shop);
    assert_eq!(report.failed(), 0, "{report}");
}

/// Pushes, restarts and goes back, while somebody gets and posts 300 times a second on new connections.
fn change_under_load(shop: &Shop) -> Report {
    let old = shop.page();
    let new = old.replace('1', "2");
    let load = shop.sandbox.load("shop.example", "/").rate(300).posts().start();

    shop.push_version("2").must_succeed();
    assert_eq!(shop.page(), new);
    shop.sandbox.client("admin").ssh(&["restart", "shop", "main"]).must_succeed();
    assert_eq!(shop.page(), new);
    shop.code.git(&["reset", "--quiet", "--hard", "HEAD~1"]).must_succeed();
    shop.code.push_with(&["--force"], "shop", &["main"]).must_succeed();
    assert_eq!(shop.page(), old);

    let report = load.run_for(Duration::from_secs(4));
    shop.assert_settled();
    assert_eq!(report.by_status.keys().collect::<Vec<_>>(), [&200], "{report}");
    let bodies: Vec<&str> = report.bodies.keys().map(String::as_str).collect();
    assert_eq!(bodies, [old.as_str(), new.as_str(), "posted"], "{report}");
    assert!(report.total >= 1000, "{report}");
    report
}

#[test]
fn a_second_push_waits_for_the_first_and_says_for_whom() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let gate = Gate::new(&shop.sandbox);
    shop.configure(&format!("{NODE}, hooks: {{build: {}}}", gate.command()));
    let second_commit = shop.code.commit_version("2");
    let first = shop.code.start_push(&[], "shop", &["main"]);
    gate.wait_for(&first);

    let elsewhere = shop.sandbox.client("desktop").worktree_named_from_app("shop", "node-plain");
    let stranger = elsewhere.start_push(&["--force"], "shop", &["main"]);
    stranger.wait_for("waiting for ");
    shop.configure(NODE);
    let listed = shop.sandbox.pypaas(&["list"]).must_succeed();
    assert!(listed.stdout.contains(", being deployed"), "{listed}");
    gate.open();

    let (first, stranger) = (first.wait().must_succeed(), stranger.wait().must_fail());
    let short = &second_commit[..11];
    assert_says(&stranger, &format!("       waiting for deploying {short} of shop main for laptop since 20"));
    assert_says(
        &stranger,
        "error: branch `main` changed while you were pushing\nhint: fetch, then push again\n",
    );
    assert_says(&first, "-----> Release 2 is live after ");
    assert_eq!((shop.page().as_str(), shop.head()), ("dies-on-sigterm version 2\n", Some(second_commit)));
}

#[test]
fn of_the_pushes_that_wait_only_the_newest_is_deployed() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let gate = Gate::new(&shop.sandbox);
    shop.configure(&format!("{NODE}, hooks: {{build: {}}}", gate.command()));
    shop.code.commit_version("2");
    let first = shop.code.start_push(&[], "shop", &["main"]);
    gate.wait_for(&first);
    shop.configure(NODE);
    shop.code.commit_version("3");
    let second = shop.code.start_push(&[], "shop", &["main"]);
    second.wait_for("waiting for ");
    let newest = shop.code.commit_version("4");
    let third = shop.code.start_push(&[], "shop", &["main"]);
    third.wait_for("waiting for ");

    let second = second.wait().must_fail();
    let short = &newest[..11];
    let told =
        format!("error: superseded by a newer push: deploying {short} of shop main for laptop since 20");
    assert_says(&second, &told);
    gate.open();

    first.wait().must_succeed();
    let third = third.wait().must_succeed();
    assert_says(&third, "-----> Release 3 is live after ");
    assert_eq!((shop.page().as_str(), shop.head()), ("dies-on-sigterm version 4\n", Some(newest)));
    shop.assert_settled();
    let waiting = shop.sandbox.home().join("state/shop/main.d/waiting");
    assert_eq!(fs::read_dir(waiting).unwrap().count(), 0);
}

#[test]
fn who_waits_too_long_gives_up_with_an_exit_status_of_its_own() {
    let sandbox = host::builder().settings("lock_timeout: 500ms\n").start().unwrap();
    let shop = Shop::on(sandbox, "dies-on-sigterm", NODE);
    shop.push().must_succeed();
    let gate = Gate::new(&shop.sandbox);
    shop.configure(&format!("{NODE}, hooks: {{build: {}}}", gate.command()));
    shop.code.commit_version("2");
    let first = shop.code.start_push(&[], "shop", &["main"]);
    gate.wait_for(&first);

    shop.code.commit_version("3");
    let second = shop.push().must_fail();
    assert_says(&second, "error: timed out after 0 s waiting for deploying ");
    let restart = shop.sandbox.pypaas(&["restart", "--lock-timeout", "1s", "shop", "main"]);
    assert_eq!(restart.code, 3, "{restart}");
    assert_says(&restart, "error: timed out after 1 s waiting for deploying ");

    gate.open();
    first.wait().must_succeed();
    shop.configure(NODE);
    shop.push().must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 3\n");
}

#[test]
fn ten_repos_that_are_pushed_at_once_are_all_deployed() {
    let sandbox = host::start();
    let client = sandbox.client("laptop");
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let pushes: Vec<_> = names
        .map(|name| {
            sandbox.write_config(&format!("repo/{name}.yml"), &format!("branches: {{main: {{{NODE}}}}}"));
            sandbox.domain(&format!("{name}.example"), name, "main", "web");
            client.worktree_named_from_app(name, "dies-on-sigterm")
        })
        .map(|code| (code.start_push(&[], code.directory().file_name().unwrap(), &["main"]), code))
        .into();
    for (push, _) in pushes {
        push.wait().must_succeed();
    }
    for name in names {
        assert_eq!(sandbox.get(&format!("{name}.example"), "/").text(), "dies-on-sigterm version 1\n");
    }
    assert_eq!(sandbox.app_processes().len(), 10);
}

#[test]
fn a_second_push_is_deployed_when_the_first_one_fails() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let gate = Gate::new(&shop.sandbox);
    shop.configure(&format!("{NODE}, hooks: {{build: [{}, exit 1]}}", gate.command()));
    shop.code.commit_version("2");
    let first = shop.code.start_push(&[], "shop", &["main"]);
    gate.wait_for(&first);

    shop.configure(NODE);
    shop.code.commit_version("3");
    let second = shop.code.start_push(&[], "shop", &["main"]);
    second.wait_for("waiting for ");
    gate.open();

    first.wait().must_fail();
    second.wait().must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 3\n");
    shop.assert_settled();
}

#[test]
fn a_push_is_not_deployed_while_git_still_writes_down_the_one_before() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    // git asks this hook when the new version is live and its own record of the branch is not yet changed.
    let gate = Gate::new(&shop.sandbox);
    let hook = shop.sandbox.home().join("repos/shop/hooks/reference-transaction");
    let (gate_command, data) = (gate.command(), shop.sandbox.home().join("data/shop/main"));
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = prepared ] || exit 0\nrm \"$0\"\nPYPAAS_DATA_DIR={data} exec sh -c {gate_command}\n"
    );
    write_script(&hook, script);
    shop.code.commit_version("2");
    let first = shop.code.start_push(&[], "shop", &["main"]);
    gate.wait_for(&first);

    let second_commit = shop.code.commit_version("3");
    let second = shop.code.start_push(&[], "shop", &["main"]);
    second.wait_for("waiting until git has recorded ");
    gate.open();

    first.wait().must_succeed();
    second.wait().must_succeed();
    assert_eq!((shop.page().as_str(), shop.head()), ("dies-on-sigterm version 3\n", Some(second_commit)));
}

#[test]
fn two_repos_are_built_at_the_same_time() {
    let sandbox = host::start();
    let client = sandbox.client("laptop");
    let (slow, quick) =
        (Site::configure(&sandbox, &client, "slow"), Site::configure(&sandbox, &client, "quick"));
    let gate = Gate::new(&sandbox);
    let hook = format!("main: {{hooks: {{build: {}}}, ", gate.command());
    sandbox.write_config("repo/slow.yml", &Site::REPO.replace("main: {", &hook));
    slow.worktree.write("public/index.html", "slow");
    slow.worktree.commit("Slow");
    let building = slow.worktree.start_push(&[], "slow", &["main"]);
    gate.wait_for(&building);

    let hook = "main: {hooks: {build: echo built}, ";
    sandbox.write_config("repo/quick.yml", &Site::REPO.replace("main: {", hook));
    let built = quick.push("quick").must_succeed();

    assert_says(&built, "       built\n");
    assert_eq!(sandbox.get("quick.example", "/").text(), "quick");
    gate.open();
    building.wait().must_succeed();
    assert_eq!(sandbox.get("slow.example", "/").text(), "slow");
}
