//! Key files, and who may log in with them.

use std::fs;
use std::process::Command;

use camino::Utf8PathBuf;
use pypaas_sandbox::{Client, Sandbox};

use crate::host;
use crate::site::Site;

/// Keys that no program can make: security keys sign in hardware, and DSA is on its way out.
const NOT_MADE: [&str; 3] = [
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAID8Nke0GasHTUk3daJwHJEFxy63dVYtCob3kg9jdPasnAAAABHNzaDo=",
    "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBEtl3g2x3rq3yvrzCVIL+b9ITfaA+Iyg3PrcMX+AeBe+BerXyqtFRfVULbEcwJu6FYu5E0Ug3+7zXq8bE53EAAYAAAAEc3NoOg==",
    "ssh-dss AAAAB3NzaC1kc3MAAACBAIPOyzA2YTcAS63DkVE5t2tTinwhaa5VFOnku8tUXX8Ts8N/rpZM+vrwl95EY8plydcqeVJkp3aKwuNNo/DazyJbayJbbDrkS22tPBvdI82QHAyVovjgldEk4NQcWgIZmQE+9GsPgCKsi0a5+ptcz5v8rrQo+2gN6F6DUl0w+/DFAAAAFQDP6ebMldXrPGtgdKne937dqgRnzQAAAIBL1UQRwNTMfItRskK9opfYqiH2gvqKThbgUVRIOsJ2cEs2OsU1Nv7qCh7MCSXiSFxRwjnpw7N+oW8JxP4rR6vlH5uSeSFS2Fy2fhUhMJuccsR3eToBDGe6hXVgSyUidLF7nrISEx2zv9Gxofu+85uxELfif0L0qNvUevP7lKns2AAAAIBBZZgNJEkNkEu9TeS3cIio0HgUEVSS2V/sFNHULbLLKlsFgnX9p5cr7lH4jTckne/2J9bMyEzY2dwFUaaOuqJ1/jCf6i8OucLF1UoRSjOTiKK+e5SIo5V9sPwYl/dd8MenewZf1fBd9IPs1y03m9HxlcHTURo5VhsrVB97M8HanQ==",
];

#[test]
fn keys_of_every_type_let_their_owner_in_under_the_name_of_the_file() {
    let sandbox = host::start();
    let person = sandbox.stranger("person");
    let kinds = ["rsa-2048", "ecdsa-256", "ecdsa-384", "ecdsa-521", "ed25519-256"];
    let made = kinds.map(|kind| make_key(&person, kind));
    write_key_file(&sandbox, "ada", &[&made[..], &NOT_MADE.map(str::to_owned)[..]].concat().join("\n"));

    let told = sandbox.pypaas(&["rebuild_authorized_keys"]).must_succeed();

    assert_eq!(told.stdout, "8 keys of 1 file may log in now\n");
    for kind in kinds {
        assert!(greeting(&person, kind).starts_with("Hello ada! "), "{kind}");
    }
    let written = fs::read_to_string(sandbox.home().join(".ssh/authorized_keys")).unwrap();
    for key in NOT_MADE {
        assert!(written.contains(&format!(" {key} ada\n")), "{key}");
    }
}

