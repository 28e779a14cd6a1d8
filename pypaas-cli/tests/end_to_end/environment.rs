//! Whatever the caller's environment is, and whatever the user's git is told, the result is the same.

use std::fs;
use std::process::{Command, Output};

use pypaas_sandbox::Sandbox;

use crate::shop::Shop;
use crate::site::Site;

/// Runs the program with no other environment than this, and where the host is: a test may run as root.
fn pypaas(sandbox: &Sandbox, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let home = sandbox.home();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pypaas"));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", &home)
        .env("PYPAAS_HOME", &home)
        .envs(environment.iter().copied());
    command.current_dir("/").output().unwrap()
}

#[test]
fn another_caller_starts_no_app_anew() {
    let shop = Shop::live("dies-on-sigterm", "runners: {web: {type: NginxBackend, cmd: node server.js}}");
    let pids = shop.pids();
    let callers: [&[(&str, &str)]; 4] = [
        &[],
        &[("USER", "somebody"), ("LOGNAME", "else")],
        &[("LANG", "de_DE.UTF-8"), ("SHELL", "/bin/zsh"), ("TZ", "Asia/Tokyo")],
        &[("PATH", ""), ("TMPDIR", "/nowhere")],
    ];
    for caller in callers {
        let applied = pypaas(&shop.sandbox, &["apply"], caller);
        assert!(applied.status.success(), "{caller:?}: {applied:?}");
        assert_eq!(shop.pids(), pids, "{caller:?}: {applied:?}");
    }
}

#[test]
fn cron_restarts_and_tells_without_a_path_or_a_temporary_directory() {
    let shop = Shop::live("dies-on-sigterm", "runners: {web: {type: NginxBackend, cmd: node server.js}}");
    let pids = shop.pids();

    let restarted = pypaas(&shop.sandbox, &["restart", "shop", "main"], &[("TMPDIR", "/nowhere")]);

    assert!(restarted.status.success(), "{restarted:?}");
    assert_ne!(shop.pids(), pids);
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
}

#[test]
fn the_users_gitconfig_changes_neither_repositories_nor_checkouts() {
    let sandbox = crate::host::start();
    let configuration = "\
        [init]\n\tdefaultObjectFormat = sha256\n\tdefaultRefFormat = reftable\n\ttemplateDir = /nowhere\n\
        [core]\n\tautocrlf = true\n\tattributesFile = ~/attributes\n\tsymlinks = false\n\tsparseCheckout = true\n\
        [receive]\n\tdenyUpdates = true\n\tmaxInputSize = 1\n\
        [transfer]\n\thideRefs = refs/heads\n\tfsckObjects = true\n";
    fs::write(sandbox.home().join(".gitconfig"), configuration).unwrap();
    fs::write(sandbox.home().join("attributes"), "* text eol=crlf\n").unwrap();
    let laptop = sandbox.client("laptop");
    let site = Site::configure(&sandbox, &laptop, "site");
    site.worktree.link("public/linked", "index.html");

    site.push("one\ntwo\n").must_succeed();

    assert_eq!(sandbox.get("site.example", "/").text(), "one\ntwo\n");
    let checkouts = sandbox.home().join("checkouts/site/main");
    let checkout = fs::read_dir(checkouts).unwrap().next().unwrap().unwrap().path();
    assert!(checkout.join("public/linked").is_symlink());
    let config = fs::read_to_string(sandbox.home().join("repos/site/config")).unwrap();
    assert!(!config.contains("sha256") && !config.contains("reftable"), "{config}");
    site.push("three\n").must_succeed();
    assert_eq!(sandbox.get("site.example", "/").text(), "three\n");
}
