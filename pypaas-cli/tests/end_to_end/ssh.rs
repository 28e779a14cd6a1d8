//! What a client can make the host do over SSH, and what it cannot.

use std::collections::BTreeSet;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_sandbox::{Outcome, Sandbox};

use crate::host;
use crate::site::Site;

/// Returns what was said: on standard error, or in git's protocol, where git would read it. Nothing else is on standard output.
#[track_caller]
fn error(refused: &Outcome) -> String {
    match refused.stdout.split_once("ERR ") {
        Some((length, error)) => {
            assert_eq!(usize::from_str_radix(length, 16), Ok(refused.stdout.len()), "{refused}");
            assert_eq!(refused.stderr, "");
            format!("error: {error}\n")
        }
        None => {
            assert_eq!(refused.stdout, "");
            refused.stderr.clone()
        }
    }
}

#[test]
fn nothing_a_client_sends_is_given_to_a_shell() {
    let sandbox = host::start();
    let client = sandbox.client("laptop");
    let site = Site::configure(&sandbox, &client, "site");
    site.push("version 1").must_succeed();
    let before = files(&sandbox);
    let mark = sandbox.root().join("executed");

    let not_run = "error: this command cannot be run over SSH: ";
    for (line, said) in [
        (format!("list; touch {mark}"), "error: unrecognized subcommand 'list;'"),
        (format!("list;touch {mark}"), "error: unrecognized subcommand 'list;touch'"),
        (format!("list && touch {mark}"), "error: unexpected argument '&&' found"),
        (format!("list | tee {mark}"), "error: unexpected argument '|' found"),
        (format!("list >{mark}"), "error: unexpected argument '>"),
        (format!("list\ntouch {mark}"), "error: unexpected argument 'touch' found"),
        (format!("list `touch {mark}`"), "error: unexpected argument '`touch' found"),
        (format!("$(touch {mark})"), "error: unrecognized subcommand '$(touch'"),
        (format!("\"$(touch {mark})\""), "error: unrecognized subcommand '$(touch "),
        ("a;id".to_owned(), "error: unrecognized subcommand 'a;id'"),
        ("$(id)".to_owned(), "error: unrecognized subcommand '$(id)'"),
        ("sh".to_owned(), "error: unrecognized subcommand 'sh'"),
        ("/bin/sh -c id".to_owned(), "error: unrecognized subcommand '/bin/sh'"),
        ("'".to_owned(), &format!("{not_run}its quotes do not match\n")),
        (" ".to_owned(), &format!("{not_run}it is empty\n")),
        (format!("custom_cmds site main '$(touch {mark})'"), "is not a custom command of site main\n"),
        (format!("rebuild site '$(touch {mark})'"), " is not a valid branch name: "),
        ("rebuild '../../x' main".to_owned(), "error: `../../x` is not a valid repo name: "),
        ("git-receive-pack '../../x'".to_owned(), "error: `../../x` is not a valid repo name: "),
        ("git-receive-pack '..'".to_owned(), "error: `..` is not a valid repo name: "),
        ("git-receive-pack '/etc'".to_owned(), "error: repo `etc` is not configured\n"),
        ("git-receive-pack '/'".to_owned(), "error: `` is not a valid repo name: it is empty\n"),
        ("git-receive-pack ''".to_owned(), "error: `` is not a valid repo name: it is empty\n"),
        ("git-receive-pack 'site//'".to_owned(), "error: `site/` is not a valid repo name: "),
        ("git-receive-pack '~x'".to_owned(), "error: `~x` is not a valid repo name: "),
        ("git-receive-pack '~/x'".to_owned(), "error: repo `x` is not configured\n"),
        ("git-receive-pack 'a\nb'".to_owned(), " is not a valid repo name: "),
        (format!("git-receive-pack '$(touch {mark})'"), " is not a valid repo name: "),
        (format!("git-upload-pack 'x;touch {mark}'"), " is not a valid repo name: "),
        ("git-upload-archive 'site'".to_owned(), "error: unrecognized subcommand 'git-upload-archive'"),
        ("git receive-pack 'site'".to_owned(), "error: unrecognized subcommand 'git'"),
        (
            "/usr/lib/openssh/sftp-server".to_owned(),
            "error: unrecognized subcommand '/usr/lib/openssh/sftp-server'",
        ),
        ("internal-sftp".to_owned(), "error: unrecognized subcommand 'internal-sftp'"),
        ("scp -t /tmp".to_owned(), "error: unrecognized subcommand 'scp'"),
        ("git-shell".to_owned(), "error: unrecognized subcommand 'git-shell'"),
    ] {
        let refused = client.ssh_line(&line);
        assert!([1, 2].contains(&refused.code), "{refused}");
        let error = error(&refused);
        assert!(error.contains(said), "`{line}` should say `{said}`, but:\n{refused}");
    }
    assert_eq!(files(&sandbox), before);
    assert!(!mark.exists());
}

