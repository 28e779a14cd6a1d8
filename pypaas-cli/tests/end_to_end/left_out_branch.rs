//! Commands without a branch, where the repo has only one.

use crate::shop::{NODE, Shop, assert_says};

#[test]
fn the_only_branch_of_a_repo_goes_without_saying() {
    let shop = Shop::live("node-plain", NODE);
    shop.push_version("2").must_succeed();
    let laptop = shop.sandbox.client("laptop2");

    laptop.ssh_line("rollback shop 1").must_succeed();
    assert!(shop.page().contains("version 1"));
    assert_eq!(laptop.ssh_line("run shop -- printenv PYPAAS_BRANCH").must_succeed().stdout, "main\n");
    assert_eq!(laptop.ssh_line("run shop printenv PYPAAS_BRANCH").must_succeed().stdout, "main\n");
    laptop.ssh_with_input(&["secret", "set", "shop", "TOKEN"], "x").must_succeed();
    assert_eq!(shop.sandbox.pypaas(&["secret", "list", "shop"]).must_succeed().stdout, "TOKEN\n");
    assert_says(&laptop.ssh_line("logs -n 5 shop web").must_succeed(), "version 1 on port");
    shop.sandbox.pypaas(&["stop", "shop"]).must_succeed();
    shop.sandbox.pypaas(&["start", "shop"]).must_succeed();
    shop.sandbox.pypaas(&["restart", "shop", "--dry-run"]).must_succeed();
    assert!(laptop.ssh_line("status shop main").must_succeed().stdout.contains("main"));
}

#[test]
fn of_several_branches_one_has_to_be_named_and_only_to_who_may_read_them() {
    let shop = Shop::new("static-site", NODE);
    shop.sandbox.write_config(
        "repo/shop.yml",
        "branches: {main: {}, next: {}}\naccess: {read: [laptop], push: [laptop], run: [laptop]}\n",
    );
    let said = shop.sandbox.pypaas(&["stop", "shop"]).must_fail();
    assert_says(&said, "hint: write the branch after the repo; it has main, next\n");
    assert_says(
        &shop.sandbox.pypaas(&["secret", "set", "shop", "TOKEN"]).must_fail(),
        "which branch of `shop`?",
    );
    let stranger = shop.sandbox.client("stranger").ssh_line("stop shop").must_fail();
    assert!(!stranger.stderr.contains("next"), "{stranger}");
}
