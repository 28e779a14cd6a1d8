//! `apply`: an edited configuration takes effect, and a boot puts the machine right.

use std::fs;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use pypaas_sandbox::Process;

use crate::interrupting::{deployer, start_push};
use crate::shop::{NODE, Shop, assert_says};

/// An app that answers with a value of its environment.
const GREETS: &str = "require('http').createServer((_, it) => it.end(process.env.GREETING ?? 'none')).listen(process.env.PORT)";

/// Names nginx's files with the time each was written, and its workers.
fn nginx(shop: &Shop) -> (Vec<(String, SystemTime)>, Vec<u32>) {
    let entries = shop.sandbox.home().join("nginx/router.d").read_dir_utf8().unwrap().map(Result::unwrap);
    let mut files: Vec<_> = entries
        .map(|entry| (entry.file_name().to_owned(), entry.metadata().unwrap().modified().unwrap()))
        .collect();
    files.sort();
    let processes = shop.sandbox.processes();
    let workers = processes.iter().filter(|it| it.command.starts_with("nginx: worker")).map(|it| it.pid);
    (files, workers.collect())
}

#[test]
fn an_edited_configuration_takes_effect_without_a_push_and_without_losing_a_request() {
    let shop = Shop::new("dies-on-sigterm", NODE);
    shop.code.write("server.js", GREETS);
    shop.code.commit("Greets");
    shop.push().must_succeed();
    let admin = shop.sandbox.client("admin");
    let (before, pids) = (nginx(&shop), shop.pids());
    let applied = admin.ssh(&["apply"]).must_succeed();
    assert_says(&applied, "the machine agrees with the configuration\n");
    assert_eq!((nginx(&shop), shop.pids()), (before, pids.clone()));

    shop.configure(
        "env: {GREETING: good day}, runners: {web: {type: NginxBackend, cmd: node server.js, process_count: 2}}",
    );
    shop.sandbox.domain("second.example", "shop", "main", "web");
    let load = shop.sandbox.load("shop.example", "/").rate(200).posts().start();
    let planned = admin.ssh(&["apply", "--dry-run"]).must_succeed();
    assert_says(&planned, "  start shop+main+web+1+b\n");
    let plan: serde_json::Value =
        serde_json::from_str(&admin.ssh(&["plan", "--json"]).must_succeed().stdout).unwrap();
    let sections: Vec<(&str, usize)> = plan
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["title"].as_str().unwrap(), it["steps"].as_array().unwrap().len()))
        .collect();
    assert!(sections.contains(&("Start the new version beside the old", 4)), "{sections:?}");
    assert!(!plan.to_string().contains("good day"), "values may be secret: {plan:#}");
    assert_eq!(shop.pids(), pids);
    admin.ssh(&["apply"]).must_succeed();
    let report = load.finish();

    assert_eq!(report.failed(), 0, "{report}");
    assert_eq!((shop.page().as_str(), shop.ports("web").len()), ("good day", 2));
    assert_eq!(shop.sandbox.get("second.example", "/").text(), "good day");
    assert_eq!(shop.pids().len(), 2);
    shop.assert_settled();

    shop.sandbox.remove_config("domains/second.example.yml");
    let pids = shop.pids();
    admin.ssh(&["apply"]).must_succeed();
    assert_eq!((shop.page().as_str(), shop.pids()), ("good day", pids));
    assert!(!shop.sandbox.home().join("nginx/router.d/second.example.conf").exists());

    shop.sandbox.remove_config("domains/shop.example.yml");
    shop.sandbox.remove_config("repo/shop.yml");
    admin.ssh(&["apply"]).must_succeed();
    assert!(shop.pids().is_empty() && shop.checkouts().is_empty());
    assert_eq!(admin.ssh(&["apply", "--dry-run"]).must_succeed().stdout, "nothing to do\n");
    assert_eq!(admin.ssh(&["plan"]).must_succeed().stdout, "nothing to do\n");
}

#[test]
fn new_processes_that_do_not_start_leave_the_old_ones_and_the_next_apply_tries_again() {
    let shop = Shop::new("dies-on-sigterm", NODE);
    shop.code.write("server.js", format!("if (process.env.BROKEN === 'yes') process.exit(1);\n{GREETS}"));
    shop.code.commit("Greets, or not");
    shop.push().must_succeed();
    let pids = shop.pids();

    shop.configure(&format!("env: {{BROKEN: 'yes', GREETING: hi}}, {NODE}"));
    let refused = shop.sandbox.pypaas(&["apply"]);
    assert_eq!(refused.code, 2, "{refused}");
    assert_says(&refused, "shop main:\nerror: step ");
    assert_eq!((shop.page().as_str(), shop.pids()), ("none", pids));

    shop.configure(&format!("env: {{BROKEN: 'no', GREETING: hi}}, {NODE}"));
    shop.sandbox.pypaas(&["apply"]).must_succeed();
    assert_eq!(shop.page(), "hi");
    shop.assert_settled();
}

