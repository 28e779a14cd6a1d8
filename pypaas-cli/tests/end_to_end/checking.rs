//! `pypaas check`, and what a push is told before anything moves: one broken host after the other.

mod certificates;
mod configuration;
mod ports;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use camino::Utf8PathBuf;
use pypaas_sandbox::{Certificate, Outcome, Sandbox, write_script};

use crate::host;
use crate::shop::{NODE, Shop, assert_says};
use crate::site::Site;

/// How `check` ends when it found something grave, and when it found something else.
const ERRORS: i32 = 2;
const WARNINGS: i32 = 4;

/// What is said of a host on which all is right.
const READY: &str = "host ready: nginx, svscan and git OK\n";

/// A host with a page at `site.example` that is not pushed yet.
fn with_site() -> (Sandbox, Site) {
    let sandbox = host::start();
    let site = Site::configure(&sandbox, &sandbox.client("writer"), "site");
    (sandbox, site)
}

/// A host whose domain `site.example` has TLS, with these two files.
fn with_certificate(files: impl FnOnce(&Sandbox) -> Certificate) -> (Sandbox, Site) {
    let (sandbox, site) = with_site();
    let Certificate { certificate, key } = files(&sandbox);
    let route = sandbox.read_config("domains/site.example.yml");
    let tls = format!("ssl: true\nssl_certificate: {certificate}\nssl_certificate_key: {key}\n");
    sandbox.write_config("domains/site.example.yml", &format!("{route}{tls}"));
    (sandbox, site)
}

/// The user `nobody`.
pub(crate) const NOBODY: u32 = 65534;

/// Runs `check`, which must find exactly this one thing and say how to mend it.
#[track_caller]
fn must_find(sandbox: &Sandbox, code: i32, message: &str, mend: &str) -> Outcome {
    let found = sandbox.pypaas(&["check"]);
    let level = if code == ERRORS { "error" } else { "warning" };
    assert_says(&found, &format!("{level}: {message}"));
    assert_says(&found, &format!("\nhint: {mend}"));
    assert_eq!(found.code, code, "{found}");
    assert_eq!(found.stdout.matches("\nhint: ").count(), 1, "{found}");
    assert!(!found.stdout.contains(READY), "{found}");
    found
}

/// Pushes to a host that cannot serve: the push says so, and nothing has moved.
#[track_caller]
fn must_refuse(sandbox: &Sandbox, site: &Site, message: &str, mend: &str) {
    let refused = site.push("version 1").must_fail();
    let told = refused.remote();
    assert!(told.contains("error: this host cannot serve site main now; nothing was changed\n"), "{refused}");
    assert!(told.contains(&format!("  because {message}")), "{refused}");
    assert!(told.contains(&format!("hint: {mend}")), "{refused}");
    assert!(!told.contains("----->"), "{refused}");
    assert!(!sandbox.home().join("checkouts/site").exists(), "{refused}");
    assert_eq!(site.worktree.remote_head("site", "main"), None);
}

/// Replaces a piece of `pypaas.yml`.
#[track_caller]
fn change_settings(sandbox: &Sandbox, from: &str, to: &str) {
    let settings = sandbox.read_config("pypaas.yml");
    assert!(settings.contains(from), "{settings}");
    sandbox.write_config("pypaas.yml", &settings.replace(from, to));
}

/// Writes a shell script that stands in for a program.
fn stand_in(sandbox: &Sandbox, name: &str, script: &str) -> Utf8PathBuf {
    let path = sandbox.root().join("stand-ins").join(name);
    write_script(&path, format!("#!/bin/sh\n{script}\n"));
    path
}

fn edge_conf(sandbox: &Sandbox) -> Utf8PathBuf {
    sandbox.home().join("nginx/edge.conf")
}

#[test]
fn a_host_on_which_all_is_right_is_said_to_be_ready() {
    let (sandbox, site) = with_certificate(|sandbox| sandbox.certificate("site.example"));
    let right = format!("the configuration in {} is valid\n{READY}", sandbox.home().join("config"));

    let before = sandbox.pypaas(&["check"]).must_succeed();
    assert_eq!((before.stdout.as_str(), before.stderr.as_str()), (right.as_str(), ""));
    site.push("version 1").must_succeed();
    let over_ssh = sandbox.client("admin").ssh(&["check"]).must_succeed();
    assert_eq!(over_ssh.stdout, right);

    let json = sandbox.client("program").ssh(&["check", "--json"]).must_succeed();
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["findings"], serde_json::json!([]));
    assert_eq!(json["configuration"], sandbox.home().join("config").as_str());
}

