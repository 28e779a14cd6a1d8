//! `stop` and `start`: a branch whose processes are gone until somebody wants them back.

use crate::json;
use crate::shop::{NODE, Shop, assert_says};

#[test]
fn what_is_stopped_stays_stopped_until_it_is_started() {
    let worker = "worker: {type: SimpleProcess, cmd: exec sleep 3600}";
    let mut shop = Shop::live(
        "leaves-children",
        &format!("runners: {{web: {{type: NginxBackend, cmd: python3 app.py, stop_timeout: 1s}}, {worker}}}"),
    );
    let admin = shop.sandbox.client("admin");
    let before = shop.pids();

    let stopped = admin.ssh(&["stop", "shop", "main"]).must_succeed();
    assert!(
        stopped.stderr.ends_with("shop main is stopped; `pypaas start shop main` starts it\n"),
        "{stopped}"
    );
    assert!(shop.pids().is_empty(), "{:?}", shop.sandbox.app_processes());
    let page = shop.sandbox.get("shop.example", "/");
    assert_eq!((page.status, page.header("Retry-After")), (503, Some("300")));
    assert!(page.text().contains("<h1>Switched off</h1>"), "{}", page.text());
    assert_eq!(json::read(admin.ssh(&["status", "--json"]))[0]["state"], "stopped");
    admin.ssh(&["stop", "shop", "main"]).must_succeed();
    admin.ssh(&["apply"]).must_succeed();
    shop.sandbox.reboot();
    admin.ssh(&["apply"]).must_succeed();
    assert!(shop.pids().is_empty(), "{:?}", shop.sandbox.app_processes());
    assert_eq!(shop.sandbox.get("shop.example", "/").status, 503);

    let started = admin.ssh(&["start", "shop", "main"]).must_succeed();
    assert_says(&started, "-----> Release 2 is live after ");
    assert_eq!(shop.page(), "leaves-children version 1\n");
    assert_eq!(shop.pids().len(), before.len());
    let again = admin.ssh(&["start", "shop", "main"]).must_succeed();
    assert_says(&again, "shop main is not stopped; `restart` gives it new processes\n");
}

#[test]
fn a_push_to_what_is_stopped_starts_it_and_a_refused_one_leaves_it() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let admin = shop.sandbox.client("admin");
    admin.ssh(&["stop", "shop", "main"]).must_succeed();

    shop.push_file("server.js", "process.exit(1)").must_fail();
    assert_eq!(shop.sandbox.get("shop.example", "/").status, 503);
    assert!(shop.pids().is_empty());
    assert_eq!(json::read(admin.ssh(&["status", "--json"]))[0]["state"], "stopped");

    shop.code.git(&["reset", "--hard", "HEAD~1"]).must_succeed();
    shop.push_version("2").must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 2\n");
    assert_eq!(json::read(admin.ssh(&["status", "--json"]))[0]["state"], "up");
}

#[test]
fn what_was_never_deployed_is_neither_stopped_nor_started() {
    let shop = Shop::new("dies-on-sigterm", NODE);
    let admin = shop.sandbox.client("admin");
    for command in ["stop", "start"] {
        let never = admin.ssh(&[command, "shop", "main"]);
        assert_eq!(never.code, 2, "{never}");
        assert_says(&never, "nothing is deployed on `shop main`\n");
        let unknown = admin.ssh(&[command, "shop", "develop"]);
        assert_eq!(unknown.code, 2, "{unknown}");
        assert_says(&unknown, "error: branch `develop` of `shop` is not configured\n");
    }
}