#[test]
fn comments_blank_lines_and_options_in_key_files_are_understood() {
    let sandbox = host::start();
    let person = sandbox.stranger("person");
    let kinds = ["ed25519-1", "ed25519-2", "ed25519-3", "ed25519-4", "ed25519-5"];
    let [plain, near, far, old, windows] = kinds.map(|kind| make_key(&person, kind));
    write_key_file(
        &sandbox,
        "ada.pub",
        &format!(
            "# The laptop, since 2024\n\n{plain} ada@laptop \"quoted\" #1\n\t \n  # indented\n\
             from=\"127.0.0.1,10.0.0.0/8\" {near}\n\
             from=\"10.0.0.1\",expiry-time=\"29990101\" {far} far away\n\
             expiry-time=\"20200101\" {old}"
        ),
    );
    write_key_file(&sandbox, "grace", &format!("# from Windows\r\n{windows}\r\n\r\n"));
    write_key_file(&sandbox, "ada.pub~", "an editor's backup");
    write_key_file(&sandbox, ".ada.swp", "\u{0}an editor's notes");
    fs::create_dir(sandbox.home().join(".ssh/authorized_keys.d/old")).unwrap();

    let told = sandbox.pypaas(&["rebuild_authorized_keys"]).must_succeed();

    assert_eq!(told.stdout, "5 keys of 2 files may log in now\n");
    assert!(greeting(&person, "ed25519-1").starts_with("Hello ada! "));
    assert!(greeting(&person, "ed25519-2").starts_with("Hello ada! "));
    assert!(greeting(&person, "ed25519-5").starts_with("Hello grace! "));
    assert_eq!(greeting(&person, "ed25519-3"), "", "the key is for another address");
    assert_eq!(greeting(&person, "ed25519-4"), "", "the key has expired");

    fs::remove_file(sandbox.home().join(".ssh/authorized_keys.d/grace")).unwrap();
    sandbox.pypaas(&["rebuild_authorized_keys"]).must_succeed();
    assert_eq!(greeting(&person, "ed25519-5"), "", "the key was taken away");
}

#[test]
fn a_malformed_key_file_is_named_with_its_line_and_nobody_is_locked_out() {
    let sandbox = host::start();
    let admin = sandbox.client("admin");
    let key = make_key(&sandbox.stranger("person"), "ed25519");
    let private = fs::read_to_string(admin.directory().join("key")).unwrap();
    let cut: String = key.chars().take(60).collect();
    let written = || fs::read_to_string(sandbox.home().join(".ssh/authorized_keys")).unwrap();
    let before = written();
    write_key_file(&sandbox, "zoe", &key);

    for (name, text, said) in [
        ("bob", format!("# mine\n\n{cut}\n"), "bob:3: this is not a public key: "),
        (
            "bob",
            format!("{key}\nssh-ed25519\n"),
            "bob:2: this is not a public key: it has fewer than two words\n",
        ),
        (
            "bob",
            "hello\n".to_owned(),
            "bob:1: this is not a public key: no key type such as `ssh-ed25519` is in it\n",
        ),
        ("bob", key.replace("ssh-ed25519 ", "ssh-rsa "), "bob:1: this is not a public key: "),
        ("bob", key.replace("ssh-ed25519 ", "ssh-ed25518 "), "bob:1: this is not a public key: "),
        (
            "bob",
            private,
            "bob:1: this is a private key; put the public one here, the file that ends in `.pub`\n",
        ),
        (
            "bob",
            format!("command=\"/bin/sh\" {key}"),
            "bob:1: the option `command=\"/bin/sh\"` cannot be kept: pypaas sets its own; remove it\n",
        ),
        (
            "bob",
            format!("from=\"*\",pty {key}"),
            "bob:1: the option `pty` cannot be kept: pypaas sets its own; remove it\n",
        ),
        (
            "bob's",
            key.clone(),
            "bob's: the file's name becomes the key's: only letters, digits and `._@+-` are allowed\n",
        ),
        ("bob\",command=\"sh", key.clone(), ": the file's name becomes the key's: "),
    ] {
        write_key_file(&sandbox, name, &text);
        let refused = admin.ssh(&["rebuild_authorized_keys"]);
        let directory = sandbox.home().join(".ssh/authorized_keys.d");
        assert_eq!(refused.code, 2, "{refused}");
        assert!(refused.stderr.starts_with(&format!("error: {directory}/bob")), "{refused}");
        assert!(refused.stderr.contains(said), "wanted `{said}`:\n{refused}");
        let hint = "\nhint: authorized_keys is unchanged; fix or remove the file, then try again\n";
        assert!(refused.stderr.ends_with(hint), "{refused}");
        assert_eq!(written(), before, "{name}");
        fs::remove_file(directory.join(name)).unwrap();
    }

    let told = admin.ssh(&["rebuild_authorized_keys"]).must_succeed();
    assert_eq!(told.stdout, "2 keys of 2 files may log in now\n");
}

