//! Who may do what, and who did.

use std::fs;

use pypaas_sandbox::{Client, Sandbox};
use serde_json::Value;

use crate::host;
use crate::json;
use crate::shop::assert_says;
use crate::site::Site;

/// A host with two repos: all keys may do everything with `zoo`, but not with `site`.
fn two_sites() -> (Sandbox, Client) {
    let sandbox = host::start();
    let laptop = sandbox.client("laptop");
    for name in ["site", "zoo"] {
        Site::configure(&sandbox, &laptop, name).push("version 1").must_succeed();
    }
    let access = "access: {push: [laptop, ci], run: [laptop], read: [monitor]}";
    sandbox.write_config("repo/site.yml", &format!("{}\n{access}\n", Site::REPO));
    (sandbox, laptop)
}

/// Commands, each with the right that it needs on `site`.
const COMMANDS: [(&str, &str); 16] = [
    ("restart site main", "push"),
    ("rebuild site main", "push"),
    ("rollback site main --dry-run", "push"),
    ("stop site main", "push"),
    ("start site main", "push"),
    ("maintenance on site main", "push"),
    ("maintenance off site main", "push"),
    ("run site main -- true", "run"),
    ("env site main --show", "run"),
    ("secret unset site main NOTHING", "run"),
    ("env site main", "read"),
    ("logs site main", "read"),
    ("status site main", "read"),
    ("releases site main", "read"),
    ("maintenance show site main", "read"),
    ("why site.example", "read"),
];

#[test]
fn a_key_may_do_what_the_repo_gives_it() {
    let (sandbox, laptop) = two_sites();
    for (name, rights) in
        [("ci", "push read"), ("monitor", "read"), ("stranger", ""), ("laptop", "push run read")]
    {
        let client = if name == "laptop" { laptop.clone() } else { sandbox.client(name) };
        for (command, right) in COMMANDS {
            let outcome = client.ssh_line(command);
            // There is no earlier release to roll back to.
            let allowed = outcome.code == 0 || (command.starts_with("rollback") && outcome.code == 2);
            assert_eq!(allowed, rights.contains(right), "{name}: {outcome}");
            if !allowed {
                assert_eq!((outcome.code, outcome.stdout.as_str()), (5, ""), "{outcome}");
                assert!(
                    outcome.stderr.contains(&format!("  because repo/site.yml gives `{right}` to: ")),
                    "{outcome}"
                );
            }
            let elsewhere = client.ssh_line(&command.replace("site", "zoo"));
            assert_ne!(elsewhere.code, 5, "{name}: {elsewhere}");
        }
        let listed = json::read(client.ssh(&["list", "--json"]));
        let repos: Vec<&str> =
            listed.as_array().unwrap().iter().map(|it| it["repo"].as_str().unwrap()).collect();
        assert_eq!(repos, if rights.is_empty() { vec!["zoo"] } else { vec!["site", "zoo"] }, "{name}");
        assert_eq!(client.ssh(&["apply"]).code, if rights.contains("push") { 0 } else { 5 }, "{name}");
        let keys = client.ssh(&["rebuild_authorized_keys"]);
        assert_eq!(keys.code, if name == "laptop" { 0 } else { 5 }, "{name}: {keys}");
    }
    let refused = sandbox.client("stranger2").ssh_line("restart site main");
    assert_eq!(
        refused.stderr,
        "error: the key `stranger2` may not deploy in `site`\n  \
         because repo/site.yml gives `push` to: laptop, ci\n\
         hint: `help` lists what it may do; whoever looks after this host can change that\n"
    );
    sandbox.pypaas(&["restart", "site", "main"]).must_succeed();
}

#[test]
fn git_is_refused_as_commands_are() {
    let (sandbox, _) = two_sites();
    let monitor = sandbox.client("monitor");
    monitor.git(&["clone", "pypaas:site", "copy"]).must_succeed();
    let code = monitor.worktree("site");
    code.write("public/index.html", "mine");
    code.commit("mine");
    let refused = code.push("site", &["HEAD:main"]).must_fail();
    assert_says(&refused, "error: the key `monitor` may not deploy in `site`\n");
    assert_eq!(sandbox.get("site.example", "/").text(), "version 1");
    let stranger = sandbox.client("stranger");
    let refused = stranger.git(&["clone", "pypaas:site", "copy"]).must_fail();
    assert_says(&refused, "error: the key `stranger` may not look in `site`\n");
    stranger.git(&["clone", "pypaas:zoo", "copy"]).must_succeed();
}