#[test]
fn pypaas_own_commands_and_options_in_place_of_names_are_refused() {
    let sandbox = host::start();
    let client = sandbox.client("laptop");
    let site = Site::configure(&sandbox, &client, "site");
    site.push("version 1").must_succeed();
    let (before, head) = (files(&sandbox), site.worktree.head());

    let own = "error: this command cannot be run over SSH: it is internal to pypaas\n\
               hint: `help` lists what can be run\n";
    let nobody = "0".repeat(40);
    for line in [
        format!("update-hook refs/heads/main {nobody} {head}"),
        format!("update-hook refs/heads/main {head} {nobody}"),
        "ssh admin".to_owned(),
    ] {
        let refused = client.ssh_line(&line);
        assert_eq!((refused.code, refused.stderr.as_str()), (2, own), "{line}");
    }
    for (line, said) in [
        ("update-hook --help", ""),
        ("git-receive-pack --help", ""),
        ("git-receive-pack -h", ""),
        ("git-receive-pack -x", "error: unexpected argument '-x' found"),
        ("git-receive-pack --stateless-rpc site", "error: unexpected argument '--stateless-rpc' found"),
        ("git-receive-pack site --version", "error: unexpected argument '--version' found"),
        ("git-upload-pack --strict site", "error: unexpected argument '--strict' found"),
        (
            "git-receive-pack -- --help",
            "error: `--help` is not a valid repo name: it must not start with `-`",
        ),
        ("rebuild -x main", "error: unexpected argument '-x' found"),
        ("rebuild site -x", "error: unexpected argument '-x' found"),
        ("restart -- -x main", "error: `-x` is not a valid repo name: it must not start with `-`"),
        ("restart -- site --help", "error: `--help` is not a valid branch name: it must not start with `-`"),
        ("custom_cmds site main -- -x", "error: `-x` is not a custom command of site main\n"),
        ("maintenance on -- -x main", "error: `-x` is not a valid repo name: "),
    ] {
        let refused = client.ssh_line(line);
        assert!([1, 2].contains(&refused.code), "{refused}");
        let error = error(&refused);
        assert!(error.contains(said) && !error.is_empty(), "{refused}");
    }
    assert_eq!(files(&sandbox), before);
    client.ssh(&["list"]).must_succeed();
    site.push("version 2").must_succeed();
    assert_eq!(sandbox.get("site.example", "/").text(), "version 2");
}

#[test]
fn a_login_without_a_command_shows_a_short_help_and_no_shell() {
    let sandbox = host::start();
    let client = sandbox.client("laptop");

    let without_terminal = client.ssh(&[]).must_succeed();
    let with_terminal = client.start_ssh(&["-tt"], &[]).wait().must_succeed();
    let asked = client.ssh(&["help"]).must_succeed();

    assert_eq!(
        without_terminal.stdout.lines().take(5).collect::<Vec<_>>(),
        [
            "Hello laptop! This is pypaas; there is no shell here.",
            "",
            "  git push deploy@host:<repo> <branch>   deploy a branch",
            "  ssh deploy@host <command>              one of:",
            "",
        ]
    );
    let commands = without_terminal.stdout.lines().skip(5).filter_map(|line| line.split_whitespace().next());
    assert_eq!(
        commands.collect::<BTreeSet<_>>(),
        [
            "apply",
            "store",
            "jobs",
            "certificates",
            "check",
            "cleanup",
            "completions",
            "man",
            "custom_cmds",
            "list",
            "logs",
            "env",
            "maintenance",
            "metrics",
            "new",
            "notify",
            "backup",
            "restore",
            "domain",
            "scale",
            "keys",
            "remove",
            "plan",
            "run",
            "secret",
            "start",
            "cancel",
            "stop",
            "rebuild",
            "rebuild_authorized_keys",
            "releases",
            "restart",
            "rollback",
            "status",
            "why"
        ]
        .into()
    );
    assert_eq!(with_terminal.stdout.replace("\r\n", "\n"), without_terminal.stdout);
    assert_eq!(asked.stdout, without_terminal.stdout);
}

#[test]
fn a_key_opens_nothing_but_pypaas() {
    let sandbox = host::start();
    let client = sandbox.client("laptop");
    let secret = sandbox.home().join("config/pypaas.yml");

    let tunnel = client.start_ssh(&["-W", &format!("127.0.0.1:{}", sandbox.http_port())], &[]).wait();
    assert_eq!((tunnel.code, tunnel.stderr.as_str()), (255, "stdio forwarding failed\r\n"));
    let listener =
        client.start_ssh(&["-R", "0:127.0.0.1:1", "-o", "ExitOnForwardFailure=yes"], &["list"]).wait();
    assert!(listener.stderr.contains("remote port forwarding failed"), "{listener}");
    let copied = client.ssh_line(&format!("cat {secret}"));
    assert!(!copied.success() && copied.stdout.is_empty(), "{copied}");
    let environment = client.start_ssh(&["-o", "SetEnv=PYPAAS_HOME=/tmp PYPAAS_KEY=admin"], &["list"]).wait();
    assert_eq!(
        environment.must_succeed().stdout,
        "nothing is configured yet: write repo/<name>.yml in the configuration directory\n"
    );

    let stranger = sandbox.stranger("stranger").ssh(&["list"]);
    assert_eq!(stranger.code, 255);
    assert!(stranger.stderr.contains("Permission denied (publickey)"), "{stranger}");
}