#[test]
fn a_key_may_talk_to_a_custom_command_on_a_terminal() {
    let sandbox = host::start();
    let client = sandbox.client("laptop");
    let site = Site::configure(&sandbox, &client, "site");
    let console = "custom_cmds: {console: test -t 0 && test -t 1 && echo a terminal}, runners";
    sandbox.write_config("repo/site.yml", &Site::REPO.replace("runners", console));
    site.push("version 1").must_succeed();

    let told = client.start_ssh(&["-tt"], &["custom_cmds", "site", "main", "console"]).wait().must_succeed();
    assert_eq!(told.stdout, "a terminal\r\n");
}

/// Makes a key pair of `kind`, such as `rsa-2048`, in the client's directory; returns the public key, without a comment.
fn make_key(client: &Client, kind: &str) -> String {
    let (algorithm, bits) = kind.split_once('-').unwrap_or((kind, "256"));
    let path = client.directory().join(kind);
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-N", "", "-C", "", "-t", algorithm, "-b", bits, "-f", path.as_str()]);
    assert!(command.status().unwrap().success(), "{kind}");
    fs::read_to_string(format!("{path}.pub")).unwrap().trim().to_owned()
}

fn write_key_file(sandbox: &Sandbox, name: &str, text: &str) {
    let path: Utf8PathBuf = sandbox.home().join(".ssh/authorized_keys.d").join(name);
    fs::write(path, text).unwrap();
}

/// Logs in with one key alone; empty when that is refused.
fn greeting(client: &Client, kind: &str) -> String {
    let key = client.directory().join(kind);
    client.start_ssh(&["-o", "IdentityFile=none", "-i", key.as_str()], &[]).wait().stdout
}

#[test]
fn another_configuration_directory_goes_into_the_forced_command() {
    let sandbox = host::start();
    let client = sandbox.client("laptop");
    sandbox.write_config("repo/here.yml", Site::REPO);
    let elsewhere = sandbox.root().join("it's elsewhere");
    fs::create_dir_all(elsewhere.join("repos")).unwrap();
    let run = |words: &[&str]| sandbox.start_pypaas(words, &[("PYPAAS_CONFIG", elsewhere.as_str())]).wait();
    let missing = run(&["list"]).must_fail();
    let said = format!("error: there is no configuration: no `{}`\n", elsewhere.join("pypaas.yml"));
    assert!(missing.stderr.starts_with(&said), "{missing}");

    fs::write(elsewhere.join("pypaas.yml"), sandbox.read_config("pypaas.yml")).unwrap();
    fs::write(elsewhere.join("repos/there.yml"), Site::REPO).unwrap();
    assert_eq!(client.ssh(&["list"]).must_succeed().stdout, "here main: not deployed\n");
    assert_eq!(run(&["list"]).must_succeed().stdout, "there main: not deployed\n");
    run(&["rebuild_authorized_keys"]).must_succeed();

    assert_eq!(client.ssh(&["list"]).must_succeed().stdout, "there main: not deployed\n");
    let site = client.worktree("there");
    site.write("public/index.html", "there");
    site.commit("There");
    site.push("there", &["main"]).must_succeed();
    assert!(client.ssh(&["list"]).must_succeed().stdout.starts_with("there main: "));
}

