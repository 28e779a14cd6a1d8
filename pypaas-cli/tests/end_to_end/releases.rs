//! `releases` and `rollback`: what was tried on a branch, and going back.

use std::fs;
use std::process::Command;

use crate::host;
use crate::json;
use crate::shop::{NODE, Shop, assert_says};

#[test]
fn every_attempt_is_remembered_with_how_it_ended() {
    let web = "runners: {web: {type: NginxStatic}}";
    let shop = Shop::new("static-site", &format!("{web}, env: {{TOKEN: first}}"));
    let admin = shop.sandbox.client("admin");
    assert_eq!(
        admin.ssh(&["releases", "shop", "main"]).must_succeed().stdout,
        "nothing was tried on shop main yet\n"
    );
    shop.push().must_succeed();
    shop.configure(&format!("{web}, env: {{TOKEN: second}}, hooks: {{build: exit 3}}"));
    let refused = shop.code.commit_version("2");
    shop.push().must_fail();
    shop.configure(&format!("{web}, env: {{TOKEN: second}}"));
    admin.ssh(&["restart", "shop", "main"]).must_succeed();

    let releases = json::read(admin.ssh(&["releases", "shop", "main", "--json"]));
    let first = &releases[2]["sections"].as_array().unwrap();
    assert!(first.iter().any(|it| it["title"] == "Go live" && it["phase"] == "switch"), "{first:?}");
    assert!(first.iter().all(|it| it["seconds"].as_f64().unwrap() < 60.0), "{first:?}");
    insta::assert_snapshot!(json::masked(releases), @r#"
    [
      {
        "at": "<at>",
        "builder": null,
        "by": "admin",
        "checkout": "<checkout>",
        "commit": "<commit>",
        "configuration": "<configuration>",
        "from": "<from>",
        "kind": "restart",
        "live": true,
        "log": "<log>",
        "outcome": "succeeded",
        "reason": null,
        "release": 2,
        "restored": null,
        "seconds": "<seconds>",
        "sections": "<sections>",
        "subject": "The sample app",
        "totals": {
          "abandoned": 0,
          "refused": 1,
          "succeeded": 2
        }
      },
      {
        "at": "<at>",
        "builder": null,
        "by": "laptop",
        "checkout": null,
        "commit": "<commit>",
        "configuration": "<configuration>",
        "from": "<from>",
        "kind": "push",
        "live": false,
        "log": "<log>",
        "outcome": "refused",
        "reason": "step 4 of 5 failed: run `exit 3`: `exit 3` exited with status 3",
        "release": null,
        "restored": null,
        "seconds": "<seconds>",
        "sections": "<sections>",
        "subject": "Version 2",
        "totals": {
          "abandoned": 0,
          "refused": 1,
          "succeeded": 1
        }
      },
      {
        "at": "<at>",
        "builder": null,
        "by": "laptop",
        "checkout": "<checkout>",
        "commit": "<commit>",
        "configuration": "<configuration>",
        "from": "<from>",
        "kind": "push",
        "live": false,
        "log": "<log>",
        "outcome": "succeeded",
        "reason": null,
        "release": 1,
        "restored": null,
        "seconds": "<seconds>",
        "sections": "<sections>",
        "subject": "The sample app",
        "totals": {
          "abandoned": 0,
          "refused": 0,
          "succeeded": 1
        }
      }
    ]
    "#);
    let listed = admin.ssh(&["releases", "shop", "main"]).must_succeed().stdout;
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[0].starts_with("RELEASE  OUTCOME    COMMIT"), "{listed}");
    assert!(lines[1].starts_with("2        live ") && lines[1].contains("  admin, restart  "), "{listed}");
    assert!(lines[2].starts_with(&format!("-        refused    {} Version 2  ", &refused[..11])), "{listed}");
    assert!(lines[3].ends_with("`exit 3` exited with status 3"), "{listed}");
    assert!(
        lines[4].starts_with("1        succeeded  ") && lines[4].contains("  laptop, push  "),
        "{listed}"
    );
    let one = admin.ssh(&["releases", "shop", "main", "1"]).must_succeed().stdout;
    assert!(one.contains("\n  push by laptop from 127.0.0.1 at ") && one.contains(" s  Go live\n"), "{one}");

    let differs = admin.ssh(&["releases", "shop", "main", "--diff", "1", "2"]).must_succeed();
    assert_eq!(differs.stdout, "- env.TOKEN = (hidden)\n+ env.TOKEN = (hidden)\n");
    let differs = admin.ssh(&["releases", "shop", "main", "--diff", "1", "--show"]).must_succeed();
    assert_eq!(differs.stdout, "- env.TOKEN = first\n+ env.TOKEN = second\n");
    let never = admin.ssh(&["releases", "shop", "main", "9"]).must_fail();
    assert_eq!(never.stderr, "error: shop main has no release 9\nhint: known releases: 1 to 2\n");
}

