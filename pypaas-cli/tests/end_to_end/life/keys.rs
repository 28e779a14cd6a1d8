//! `keys`: people come and go.

use std::fs;

use crate::host;
use crate::shop::assert_says;

#[test]
fn keys_are_added_listed_and_removed_over_ssh() {
    let sandbox = host::start();
    let (admin, ada) = (sandbox.client("admin"), sandbox.stranger("ada"));
    let key = fs::read_to_string(ada.public_key()).unwrap();
    let file = sandbox.home().join(".ssh/authorized_keys.d/ada.pub");
    assert!(!ada.ssh_line("list").success());

    let planned =
        admin.ssh_with_input(&["keys", "add", "ada", "--only", "read", "--dry-run"], &key).must_succeed();
    assert_says(&planned, &format!("would create {file}:\n\n# pypaas: read\nssh-ed25519 "));
    assert!(!file.exists());
    let added = admin.ssh_with_input(&["keys", "add", "ada", "--only", "read"], &key).must_succeed();
    assert_says(&added, "2 keys of 2 files may log in now\n");
    ada.ssh_line("list").must_succeed();
    assert_eq!(ada.ssh_line("keys list").code, 5);

    let listed = admin.ssh_line("keys list").must_succeed().stdout;
    let row = listed.lines().find(|line| line.starts_with("ada ")).unwrap();
    assert!(row.contains("ssh-ed25519 SHA256:") && row.contains(" read"), "{listed}");
    assert!(admin.ssh_line("keys list --json").must_succeed().stdout.contains("\"name\": \"ada\""));

    assert_says(&admin.ssh_line("keys remove admin").must_fail(), "you use a key of `admin` yourself");
    assert_says(&admin.ssh_line("keys remove adda").must_fail(), "did you mean `ada`?");
    admin.ssh_line("keys remove ada --dry-run").must_succeed();
    ada.ssh_line("list").must_succeed();
    assert_says(&admin.ssh_line("keys remove ada").must_succeed(), "1 key of 1 file may log in now\n");
    assert!(!file.exists());
    assert!(!ada.ssh_line("list").success());
}

#[test]
fn what_is_no_key_changes_nothing() {
    let sandbox = host::start();
    let admin = sandbox.client("admin");
    let own = fs::read_to_string(admin.public_key()).unwrap();
    let before = fs::read_to_string(sandbox.home().join(".ssh/authorized_keys")).unwrap();
    let add = |name: &str, input: &str| admin.ssh_with_input(&["keys", "add", name], input).must_fail();

    assert_says(&add("ada", ""), "standard input is empty");
    assert_says(&add("ada", "# nothing\n"), "standard input has no key");
    assert_says(&add("ada", "ssh-ed25519 nonsense\n"), "this is not a public key");
    assert_says(&add("ada", "-----BEGIN OPENSSH PRIVATE KEY-----\n"), "this is a private key");
    assert_says(&add("ada", &own), "one key is in the files of");
    assert_says(&add("admin", &own), "`admin` has keys already");
    assert_says(&add("../ada", &own), "only letters, digits and `._@+-` are allowed");
    assert_says(&add("a/b", &own), "only letters, digits and `._@+-` are allowed");

    assert_eq!(fs::read_to_string(sandbox.home().join(".ssh/authorized_keys")).unwrap(), before);
    assert_eq!(fs::read_dir(sandbox.home().join(".ssh/authorized_keys.d")).unwrap().count(), 1);
}