#[test]
fn a_key_file_limits_its_keys_everywhere() {
    let (sandbox, laptop) = two_sites();
    let monitor = sandbox.stranger("monitor");
    let key = fs::read_to_string(monitor.public_key()).unwrap();
    let file = sandbox.home().join(".ssh/authorized_keys.d/monitor.pub");
    fs::write(&file, format!("# the one in the hall\n# pypaas: read\n{key}")).unwrap();
    laptop.ssh(&["rebuild_authorized_keys"]).must_succeed();

    for command in [
        "restart zoo main",
        "run zoo main -- true",
        "env zoo main --show",
        "cleanup",
        "git-receive-pack 'zoo'",
        "secret set zoo main A",
    ] {
        let refused = monitor.ssh_line(command);
        assert_eq!(refused.code, 5, "{refused}");
        assert_says(&refused, "  because its key file limits it to: read\n");
    }
    monitor.ssh_line("status zoo main").must_succeed();
    let greeting = monitor.ssh(&["help"]).must_succeed().stdout;
    assert!(greeting.contains("    status ") && !greeting.contains("    restart "), "{greeting}");
    assert!(
        greeting.ends_with(
            "\n  This key may:\n\n    site                      read\n    zoo                       read\n"
        ),
        "{greeting}"
    );
    let greeting = laptop.ssh(&["help"]).must_succeed().stdout;
    assert!(
        greeting.ends_with(
            "    site                      push, run, read\n    zoo                       push, run, read\n"
        ),
        "{greeting}"
    );

    let before = fs::read_to_string(sandbox.home().join(".ssh/authorized_keys")).unwrap();
    for (text, said) in [
        (
            format!("# pypaas: everything\n{key}"),
            "monitor.pub:1: `everything` names no rights; there are `push`, `run` and `read`",
        ),
        (format!("# pypaas:\n{key}"), "monitor.pub:1: `` names no rights"),
        (format!("{key}\n# pypaas: read\n"), "a limit must stand before the keys of its file"),
    ] {
        fs::write(&file, text).unwrap();
        assert_says(&laptop.ssh(&["rebuild_authorized_keys"]).must_fail(), said);
        assert_eq!(fs::read_to_string(sandbox.home().join(".ssh/authorized_keys")).unwrap(), before);
    }
}

#[test]
fn a_broken_file_gives_nothing_away() {
    let (sandbox, _) = two_sites();
    let stranger = sandbox.client("stranger");
    sandbox.write_config("repo/site.yml", "branches: {main: {runers: {}}}\naccess: {read: [monitor]}\n");
    let refused = stranger.ssh_line("logs site main");
    assert_eq!(refused.code, 5, "{refused}");
    assert_says(&refused, "  because its configuration is broken, and may limit that\n");
    for command in ["list", "status"] {
        let shown = stranger.ssh(&[command]);
        assert!(!shown.stderr.contains("runers") && !shown.stderr.contains("site.yml"), "{shown}");
    }
    let listed = stranger.ssh(&["list", "--json"]).stdout;
    assert!(!listed.contains("\"site\""), "{listed}");

    // What cannot be read at all may limit that as well, whatever a domain of the same name says.
    let file = sandbox.home().join("config/repo/site.yml");
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("nowhere", &file).unwrap();
    sandbox.write_config(
        "domains/site.yml",
        "locations: {/: {upstream: {repo: zoo, branch: main, runner: web}}}",
    );
    let refused = stranger.ssh_line("logs site main");
    assert_eq!(refused.code, 5, "{refused}");
    assert_says(&refused, "  because its configuration is broken, and may limit that\n");
}

#[test]
fn whoever_changes_something_is_in_the_audit_log() {
    let (sandbox, laptop) = two_sites();
    let log = || -> Vec<Value> {
        let text = fs::read_to_string(sandbox.home().join("state/audit.log")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let before = log().len();
    let monitor = sandbox.client("monitor");
    laptop.ssh_line("status").must_succeed();
    laptop.ssh_line("restart site main").must_succeed();
    laptop.ssh_line("run site main -- sh -c 'exit 3'").must_fail();
    monitor.ssh_line("stop site main").must_fail();
    laptop.ssh_with_input(&["secret", "set", "zoo", "main", "TOKEN"], "hush").must_succeed();
    sandbox.pypaas(&["maintenance", "on", "site", "main", "-m", "it's late"]).must_succeed();

    let all = log();
    let lines: Vec<String> = all[before..]
        .iter()
        .map(|it| {
            assert!(it["at"].as_str().unwrap().ends_with('Z'), "{it}");
            let text = |name: &str| it[name].as_str().unwrap_or("-").to_owned();
            format!("{} {}: {} -> {}", text("by"), text("from"), text("what"), text("result"))
        })
        .collect();
    assert_eq!(
        lines,
        [
            "local -: rebuild_authorized_keys -> ok",
            "laptop 127.0.0.1: restart site main -> ok",
            "laptop 127.0.0.1: run site main -- sh -c 'exit 3' -> exit 3",
            "monitor 127.0.0.1: stop site main -> error: the key `monitor` may not deploy in `site`: repo/site.yml gives `push` to: laptop, ci",
            "laptop 127.0.0.1: secret set zoo main TOKEN -> ok",
            "local -: maintenance on site main -m \"it's late\" -> ok",
        ]
    );
    let pushes: Vec<&Value> =
        all.iter().filter(|it| it["what"].as_str().unwrap().starts_with("push ")).collect();
    assert_eq!(pushes.len(), 2, "{all:#?}");
    let what = pushes[0]["what"].as_str().unwrap();
    assert!(what.starts_with(&format!("push site refs/heads/main {}..", "0".repeat(40))), "{what}");
    assert_eq!(
        (&pushes[0]["by"], &pushes[0]["from"], &pushes[0]["result"]),
        (&"laptop".into(), &"127.0.0.1".into(), &"ok".into())
    );
    assert!(!fs::read_to_string(sandbox.home().join("state/audit.log")).unwrap().contains("hush"));
}