#[test]
fn a_deploy_that_was_killed_is_remembered_as_abandoned() {
    let shop = Shop::live("static-site", "runners: {web: {type: NginxStatic}}");
    let gate = crate::gate::Gate::new(&shop.sandbox);
    shop.configure(&format!("runners: {{web: {{type: NginxStatic}}}}, hooks: {{build: {}}}", gate.command()));
    let killed = shop.code.commit_version("2");
    let push = shop.code.start_push(&[], "shop", &["main"]);
    gate.wait_for(&push);
    let deployer =
        shop.sandbox.processes().into_iter().find(|it| it.command.contains("update-hook")).unwrap();
    deployer.kill();
    push.wait().must_fail();
    shop.configure("runners: {web: {type: NginxStatic}}");
    shop.push().must_succeed();

    let releases = json::read(shop.sandbox.client("admin").ssh(&["releases", "shop", "main", "--json"]));
    let outcomes: Vec<&str> =
        releases.as_array().unwrap().iter().map(|it| it["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["succeeded", "abandoned", "succeeded"]);
    assert_eq!(releases[1]["commit"], killed.as_str());
    assert_eq!(releases[1]["reason"], "pypaas was killed during the deploy");
}

#[test]
fn a_rollback_builds_an_earlier_commit_again_and_the_next_push_says_what_was_live() {
    let shop = Shop::live("dies-on-sigterm", &format!("{NODE}, hooks: {{build: echo building}}"));
    let admin = shop.sandbox.client("admin");
    let first = shop.code.head();
    shop.push_version("2").must_succeed();
    shop.push_version("3").must_succeed();
    let third = shop.code.head();
    let load = shop.sandbox.load("shop.example", "/").rate(50).start();

    let planned = admin.ssh(&["rollback", "shop", "main", "--dry-run"]).must_succeed();
    assert_says(&planned, "Begin\n  record of shop main: trying release 4 (");
    let back = admin.ssh(&["rollback", "shop", "main"]).must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 2\n");
    assert_says(&back, "       $ echo building\n");
    assert_says(&back, &format!("In the repository `main` is still at {};", &third[..11]));
    assert_says(&admin.ssh(&["status"]), "\n  rolled back to release 2\n");
    admin.ssh(&["rollback", "shop", "main"]).must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n", "once more goes further back");
    let report = load.finish();
    assert_eq!(report.failed(), 0, "{report}");

    let none = admin.ssh(&["rollback", "shop", "main"]).must_fail();
    assert_says(&none, "error: shop main has no earlier release of another commit\n");
    let never = admin.ssh(&["rollback", "shop", "main", "77"]).must_fail();
    assert_eq!(never.stderr, "error: shop main has no release 77\nhint: there are: 1, 2, 3, 4, 5\n");
    let live = admin.ssh(&["rollback", "shop", "main", "5"]).must_fail();
    assert_says(&live, "error: release 5 of shop main is live\n");

    let push = shop.push_version("4").must_succeed();
    assert_says(
        &push,
        &format!("`main` was at {}, but {} is live: admin rolled it back ", &third[..11], &first[..11]),
    );
    assert_eq!(shop.page(), "dies-on-sigterm version 4\n");
    shop.assert_settled();
    admin.ssh(&["rollback", "shop", "main", "3"]).must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 3\n");
}

#[test]
fn what_apply_made_live_is_among_the_releases() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let admin = shop.sandbox.client("admin");
    shop.configure(&format!("{NODE}, env: {{NEW: value}}"));
    admin.ssh(&["apply"]).must_succeed();
    let releases = json::read(admin.ssh(&["releases", "shop", "main", "--json"]));
    let told: Vec<_> =
        releases.as_array().unwrap().iter().map(|it| (&it["release"], &it["kind"], &it["by"])).collect();
    let (apply, push) =
        ((&2.into(), &"apply".into(), &"admin".into()), (&1.into(), &"push".into(), &"laptop".into()));
    assert_eq!(told, [apply, push]);
    insta::assert_snapshot!(json::masked(json::read(admin.ssh(&["list", "--json"]))), @r#"
    [
      {
        "branch": "main",
        "broken": false,
        "commit": "<commit>",
        "configured": true,
        "deployed_at": "<deployed_at>",
        "deployed_by": "admin",
        "deploying": false,
        "maintenance": null,
        "processes": 1,
        "release": 2,
        "repo": "shop",
        "stopped": false,
        "subject": "The sample app",
        "urls": [
          "http://shop.example:<port>/"
        ]
      }
    ]
    "#);
}

#[test]
fn a_rollback_to_what_does_not_start_leaves_what_is_live() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let admin = shop.sandbox.client("admin");
    shop.push_version("2").must_succeed();
    let (pids, head) = (shop.pids(), shop.head());
    shop.configure(
        "runners: {web: {type: NginxBackend, cmd: 'test `cat version.txt` = 2 && exec node server.js'}}",
    );

    let refused = admin.ssh(&["rollback", "shop", "main"]);

    assert_eq!(refused.code, 2, "{refused}");
    assert_says(
        &refused,
        "hint: the version that was live before is still live; fix the app, then push again\n",
    );
    assert_eq!((shop.pids(), shop.head()), (pids, head));
    assert_eq!(shop.page(), "dies-on-sigterm version 2\n");
    let releases = json::read(admin.ssh(&["releases", "shop", "main", "--json"]));
    assert_eq!((&releases[0]["outcome"], &releases[0]["kind"]), (&"refused".into(), &"rollback".into()));
}

#[test]
fn a_rollback_is_at_once_when_the_checkout_is_kept() {
    let shop = Shop::live("dies-on-sigterm", &format!("{NODE}, hooks: {{build: echo building}}"));
    let admin = shop.sandbox.client("admin");
    let first = shop.checkouts()[0].clone();
    let copy = shop.sandbox.root().join("kept");
    assert!(Command::new("cp").arg("-a").args([&first, &copy]).status().unwrap().success());
    shop.push_version("2").must_succeed();
    // As a host that keeps checkouts would have left it.
    fs::rename(copy, &first).unwrap();

    let back = admin.ssh(&["rollback", "shop", "main"]).must_succeed();

    assert!(!back.stderr.contains("building") && !back.stderr.contains("Check out"), "{back}");
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
    assert_eq!(shop.checkouts(), [first]);
}

#[test]
fn a_rollback_to_a_checkout_that_was_kept_builds_nothing() {
    let sandbox = host::builder().settings("keep_checkouts: 1\n").start().unwrap();
    let shop = Shop::on(sandbox, "dies-on-sigterm", &format!("{NODE}, hooks: {{build: echo building}}"));
    shop.push().must_succeed();
    shop.push_version("2").must_succeed();
    shop.push_version("3").must_succeed();
    assert_eq!(shop.checkouts().len(), 2);

    let back = shop.sandbox.pypaas(&["rollback", "shop", "main"]).must_succeed();

    assert!(!back.stderr.contains("building"), "{back}");
    assert_eq!(shop.page(), "dies-on-sigterm version 2\n");
    assert_eq!((shop.checkouts().len(), shop.pids().len()), (2, 1));
}