#[test]
fn findings_of_the_configuration_and_of_the_host_are_told_together() {
    let (mut sandbox, site) = with_site();
    sandbox.write_config("repo/old.yaml", "");
    let warned = sandbox.pypaas(&["check"]);
    assert_eq!(warned.code, WARNINGS, "{warned}");

    site.push("version 1").must_succeed();
    sandbox.kill_nginx();
    sandbox.write_config("repo/bad.yml", "brunches: {}\n");
    let json = sandbox.pypaas(&["check", "--json"]);
    assert_eq!(json.code, ERRORS, "{json}");
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let findings = json["findings"].as_array().unwrap();
    let short: Vec<_> = findings.iter().map(|it| (&it["severity"], &it["category"], &it["line"])).collect();
    let text = serde_json::to_string(&short).unwrap();
    assert_eq!(
        text,
        r#"[["error","configuration",1],["warning","configuration",null],["error","nginx",null],["error","nginx",null]]"#
    );
    assert!(findings[0]["report"].as_str().unwrap().contains(" --> repo/bad.yml:1:1"), "{json:#}");
    assert!(findings[2]["fix"].as_str().unwrap().starts_with("see "), "{json:#}");
}

#[test]
fn a_router_that_does_not_run_is_found_and_started_by_the_next_push() {
    let (mut sandbox, site) = with_site();
    site.push("version 1").must_succeed();
    sandbox.kill_nginx();
    let found = sandbox.pypaas(&["check"]);
    assert_eq!(found.code, ERRORS, "{found}");
    assert_says(&found, "error: the router (nginx) does not run: ");
    assert_says(&found, "error: the edge (nginx) does not run: ");
    site.push("version 2").must_succeed();
    assert_eq!(sandbox.get("site.example", "/").text(), "version 2");
}

#[test]
fn an_nginx_that_is_too_old_is_found() {
    let (sandbox, _) = with_certificate(|sandbox| sandbox.certificate("site.example"));
    let old =
        "case \"$*\" in *-V) echo nginx version: nginx/1.18.0 >&2 ;; *) exec /usr/sbin/nginx \"$@\" ;; esac";
    let old = stand_in(&sandbox, "nginx-1.18", old);
    change_settings(&sandbox, "program: /usr/sbin/nginx", &format!("program: {old}"));
    let message = "this is nginx 1.18.0, which cannot refuse unknown names over TLS";
    must_find(&sandbox, ERRORS, message, "install nginx 1.19.4 or newer");
}

#[test]
fn an_nginx_that_is_not_there_is_found() {
    let (sandbox, site) = with_site();
    change_settings(&sandbox, "program: /usr/sbin/nginx", "program: /usr/sbin/enginex");
    let message = "cannot run `/usr/sbin/enginex -V`";
    must_find(&sandbox, ERRORS, message, "install nginx, or set `nginx.program` in pypaas.yml");
    must_refuse(&sandbox, &site, message, "install nginx, or set `nginx.program` in pypaas.yml");
}

#[test]
fn what_nginx_warns_about_is_passed_on() {
    let (sandbox, site) = with_site();
    site.push("version 1").must_succeed();
    let port = sandbox.http_port();
    let twin = format!("server {{ listen 127.0.0.1:{port}; server_name site.example; }}");
    let text = fs::read_to_string(edge_conf(&sandbox)).unwrap();
    fs::write(edge_conf(&sandbox), text.replace("include edge.d", &format!("{twin} include edge.d")))
        .unwrap();
    let message =
        format!("nginx warns: conflicting server name \"site.example\" on 127.0.0.1:{port}, ignored");
    must_find(&sandbox, WARNINGS, &message, "nginx runs, but this may not be what you intended");
}

