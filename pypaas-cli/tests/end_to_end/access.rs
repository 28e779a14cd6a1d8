//! Who may do what, and who did.

mod identity;

use std::fs;

use pypaas_sandbox::{Client, Sandbox};

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

/// Why a key may do nothing in a repo without a good file.
const BROKEN: &str =
    "  because the configuration of `site` is broken or missing, and may limit what keys can do\n";

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
                let reason = match rights {
                    "" => "  because repo/site.yml does not grant it\n".to_owned(),
                    _ => format!("  because repo/site.yml grants `{right}` to: "),
                };
                assert!(outcome.stderr.contains(&reason), "{outcome}");
            }
            let elsewhere = client.ssh_line(&command.replace("site", "zoo"));
            assert_ne!(elsewhere.code, 5, "{name}: {elsewhere}");
        }
        let listed = json::read(client.ssh(&["list", "--json"]));
        let repos: Vec<&str> =
            listed.as_array().unwrap().iter().map(|it| it["repo"].as_str().unwrap()).collect();
        assert_eq!(repos, if rights.is_empty() { vec!["zoo"] } else { vec!["site", "zoo"] }, "{name}");
        assert_eq!(client.ssh(&["apply"]).code, if name == "laptop" { 0 } else { 5 }, "{name}");
        let keys = client.ssh(&["rebuild_authorized_keys"]);
        assert_eq!(keys.code, if name == "laptop" { 0 } else { 5 }, "{name}: {keys}");
    }
    let refused = sandbox.client("stranger2").ssh_line("restart site main");
    assert_eq!(
        refused.stderr,
        "error: the key `stranger2` does not have permission `push` on repo `site`\n  \
         because repo/site.yml does not grant it\n\
         hint: `help` lists what this key may do; the host's administrator can change that\n"
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
    assert_says(&refused, "error: the key `monitor` does not have permission `push` on repo `site`\n");
    assert_eq!(sandbox.get("site.example", "/").text(), "version 1");
    let stranger = sandbox.client("stranger");
    let refused = stranger.git(&["clone", "pypaas:site", "copy"]).must_fail();
    assert_says(&refused, "error: the key `stranger` does not have permission `read` on repo `site`\n");
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
            "    (everything)              admin\n    site                      push, run, read\n    \
             zoo                       push, run, read\n"
        ),
        "{greeting}"
    );

    let before = fs::read_to_string(sandbox.home().join(".ssh/authorized_keys")).unwrap();
    for (text, said) in [
        (
            format!("# pypaas: everything\n{key}"),
            "monitor.pub:1: `everything` names no permissions; there are admin, push, run and read",
        ),
        (format!("# pypaas:\n{key}"), "monitor.pub:1: `` names no permissions"),
        (format!("{key}\n# pypaas: read\n"), "the `# pypaas:` line must come before the first key"),
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
    assert_says(&refused, BROKEN);
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
    assert_says(&refused, BROKEN);
}