#[test]
fn a_mistake_in_one_domain_is_told_and_everything_else_is_applied() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    shop.sandbox.domain("second.example", "shop", "main", "web");
    shop.sandbox.domain("third.example", "shop", "main", "web");
    let third = shop.sandbox.read_config("domains/third.example.yml");
    shop.sandbox
        .write_config("domains/third.example.yml", &format!("{third}nginx_http_extra_config: gzipp on;\n"));

    let applied = shop.sandbox.pypaas(&["apply"]);

    assert_eq!(applied.code, 2, "{applied}");
    assert_says(&applied, "unknown directive \"gzipp\"");
    assert_eq!(shop.sandbox.get("second.example", "/").text(), "dies-on-sigterm version 1\n");
    assert!(!shop.sandbox.home().join("nginx/router.d/third.example.conf").exists());
    shop.sandbox.write_config("domains/third.example.yml", &third);
    shop.sandbox.pypaas(&["apply"]).must_succeed();
    assert_eq!(shop.sandbox.get("third.example", "/").text(), "dies-on-sigterm version 1\n");
}

#[test]
fn after_a_power_failure_in_the_switch_a_boot_serves_the_old_version_from_the_first_request_on() {
    let mut shop = Shop::live("dies-on-sigterm", NODE);
    let files = |shop: &Shop| {
        let file = shop.sandbox.home().join("nginx/router.d/shop+main+web.conf");
        fs::read_to_string(file).unwrap()
    };
    let live = files(&shop);
    hold_reloads(&shop);
    let push = start_push(&shop, "2", "reload the router, until only new workers take connections");
    deployer(&shop).kill();
    push.wait().must_fail();
    assert_ne!(files(&shop), live, "nginx's files lead to the version that never went live");

    shop.sandbox.pull_the_plug();
    shop.sandbox.start_svscan_alone();
    let applied = shop.sandbox.pypaas(&["apply"]).must_succeed();
    assert_says(&applied, "nginx does not run: its files are written");
    assert_eq!(files(&shop), live);
    wait_until_it_accepts(shop.ports("web")[0]);
    shop.sandbox.start_nginx();
    let load = shop.sandbox.load("shop.example", "/").rate(100).start();
    shop.sandbox.pypaas(&["apply"]).must_succeed();
    shop.sandbox.start_sshd();

    let report = load.finish();
    assert_eq!(report.failed(), 0, "{report}");
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
    shop.push_version("3").must_succeed();
    shop.assert_settled();
}

/// Stops the router's master, which then follows no order to reload.
fn hold_reloads(shop: &Shop) {
    let is_master =
        |it: &Process| it.command.starts_with("nginx: master") && it.command.contains("/router.conf");
    let master = shop.sandbox.processes().into_iter().find(is_master).unwrap();
    let id = rustix::process::Pid::from_raw(master.pid.cast_signed()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::STOP).unwrap();
}

/// Waits until an app that was just started listens.
fn wait_until_it_accepts(port: u16) {
    let begin = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begin.elapsed() < Duration::from_secs(60), "nothing listens on port {port}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_is_broken_is_in_the_exit_status_of_every_command_that_finds_it() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let sandbox = &shop.sandbox;
    for command in [&["check"][..], &["apply"], &["plan"], &["restart"]] {
        sandbox.pypaas(command).must_succeed();
    }
    sandbox.write_config("repo/other.yml", "brunches: {}\n");
    for command in [
        &["check"][..],
        &["apply"],
        &["apply", "--dry-run"],
        &["plan"],
        &["restart"],
        &["cleanup", "--dry-run"],
        &["list"],
        &["status"],
    ] {
        assert_eq!(sandbox.pypaas(command).code, 2, "{command:?}");
    }
    sandbox.remove_config("repo/other.yml");

    let checkout = shop.checkouts().remove(0);
    std::fs::rename(&checkout, sandbox.root().join("away")).unwrap();
    for command in ["check", "apply"] {
        let found = sandbox.pypaas(&[command]);
        assert_eq!(found.code, 2, "{found}");
        assert_says(&found, "error: the live checkout of shop main is gone: ");
        assert_says(&found, "hint: run `pypaas rebuild shop main`\n");
    }
    sandbox.pypaas(&["rebuild", "shop", "main"]).must_succeed();
    sandbox.pypaas(&["check"]).must_succeed();
}
