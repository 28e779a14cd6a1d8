//! States that every command used to refuse to leave: `check` names one command, and it gets the branch running again.

use std::fs;

use crate::shop::{NODE, Shop, assert_says};

/// Damages a host.
type Damage = fn(&Shop);

/// Returns the last `pypaas` command in a text, without the program's name.
fn command_in(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let command = quoted.filter_map(|words| words.strip_prefix("pypaas ")).last();
    command.unwrap_or_else(|| panic!("no command is named:\n{text}")).split(' ').map(str::to_owned).collect()
}

/// Takes the repo out of the configuration for long enough that `apply` removes it.
fn out_of_the_configuration_and_back(shop: &Shop) {
    let files = ["repo/shop.yml", "domains/shop.example.yml"];
    let texts = files.map(|file| shop.sandbox.read_config(file));
    files.iter().for_each(|file| shop.sandbox.remove_config(file));
    shop.sandbox.pypaas(&["apply"]).must_succeed();
    assert!(shop.pids().is_empty(), "{:?}", shop.pids());
    files.iter().zip(&texts).for_each(|(file, text)| shop.sandbox.write_config(file, text));
}

fn remove_directory(shop: &Shop, path: &str) {
    fs::remove_dir_all(shop.sandbox.home().join(path)).unwrap();
}

#[test]
fn from_every_state_the_command_that_check_names_gets_the_branch_running_again() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let states: [(&str, Damage); 10] = [
        ("out of the configuration and back", out_of_the_configuration_and_back),
        ("state lost", |shop| remove_directory(shop, "state")),
        ("record lost", |shop| fs::remove_file(shop.sandbox.home().join("state/shop/main.json")).unwrap()),
        ("checkouts lost", |shop| remove_directory(shop, "checkouts")),
        ("state and checkouts lost", |shop| {
            remove_directory(shop, "state");
            remove_directory(shop, "checkouts");
        }),
        ("stopped, checkouts lost", |shop| {
            shop.sandbox.pypaas(&["stop", "shop", "main"]).must_succeed();
            remove_directory(shop, "checkouts");
        }),
        ("routes lost", |shop| remove_directory(shop, "nginx/router.d")),
        ("the file of an upstream lost", |shop| {
            fs::remove_file(shop.sandbox.home().join("nginx/router.d/shop+main+web.conf")).unwrap();
        }),
        ("it would not start at boot", |shop| {
            let services = shop.sandbox.home().join("services-real");
            let entries = services.read_dir_utf8().unwrap().map(|entry| entry.unwrap().into_path());
            let own = entries.filter(|path| path.file_name().unwrap().starts_with("shop+"));
            own.for_each(|path| fs::write(path.join("down"), "").unwrap());
        }),
        ("nginx's files lost", |shop| remove_directory(shop, "nginx")),
    ];
    for (state, damage) in states {
        damage(&shop);
        let found = shop.sandbox.pypaas(&["check"]);
        assert_eq!(found.code, 2, "{state}: {found}");
        let command = command_in(&found.stdout);
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let given = shop.sandbox.pypaas(&words);
        assert!(given.success(), "{state}: {given}");
        assert_eq!(shop.page(), "dies-on-sigterm version 1\n", "{state}");
        let after = shop.sandbox.pypaas(&["check"]);
        assert!(after.success(), "{state}: {after}");
        assert_eq!(shop.checkouts().len(), 1, "{state}");
    }
}

#[test]
fn whoever_pushes_what_git_has_already_or_gives_another_command_is_told_what_helps() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let admin = shop.sandbox.client("admin");
    out_of_the_configuration_and_back(&shop);
    let fix = format!("run `pypaas rebuild shop main`, which deploys {}\n", &shop.code.head()[..11]);

    let pushed = shop.push().must_succeed();
    assert_says(&pushed, "Everything up-to-date\n");
    assert_says(&pushed, "note: nothing is deployed on shop main, which was pushed before: ");
    assert_says(&pushed, &fix);
    for command in [
        "restart shop main",
        "start shop main",
        "run shop main -- true",
        "custom_cmds shop main x",
        "why shop.example",
    ] {
        let refused = admin.ssh_line(command);
        assert_eq!(refused.code, 2, "{refused}");
        if !command.starts_with("custom_cmds") {
            assert_says(&refused, &fix);
        }
    }
    let refused = admin.ssh_line("rollback shop main").must_fail();
    assert_says(&refused, "if it was pushed before, run `pypaas rebuild shop main`\n");
    admin.ssh(&["rebuild"]).must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");

    admin.ssh(&["stop", "shop", "main"]).must_succeed();
    assert_says(&shop.push().must_succeed(), "note: shop main is stopped; run `pypaas start shop main`\n");
    admin.ssh(&["start", "shop", "main"]).must_succeed();
    remove_checkouts_and_restart(&shop);
}

fn remove_checkouts_and_restart(shop: &Shop) {
    remove_directory(shop, "checkouts");
    let refused = shop.sandbox.pypaas(&["restart", "shop", "main"]).must_fail();
    assert_says(&refused, "because the live checkout of shop main is gone\n");
    assert_says(&refused, "hint: run `pypaas rebuild shop main`, which checks it out again\n");
    remove_directory(shop, "repos");
    let found = shop.sandbox.pypaas(&["check"]);
    assert_says(&found, "and so is its commit: ");
    assert_says(&found, "hint: push its commit again: `git push <remote> main`\n");
    shop.push_version("2").must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 2\n");
    shop.sandbox.pypaas(&["check"]).must_succeed();
}

#[test]
fn a_branch_whose_name_begins_with_that_of_a_removed_branch_can_be_pushed() {
    let page = "{runners: {web: {type: NginxStatic, subdirectory: public}}}";
    let shop = Shop::new("static-site", "runners: {web: {type: NginxStatic}}");
    let configure = |name: &str| {
        let text = format!("branches: {{main: {page}, {name}: {page}}}\n");
        shop.sandbox.write_config("repo/shop.yml", &text);
    };
    configure("feature/x");
    shop.push().must_succeed();
    shop.code.push("shop", &["main:refs/heads/feature/x"]).must_succeed();
    configure("feature");

    let early = shop.code.push("shop", &["main:refs/heads/feature"]).must_fail();
    assert_says(&early, "next to branch `feature/x`, which still runs though it is not configured\n");
    let words = command_in(&early.remote());
    shop.sandbox.pypaas(&words.iter().map(String::as_str).collect::<Vec<_>>()).must_succeed();
    let pushed = shop.code.push("shop", &["main:refs/heads/feature"]).must_succeed();
    assert_says(&pushed, "Release 1 is live after ");
    assert_eq!(shop.code.remote_head("shop", "feature/x"), None);

    configure("feature/y/z");
    shop.sandbox.pypaas(&["apply"]).must_succeed();
    shop.code.push("shop", &["main:refs/heads/feature/y/z"]).must_succeed();
    assert_eq!(shop.code.remote_head("shop", "feature"), None);
}