#[test]
fn a_repo_without_a_good_file_keeps_its_limits_whatever_happened_to_the_file() {
    let (sandbox, laptop) = two_sites();
    let stranger = sandbox.client("stranger");
    sandbox.pypaas(&["list"]).must_succeed();
    let good = sandbox.read_config("repo/site.yml");
    let domain = sandbox.read_config("domains/site.example.yml");
    let states: [(&str, &dyn Fn()); 4] = [
        ("emptied", &|| sandbox.write_config("repo/site.yml", "")),
        ("without `access`, and broken", &|| sandbox.write_config("repo/site.yml", "branches: [hush\n")),
        ("renamed", &|| {
            sandbox.remove_config("repo/site.yml");
            sandbox.write_config("repo/sight.yml", &good);
        }),
        ("gone", &|| sandbox.remove_config("repo/sight.yml")),
    ];
    for (state, bring_about) in states {
        bring_about();
        for (command, _) in COMMANDS.iter().filter(|(command, _)| !command.starts_with("why")) {
            for client in [&stranger, &laptop] {
                let refused = client.ssh_line(command);
                assert_eq!((refused.code, refused.stdout.as_str()), (5, ""), "{state}: {refused}");
                assert_says(&refused, BROKEN);
                assert!(!refused.stderr.contains("hush"), "{state}: {refused}");
            }
        }
        for command in ["apply", "cleanup", "plan", "restart", "rebuild", "rebuild_authorized_keys"] {
            let refused = laptop.ssh_line(command);
            assert_eq!((refused.code, refused.stdout.as_str()), (5, ""), "{state}: {refused}");
        }
        for command in ["list --json", "status --json", "metrics"] {
            let shown = stranger.ssh_line(command);
            assert!(!shown.stdout.contains("\"site\"") && !shown.stderr.contains("hush"), "{state}: {shown}");
        }
        let checked = stranger.ssh_line("check");
        assert_ne!(checked.code, 0, "{state}: {checked}");
        assert!(!checked.stdout.contains("hush"), "{state}: {checked}");
    }

    // An admin who is named is limited by no repo's file, and cleaning up ends the memory of the repo.
    let settings = sandbox.read_config("pypaas.yml");
    sandbox.write_config("pypaas.yml", &format!("{settings}\nadmins: [laptop]\n"));
    assert!(laptop.ssh_line("status site main").stdout.starts_with("site main\n"));
    let unnamed = sandbox.client("unnamed").ssh_line("apply");
    assert_eq!(unnamed.code, 5, "{unnamed}");
    assert_says(&unnamed, "  because pypaas.yml does not name it in `admins`\n");
    sandbox.write_config("pypaas.yml", &settings);
    sandbox.remove_config("domains/site.example.yml");
    sandbox.pypaas(&["cleanup"]).must_succeed();
    laptop.ssh_line("plan").must_succeed();
    sandbox.write_config("repo/site.yml", &good);
    sandbox.write_config("domains/site.example.yml", &domain);
    laptop.ssh_line("plan").must_succeed();
}

#[test]
fn a_broken_main_file_withholds_everything_and_shows_no_line_of_itself() {
    let (sandbox, laptop) = two_sites();
    let settings = sandbox.read_config("pypaas.yml");
    sandbox.write_config("pypaas.yml", &format!("{settings}\ndeploy_logger_cmd: [hush\n"));
    for (command, _) in COMMANDS.iter().chain(&[("list", ""), ("check", ""), ("apply", ""), ("metrics", "")])
    {
        let refused = laptop.ssh_line(command);
        assert_eq!((refused.code, refused.stdout.as_str()), (5, ""), "{refused}");
        assert_says(&refused, "error: pypaas.yml is broken, so no key's permissions can be known\n");
        assert!(!refused.stderr.contains("hush"), "{refused}");
    }
    let site = laptop.worktree("again");
    site.write("public/index.html", "again");
    site.commit("Again");
    let refused = site.push("site", &["main"]).must_fail();
    assert!(!refused.stderr.contains("hush"), "{refused}");
    assert_says(&sandbox.pypaas(&["status"]).must_fail(), "hush");
}

#[test]
fn what_a_key_may_not_read_is_in_no_message() {
    let (sandbox, _) = two_sites();
    let stranger = sandbox.client("stranger");
    let good = sandbox.read_config("repo/site.yml");
    sandbox.write_config("repo/site.yml", &format!("{good}\nhushed: here\n"));
    sandbox.write_config(
        "domains/hushed.example.yml",
        "locations: {/: {upstream: {repo: site, branch: hushed}}}",
    );
    for command in [
        "check",
        "check --json",
        "list",
        "status",
        "plan",
        "metrics",
        "why hushd.example",
        "logs sit",
        "help",
        "why hushed.example",
    ] {
        let shown = stranger.ssh_line(command);
        let all = format!("{}{}", shown.stdout, shown.stderr);
        assert!(!all.contains("hushed") || command == "why hushed.example", "{shown}");
        assert!(!all.contains("hushed:") && !all.contains("branch: hushed"), "{shown}");
        assert!(!all.contains("    site  ") && !all.contains("`site`?"), "{shown}");
    }
    assert_says(&stranger.ssh_line("check"), "in files that this key may not read\n");
    assert_says(&sandbox.pypaas(&["check"]).must_fail(), "hushed");
}
