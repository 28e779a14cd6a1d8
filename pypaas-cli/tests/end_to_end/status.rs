//! `status`: how the branches are, without waiting for anything.

use crate::eventually::eventually;
use crate::gate::Gate;
use crate::host;
use crate::json;
use crate::shop::{NODE, Shop, assert_says};

#[test]
fn an_empty_host_says_what_to_do_first() {
    let sandbox = host::start();
    let admin = sandbox.client("admin");
    let said = admin.ssh(&["status"]).must_succeed().stdout;
    for words in ["Nothing is configured yet. First:\n", "/config/repo/shop.yml", "git push deploy@"] {
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(admin.ssh(&["status", "--json"]).must_succeed().stdout, "[]\n");
}

#[test]
fn a_branch_shows_its_release_and_its_processes_as_they_are() {
    let runners = "runners: {web: {type: NginxBackend, cmd: node server.js, process_count: 2}}";
    let shop = Shop::new("dies-on-sigterm", runners);
    let admin = shop.sandbox.client("admin");
    let before = admin.ssh(&["status"]).must_succeed().stdout;
    assert!(before.contains("\nshop main  not deployed\n"), "{before}");

    shop.push().must_succeed();
    insta::assert_snapshot!(json::masked(json::read(admin.ssh(&["status", "--json"]))), @r#"
    [
      {
        "branch": "main",
        "broken": false,
        "configured": true,
        "deploying": null,
        "disk": null,
        "last_failure": null,
        "live": {
          "commit": "<commit>",
          "deployed_at": "<deployed_at>",
          "deployed_by": "laptop",
          "release": 1,
          "restored": null,
          "subject": "The sample app"
        },
        "maintenance": null,
        "message": null,
        "processes": {
          "desired": 2,
          "instances": [
            {
              "index": 0,
              "memory_bytes": "<memory_bytes>",
              "pid": "<pid>",
              "port": "<port>",
              "restarts": 0,
              "runner": "web",
              "slot": "a",
              "uptime_seconds": "<uptime_seconds>"
            },
            {
              "index": 1,
              "memory_bytes": "<memory_bytes>",
              "pid": "<pid>",
              "port": "<port>",
              "restarts": 0,
              "runner": "web",
              "slot": "a",
              "uptime_seconds": "<uptime_seconds>"
            }
          ],
          "memory_bytes": "<memory_bytes>",
          "restarts": 0,
          "up": 2,
          "uptime_seconds": "<uptime_seconds>"
        },
        "repo": "shop",
        "state": "up",
        "urls": [
          "http://shop.example:<port>/"
        ]
      }
    ]
    "#);
    let commit = &shop.code.head()[..11];
    let disk = admin.ssh(&["status", "--disk"]).must_succeed().stdout;
    assert!(disk.contains("\n  on the disk: repository ") && disk.contains(" kB, checkouts "), "{disk}");
    let overview = admin.ssh(&["status"]).must_succeed().stdout;
    assert!(overview.starts_with("BRANCH     LIVE  "), "{overview}");
    for words in [
        &format!("\nshop main  {commit} The sample app  "),
        " by laptop ",
        "  2 of 2 up, ",
        "\n  http://shop.example:",
    ] {
        assert!(overview.contains(words), "{overview}");
    }
    assert!(!overview.contains('\u{1b}'), "no terminal, no colors: {overview}");

    shop.sandbox.app_processes()[0].kill();
    let restarted = eventually(|| {
        let status = json::read(admin.ssh(&["status", "shop", "main", "--json"]));
        (status[0]["processes"]["restarts"] == 1 && status[0]["state"] == "up").then_some(status)
    });
    assert_eq!(restarted[0]["processes"]["up"], 2);
    let details = admin.ssh(&["status", "shop", "main"]).must_succeed().stdout;
    assert!(details.contains("\n  2 of 2 processes up\n  PROCESS  PORT "), "{details}");
    assert!(details.contains("\n  web.1    "), "{details}");
}

#[test]
fn a_deploy_that_runs_and_one_that_failed_are_shown_and_not_waited_for() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let gate = Gate::new(&shop.sandbox);
    let admin = shop.sandbox.client("admin");
    shop.configure(&format!("{NODE}, hooks: {{build: [{}, exit 3]}}", gate.command()));
    let new = shop.code.commit_version("2");
    let push = shop.code.start_push(&[], "shop", &["main"]);
    gate.wait_for(&push);

    let during = json::read(admin.ssh(&["status", "--json"]));
    assert_eq!(during[0]["deploying"]["commit"], new.as_str());
    assert_eq!(during[0]["deploying"]["running"], true);
    assert_eq!(during[0]["state"], "up");
    assert_says(&admin.ssh(&["status"]), &format!("\n  deploying {} since ", &new[..11]));

    gate.open();
    push.wait().must_fail();
    let after = json::read(admin.ssh(&["status", "--json"]));
    assert_eq!(after[0]["deploying"], serde_json::Value::Null);
    assert_eq!(after[0]["last_failure"]["outcome"], "refused");
    let reason = after[0]["last_failure"]["reason"].as_str().unwrap();
    assert!(reason.ends_with(": run `exit 3`: `exit 3` exited with status 3"), "{reason}");
    assert_says(&admin.ssh(&["status"]), &format!("\n  push of {} was refused ", &new[..11]));

    shop.configure(NODE);
    shop.push().must_succeed();
    assert_eq!(json::read(admin.ssh(&["status", "--json"]))[0]["last_failure"], serde_json::Value::Null);
}

#[test]
fn watching_shows_each_change_until_the_client_goes() {
    let shop = Shop::live("static-site", "runners: {web: {type: NginxStatic}}");
    let admin = shop.sandbox.client("admin");
    let watching = admin.start_ssh(&["-T"], &["status", "--watch", "--json"]);
    watching.wait_for(r#""release":1"#);
    shop.push_file("public/index.html", "new").must_succeed();
    watching.wait_for(r#""release":2"#);
    watching.kill();
    eventually(|| {
        let left = shop.sandbox.processes().into_iter().filter(|it| it.command.contains("--watch"));
        (left.count() == 0).then_some(())
    });
}

#[test]
fn what_is_not_configured_has_no_status() {
    let shop = Shop::new("static-site", "runners: {web: {type: NginxStatic}}");
    let admin = shop.sandbox.client("admin");
    let unknown = admin.ssh(&["status", "zoo"]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (2, ""));
    assert_eq!(unknown.stderr, "error: repo `zoo` is not configured\nhint: configured repos: shop\n");
    let unknown = admin.ssh(&["status", "shop", "develop"]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (2, ""));
    assert_says(&unknown, "error: branch `develop` of `shop` is not configured\n");
}
