//! Attacks that worked once: by the keys, the repositories and the other users of a host. Those on permissions are in
//! `access.rs`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use pypaas_sandbox::Outcome;

use crate::host;
use crate::shop::{NODE, Shop, assert_says};
use crate::site::Site;

/// Clears a terminal, sets its title, asks it to report, hides text, reorders it, and never ends.
const HOSTILE: &str =
    "a\u{1b}[2Jb\u{1b}]0;title\u{7}c\u{1b}[6nd\u{1b}[8me\u{202e}f\u{2066}g\u{9b}2Jh\u{1b}[31";

/// Asserts that output does nothing to a terminal but color it.
#[track_caller]
fn assert_safe(outcome: &Outcome) {
    let text = format!("{}{}", outcome.stdout, outcome.stderr);
    for (at, _) in text.match_indices('\u{1b}') {
        let rest = &text[at + 1..];
        let end = rest.find('m').unwrap_or(rest.len());
        let parameters = rest[..end].strip_prefix('[').unwrap_or("x");
        let is_color = parameters.chars().all(|c| c.is_ascii_digit() || c == ';') && parameters != "8";
        assert!(is_color, "{:?} in {text:?}", &rest[..end.min(20)]);
    }
    let is_hostile = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t' | '\u{1b}'))
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.contains(is_hostile), "{text:?}");
}

#[test]
fn nothing_from_a_repository_an_app_or_a_key_upsets_a_terminal() {
    let shop =
        Shop::new("dies-on-sigterm", &format!("{NODE}, hooks: {{before_build: 'cat hostile; ls names'}}"));
    let server = "process.stdout.write(require('fs').readFileSync('hostile') + '\\n'); \
                  require('http').createServer((_, it) => it.end('up')).listen(process.env.PORT)";
    shop.code.write("hostile", format!("{HOSTILE}\n"));
    shop.code.write(&format!("names/{}", HOSTILE.replace('/', "")), "");
    shop.code.write("server.js", server);
    shop.code.commit(&format!("Subject {HOSTILE}"));
    assert_safe(&shop.push().must_succeed());

    let admin = shop.sandbox.client("admin");
    for command in [
        "list",
        "list --json",
        "status",
        "status shop main",
        "status --json",
        "releases shop main",
        "releases shop main 1",
        "releases shop main --json",
        "logs shop main",
        "logs shop main --json",
        "logs shop main --deploy",
        "why shop.example",
        "restart shop main",
        "rebuild shop main",
        "metrics",
        "check",
    ] {
        assert_safe(&admin.ssh_line(command));
        let words: Vec<&str> = command.split(' ').collect();
        assert_safe(&shop.sandbox.pypaas(&words));
    }
    for file in fs::read_dir(shop.sandbox.home().join("state/shop/main.d/deploys")).unwrap() {
        let log = fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!log.contains("\u{1b}[2J") && !log.contains('\u{202e}'), "{log:?}");
    }

    // An app that does not start is quoted in the refusal, and words of a client in a usage error.
    let silent = server.split_once("require('http')").unwrap().0;
    shop.code.write("server.js", format!("{silent} setTimeout(() => process.exit(1), 100)"));
    shop.code.commit("Exit");
    assert_safe(&shop.push().must_fail());
    assert_safe(&admin.ssh(&["status", "--json"]));
    for line in [format!("'{HOSTILE}'"), format!("status '{HOSTILE}' x"), format!("why '{HOSTILE}'")] {
        assert_safe(&admin.ssh_line(&line).must_fail());
    }
}

#[test]
fn what_pypaas_keeps_is_closed_to_other_users_whatever_the_umask_and_apply_closes_what_was_open() {
    let sandbox = host::start();
    let laptop = sandbox.client("laptop");
    let keys = sandbox.home().join(".ssh/authorized_keys");
    let lax = fs::read_to_string(&keys).unwrap().replace("command=\"", "command=\"umask 000; ");
    fs::write(&keys, lax).unwrap();
    let site = Site::configure(&sandbox, &laptop, "site");
    site.push("version 1").must_succeed();
    laptop.ssh_with_input(&["secret", "set", "site", "main", "TOKEN"], "hush").must_succeed();

    let mode = |path: &str| fs::metadata(sandbox.home().join(path)).unwrap().permissions().mode() & 0o777;
    for directory in ["state", "state/site", "state/site/main.d", "state/site/main.d/deploys", "repos"] {
        assert_eq!(mode(directory) & 0o077, 0, "{directory}: {:o}", mode(directory));
    }
    for file in
        ["state/audit.log", "state/limits.json", "state/site/main.json", "state/site/main.d/secrets.json"]
    {
        assert_eq!(mode(file), 0o600, "{file}: {:o}", mode(file));
    }
    for log in fs::read_dir(sandbox.home().join("state/site/main.d/deploys")).unwrap() {
        assert_eq!(log.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    for name in ["config", "state", "repos"] {
        fs::set_permissions(sandbox.home().join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let applied = sandbox.pypaas(&["apply"]).must_succeed();
    for name in ["config", "state", "repos"] {
        assert_says(&applied, &format!("closed {name}/ to other users\n"));
        assert_eq!(mode(name), 0o700, "{name}");
    }
    assert!(!sandbox.pypaas(&["apply"]).stderr.contains("closed "));
}

#[test]
fn the_log_of_changes_is_not_flushed_by_what_is_refused() {
    let sandbox = host::start();
    let laptop = sandbox.client("laptop");
    let site = Site::configure(&sandbox, &laptop, "site");
    site.push("version 1").must_succeed();
    sandbox.write_config("repo/site.yml", &format!("{}\naccess: {{push: [laptop]}}\n", Site::REPO));
    let log = || fs::read_to_string(sandbox.home().join("state/audit.log")).unwrap();
    let monitor = sandbox.client("monitor");
    let before = log();
    let refused = monitor.ssh_line(&format!("maintenance on site main -m '{}'", "x".repeat(5_000)));
    assert_eq!(refused.code, 5, "{refused}");
    assert_eq!(log(), before);
    let kept = fs::read_to_string(sandbox.home().join("state/refused.log")).unwrap();
    assert!(kept.contains("\"by\":\"monitor\"") && kept.len() < 3_000, "{kept}");
}
