//! Who somebody is, and what is remembered of them.

use std::fs;

use serde_json::Value;

use super::two_sites;
use crate::site::Site;

#[test]
fn nobody_becomes_somebody_else_by_a_variable() {
    let (sandbox, laptop) = two_sites();
    let repo = Site::REPO.replace(
        "runners",
        "confine: false, hooks: {before_build: 'PYPAAS_KEY=boss PYPAAS_FROM=203.0.113.9 $PYPAAS restart zoo main'}, runners",
    );
    let program = format!("'{}'", env!("CARGO_BIN_EXE_pypaas"));
    sandbox.write_config(
        "repo/site.yml",
        &repo.replace("$PYPAAS", &format!("PYPAAS_HOME={} {program}", sandbox.home()).replace('\'', "")),
    );
    let code = laptop.worktree("site");
    laptop.git(&["clone", "pypaas:site", "copy"]).must_succeed();
    code.write("public/index.html", "version 2");
    code.commit("version 2");
    let _ = code.push("site", &["-f", "HEAD:main"]);
    let refused = sandbox.start_pypaas(
        &["stop", "nothing", "main"],
        &[("PYPAAS_KEY", "boss"), ("PYPAAS_FROM", "203.0.113.9")],
    );
    refused.wait().must_fail();
    let log = fs::read_to_string(sandbox.home().join("state/audit.log")).unwrap();
    assert!(!log.contains("boss") && !log.contains("203.0.113.9"), "{log}");
    let last = log.lines().rfind(|line| line.contains("push site")).unwrap();
    assert!(last.contains("\"by\":\"laptop\"") && last.contains("\"from\":\"127.0.0.1\""), "{last}");
    let run = sandbox.home().join("run").read_dir_utf8().unwrap();
    let left: Vec<_> = run.map(|entry| entry.unwrap().file_name().to_owned()).collect();
    assert!(!left.iter().any(|name| name.starts_with("push-")), "files of pushes stay behind: {left:?}");
}

#[test]
fn a_change_is_in_the_audit_log_with_its_author() {
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
