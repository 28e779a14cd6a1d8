//! `scale`: what to write so that a runner has more processes, or fewer.

use crate::host;
use crate::shop::{NODE, Shop, assert_says};

#[test]
fn the_lines_to_write_are_printed_and_do_what_they_say() {
    let sandbox = host::start();
    let admin = sandbox.client("admin");
    let code = admin.worktree_named_from_app("shop", "dies-on-sigterm");
    code.write("Procfile", "web: node server.js\nworker: sleep 1000\n");
    code.commit("Say how it is run");
    admin.ssh_line("new shop shop.example").must_succeed();
    assert_says(&admin.ssh_line("scale shop").must_succeed(), "the first push brings a Procfile");
    code.push("shop", &["main"]).must_succeed();
    assert_eq!(
        admin.ssh_line("scale shop").must_succeed().stdout,
        "RUNNER  PROCESSES\nweb     1\nworker  1\n"
    );

    let said = admin.ssh_line("scale shop web=2 worker=0").must_succeed();

    let file = sandbox.home().join("config/repo/shop.yml");
    let line = "formation: {web: 2, worker: 0}";
    let expected = format!("In {file}, in the branch `main`, add\n\n  {line}\n\nThen run `pypaas apply`.\n");
    assert_eq!(said.stdout, expected);
    assert_eq!(sandbox.read_config("repo/shop.yml"), "branches:\n  main: {}\n");
    sandbox.write_config("repo/shop.yml", &format!("branches:\n  main:\n    {line}\n"));
    admin.ssh_line("apply").must_succeed();
    assert_eq!(sandbox.app_processes().len(), 2, "{:?}", sandbox.app_processes());
    assert_says(&admin.ssh_line("scale shop web=2").must_succeed(), "has these numbers already");
    let said = admin.ssh_line("scale shop worker=3").must_succeed().stdout;
    assert!(said.contains("replace\n\n    3 |     formation: {web: 2, worker: 0}\n\nby\n\n  formation: {web: 2, worker: 3}\n"), "{said}");
    assert_eq!(admin.ssh_line("scale shop --json").must_succeed().stdout.matches("\"processes\"").count(), 2);
}

#[test]
fn numbers_that_cannot_be_are_refused() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let admin = shop.sandbox.client("admin");
    let said = admin.ssh_line("scale shop web=2").must_succeed().stdout;
    assert!(said.contains("in the runner `web` of the branch `main`, add\n\n  process_count: 2\n"), "{said}");
    assert_says(&admin.ssh_line("scale shop wep=2").must_fail(), "did you mean `web`?");
    assert_says(&admin.ssh_line("scale shop web=0").must_fail(), "write a number from 1 to 500");
    assert_says(&admin.ssh_line("scale shop web=501").must_fail(), "write a number from 1 to 500");
    for bad in ["web", "web=", "web=-1", "web=many", "web=99999999", "../up=1"] {
        assert_eq!(admin.ssh_line(&format!("scale shop main {bad}")).code, 1, "{bad}");
    }
}