#[test]
fn a_near_miss_of_a_limit_is_refused() {
    let sandbox = host::start();
    let person = sandbox.stranger("person");
    let key = make_key(&person, "ed25519");
    for near in [
        "#pypaas: read",
        "# PyPaaS: read",
        "# pypass: read",
        "# pypaas read",
        "#  pypaas: read",
        "# pypaas : read",
        "# pypaas:read-only read\n# pypaas: read",
        "## pypaas: read",
        "# pypaas\u{ff1a} read",
        "# pypaas=read",
    ] {
        write_key_file(&sandbox, "bob", &format!("{near}\n{key}\n"));
        let refused = sandbox.pypaas(&["rebuild_authorized_keys"]).must_fail();
        assert!(refused.stderr.contains("bob:1: "), "{near}: {refused}");
    }
    write_key_file(&sandbox, "bob", &format!("{key} bob # pypaas: read\n"));
    assert!(sandbox.pypaas(&["rebuild_authorized_keys"]).must_fail().stderr.contains("looks like a limit"));
    write_key_file(&sandbox, "bob", &format!("# pypaas: read\n# pypaas: push\n{key}\n"));
    assert!(
        sandbox.pypaas(&["rebuild_authorized_keys"]).must_fail().stderr.contains("a second `# pypaas:` line")
    );
    for fine in ["# the one in the hall", "# Bob's, for pypaas and more", "#", "# push it"] {
        write_key_file(&sandbox, "bob", &format!("{fine}\n{key}\n"));
        sandbox.pypaas(&["rebuild_authorized_keys"]).must_succeed();
    }
}

#[test]
fn no_key_has_two_limits_no_two_files_one_name_and_backups_are_reported() {
    let sandbox = host::start();
    let key = make_key(&sandbox.stranger("person"), "ed25519");
    write_key_file(&sandbox, "bob", &key);
    write_key_file(&sandbox, "rob", &format!("# pypaas: read\n{key}"));
    let refused = sandbox.pypaas(&["rebuild_authorized_keys"]).must_fail();
    assert!(refused.stderr.contains("one key is in the files of `bob` and `rob`\n"), "{refused}");
    fs::remove_file(sandbox.home().join(".ssh/authorized_keys.d/rob")).unwrap();

    write_key_file(&sandbox, "bob.pub", &make_key(&sandbox.stranger("other"), "ed25519"));
    let refused = sandbox.pypaas(&["rebuild_authorized_keys"]).must_fail();
    assert!(refused.stderr.contains("bob.pub` both give their keys one name\n"), "{refused}");
    fs::remove_file(sandbox.home().join(".ssh/authorized_keys.d/bob.pub")).unwrap();

    write_key_file(&sandbox, "old.pub.bak", &make_key(&sandbox.stranger("third"), "ed25519"));
    let told = sandbox.pypaas(&["rebuild_authorized_keys"]).must_succeed();
    assert_eq!(told.stdout, "1 key of 1 file may log in now\n");
    assert!(told.stderr.contains("/old.pub.bak is ignored: it looks like a backup\n"), "{told}");
}

#[test]
fn an_authorized_keys_made_by_hand_is_kept_as_a_copy() {
    let sandbox = host::start();
    let key = make_key(&sandbox.stranger("person"), "ed25519");
    write_key_file(&sandbox, "bob", &key);
    let target = sandbox.home().join(".ssh/authorized_keys");
    for (number, copy) in
        ["authorized_keys.before-pypaas", "authorized_keys.before-pypaas-1"].iter().enumerate()
    {
        let by_hand = format!("# mine {number}\n{key} shell\n");
        fs::write(&target, &by_hand).unwrap();
        let told = sandbox.pypaas(&["rebuild_authorized_keys"]).must_succeed();
        let copy = sandbox.home().join(".ssh").join(copy);
        assert!(told.stderr.contains(&format!("and a copy of it is in {copy}\n")), "{told}");
        assert_eq!(fs::read_to_string(&copy).unwrap(), by_hand);
    }
    assert_eq!(sandbox.pypaas(&["rebuild_authorized_keys"]).must_succeed().stderr, "");
}