#[test]
fn an_svscan_that_does_not_run_is_found() {
    let sandbox = host::builder().without_svscan().start().unwrap();
    let shop = Shop::on(sandbox, "dies-on-sigterm", NODE);
    let services = shop.sandbox.home().join("services");
    let message = format!("svscan does not run, so nothing starts what is in `{services}`");
    let alone = shop.sandbox.pypaas(&["check"]);
    // Another svscan may run on the machine that the tests run on.
    let elsewhere = format!("and not `{services}`");
    assert!(alone.stdout.contains(&message) || alone.stdout.contains(&elsewhere), "{alone}");
    assert_eq!(alone.code, ERRORS, "{alone}");
    let mend = format!("as this user, let the system start `svscan {services}` at boot and keep it running");
    assert_says(&alone, &format!("hint: {mend}"));

    let refused = shop.push().must_fail();
    assert_says(
        &refused,
        "error: this host cannot serve shop main now; nothing was changed\n  because svscan ",
    );
    assert_says(&refused, &format!("hint: {mend}"));
    assert!(shop.checkouts().is_empty());
}

#[test]
fn an_svscan_that_watches_another_directory_is_found() {
    let shop = Shop::new("dies-on-sigterm", NODE);
    let services = shop.sandbox.home().join("services");
    change_settings(
        &shop.sandbox,
        &format!("services_dir: {services}"),
        &format!("services_dir: {services}-of-mine"),
    );
    let found = shop.sandbox.pypaas(&["check"]);
    assert_eq!(found.code, ERRORS, "{found}");
    assert_says(&found, "error: svscan runs, but it watches `");
    assert_says(&found, &format!("` and not `{services}-of-mine`\n"));
    assert_says(&found, "; or set `services_dir` in pypaas.yml\n");
}

#[test]
fn a_dead_svscan_refuses_a_push_and_the_old_version_keeps_serving() {
    let mut shop = Shop::live("dies-on-sigterm", NODE);
    let page = shop.page();
    shop.sandbox.kill_svscan();
    assert_eq!(shop.sandbox.pypaas(&["check"]).code, ERRORS);
    let refused = shop.push_version("2").must_fail();
    assert_says(&refused, "error: this host cannot serve shop main now; nothing was changed\n");
    assert_says(&refused, "  because svscan ");
    assert_eq!(shop.page(), page);
}

#[test]
fn a_git_that_is_too_old_is_found() {
    let (sandbox, _) = with_site();
    let check = |version: &str| {
        let git = stand_in(&sandbox, "git", &format!("echo git version {version}"));
        let path = format!("{}:/usr/bin:/bin", git.parent().unwrap());
        sandbox.start_pypaas(&["check"], &[("PATH", &path)]).wait()
    };
    let old = check("2.30.2");
    assert_eq!(old.code, WARNINGS, "{old}");
    assert_says(
        &old,
        "warning: this is git version 2.30.2: after a power failure a branch may name a commit that is gone\n",
    );
    assert_says(&old, "hint: install git 2.36 or newer\n");
    let older = check("2.7.4");
    assert_eq!(older.code, ERRORS, "{older}");
    assert_says(&older, "error: this is git version 2.7.4, which keeps what refused pushes brought\n");
    check("2.36.0").must_succeed();
}

#[test]
fn an_svscan_of_another_user_is_found() {
    if !rustix::process::geteuid().is_root() {
        // Only root can be two users.
        return;
    }
    let shop = Shop::new("dies-on-sigterm", NODE);
    fs::set_permissions(shop.sandbox.root(), Permissions::from_mode(0o755)).unwrap();
    let owned = shop.sandbox.pypaas_as("nobody", &["check"]).must_fail();
    let home = shop.sandbox.home();
    assert_says(&owned, &format!("error: pypaas runs as `root`, who owns `{home}`, and not as `nobody`\n"));
    assert_says(&owned, "hint: run `sudo -u root -H pypaas check`\n");
    std::os::unix::fs::chown(&home, Some(NOBODY), None).unwrap();
    let found = shop.sandbox.pypaas_as("nobody", &["check"]);
    let services = shop.sandbox.home().join("services");
    assert_says(
        &found,
        &format!("error: svscan runs `{services}` as the user `root`, and so would every app\n"),
    );
    assert_says(
        &found,
        &format!("hint: let it run as `nobody`, such as with `setuidgid nobody svscan {services}`\n"),
    );
}

#[test]
fn a_host_without_any_domain_or_process_is_only_warned_about() {
    let sandbox = host::builder().without_svscan().start().unwrap();
    let found = sandbox.pypaas(&["check"]);
    assert_eq!(found.code, WARNINGS, "{found}");
    assert_says(&found, "warning: svscan ");
}