#[test]
fn what_was_pushed_can_be_cloned_and_fetched_and_the_key_is_remembered() {
    let sandbox = host::start();
    let ada = sandbox.client("ada");
    let site = Site::configure(&sandbox, &ada, "site");
    let grace = sandbox.client("grace");

    let empty = grace.git(&["clone", "pypaas:site", "early"]).must_fail();
    assert!(
        empty
            .stderr
            .contains("error: repo `site` is empty: nothing was pushed yet\nhint: push to it first\n"),
        "{empty}"
    );
    let unknown = grace.git(&["clone", "pypaas:sight", "early"]).must_fail();
    assert!(
        unknown.stderr.contains("error: repo `sight` is not configured\nhint: configured repos: site\n"),
        "{unknown}"
    );

    site.push("version 1").must_succeed();
    for (number, url) in
        ["pypaas:site", "pypaas:site.git", "pypaas:/site", "ssh://pypaas/site"].iter().enumerate()
    {
        let directory = format!("copy-{number}");
        grace.git(&["clone", url, &directory]).must_succeed();
        let text = fs::read_to_string(grace.directory().join(&directory).join("public/index.html")).unwrap();
        assert_eq!(text, "version 1", "{url}");
    }
    site.push("version 2").must_succeed();
    grace.git(&["-C", "copy-0", "fetch"]).must_succeed();
    let fetched = grace.git(&["-C", "copy-0", "rev-parse", "origin/main"]).must_succeed();
    assert_eq!(fetched.stdout.trim(), site.worktree.head());

    grace.git(&["-C", "copy-1", "pull"]).must_succeed();
    let identity = ["-c", "user.name=grace", "-c", "user.email=grace@sandbox.example"];
    grace
        .git(&[&["-C", "copy-1"], &identity[..], &["commit", "--allow-empty", "-m", "By grace"]].concat())
        .must_succeed();
    grace.git(&["-C", "copy-1", "push"]).must_succeed();
    let record = fs::read_to_string(sandbox.home().join("state/site/main.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    let by: Vec<&str> =
        record["releases"].as_array().unwrap().iter().map(|it| it["by"].as_str().unwrap()).collect();
    assert_eq!(by, ["ada", "ada", "grace"]);
}

/// Lists the files in the deploy user's home, but for git's own housekeeping.
fn files(sandbox: &Sandbox) -> BTreeSet<Utf8PathBuf> {
    fn add(directory: &Utf8Path, found: &mut BTreeSet<Utf8PathBuf>) {
        for entry in directory.read_dir_utf8().unwrap().map(Result::unwrap) {
            found.insert(entry.path().to_owned());
            if entry.file_type().unwrap().is_dir() {
                add(entry.path(), found);
            }
        }
    }
    let mut found = BTreeSet::new();
    add(&sandbox.home(), &mut found);
    found
}

#[test]
fn custom_commands_pass_on_what_they_say_and_how_they_end() {
    let sandbox = host::start();
    let client = sandbox.client("laptop");
    let site = Site::configure(&sandbox, &client, "site");
    let commands = "custom_cmds: {say: 'echo said; echo warned >&2', fail: 'pwd; exit 7', shout: 'cat | tr a-z A-Z', die: 'kill -9 $$'}, runners";
    sandbox.write_config("repo/site.yml", &Site::REPO.replace("runners", commands));
    let early = client.ssh(&["custom_cmds", "site", "main", "say"]).must_fail();
    assert_eq!(
        early.stderr,
        "error: nothing is deployed on `site main`\nhint: push it: `git push <remote> main`\n"
    );
    site.push("version 1").must_succeed();

    let said = client.ssh(&["custom_cmds", "site", "main", "say"]).must_succeed();
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("said\n", "warned\n"));
    let failed = client.ssh(&["custom_cmds", "site", "main", "say", "fail", "say"]);
    let checkout = failed.stdout.strip_prefix("said\n").unwrap().trim_end();
    assert_eq!((failed.code, failed.stderr.as_str()), (7, "warned\n"));
    assert!(Utf8Path::new(checkout).join("public/index.html").is_file(), "{failed}");
    assert_eq!(client.ssh(&["custom_cmds", "site", "main", "die"]).code, 128 + 9);
    let quiet = client.ssh(&["custom_cmds", "site", "main", "shout"]).must_succeed();
    assert_eq!(quiet.stdout, "");

    let unknown = client.ssh(&["custom_cmds", "site", "main", "sya"]);
    assert_eq!(unknown.code, 2);
    assert_eq!(
        unknown.stderr,
        "error: `sya` is not a custom command of site main\nhint: there are: die, fail, say, shout\n"
    );
    let nothing = client.ssh(&["custom_cmds", "site", "main"]);
    assert_eq!(nothing.code, 1, "{nothing}");
}
