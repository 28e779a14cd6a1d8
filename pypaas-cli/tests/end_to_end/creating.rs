//! `new`: from an empty host to the page of an app.

use crate::host;
use crate::shop::assert_says;

#[test]
fn an_app_is_created_pushed_and_answers() {
    let sandbox = host::start();
    let laptop = sandbox.client("laptop");
    let code = laptop.worktree_named_from_app("shop", "dies-on-sigterm");
    code.write("Procfile", "web: node server.js\n");
    code.commit("Say how it is run");

    let refused = code.push("shop", &["main"]).must_fail();
    assert_says(&refused, "repo `shop` is not configured");
    assert_says(&refused, &format!("To create it: `ssh -p {} ", sandbox.ssh_port()));
    assert_says(&refused, " new shop <domain>`");

    let planned = laptop.ssh(&["new", "shop", "shop.example", "--dry-run"]).must_succeed();
    assert!(planned.stdout.contains("repo/shop.yml:\n\nbranches:\n  main: {}\n"), "{planned}");
    assert!(!sandbox.home().join("config/repo/shop.yml").exists());
    let created = laptop.ssh(&["new", "shop", "shop.example"]).must_succeed();
    assert!(created.stdout.contains("git remote add pypaas ssh://"), "{created}");
    assert!(
        created.stdout.contains(&format!(":{}/shop\n  git push pypaas main\n", sandbox.ssh_port())),
        "{created}"
    );

    code.push("shop", &["main"]).must_succeed();
    assert_eq!(sandbox.get("shop.example", "/").text(), "dies-on-sigterm version 1\n");
    sandbox.pypaas(&["check"]).must_succeed();
}

#[test]
fn nothing_is_created_that_is_there_or_that_would_be_a_mistake() {
    let sandbox = host::start();
    let laptop = sandbox.client("laptop");
    laptop.ssh(&["new", "shop", "shop.example", "--branch", "trunk"]).must_succeed();
    let text = sandbox.read_config("repo/shop.yml");
    assert_eq!(text, "branches:\n  trunk: {}\n");

    assert_says(&laptop.ssh(&["new", "shop"]).must_fail(), "repo `shop` is configured already");
    assert_says(
        &laptop.ssh(&["new", "other", "shop.example"]).must_fail(),
        "domains/shop.example.yml` is there already",
    );
    sandbox.write_config(
        "domains/shop.example.yml",
        "aliases: [www.shop.example]\nlocations: {/: {upstream: {repo: shop, branch: trunk, runner: web}}}\n",
    );
    let taken = laptop.ssh(&["new", "other", "www.shop.example"]).must_fail();
    assert_says(&taken, "the configuration would have a mistake; nothing was created");
    for bad in
        [["new", "../up", "a.example"], ["new", "other", "not a domain"], ["new", "other", "a/b.example"]]
    {
        laptop.ssh(&bad).must_fail();
    }
    assert!(!sandbox.home().join("config/repo/other.yml").exists());
}

#[test]
fn an_app_without_a_domain_gets_one_of_apps_domain() {
    let sandbox = host::start();
    let laptop = sandbox.client("laptop");
    let settings = sandbox.read_config("pypaas.yml");
    sandbox.write_config("pypaas.yml", &format!("{settings}\napps_domain: '{{repo}}.apps.example'\n"));
    let code = laptop.worktree_named_from_app("shop", "dies-on-sigterm");
    code.write("Procfile", "web: node server.js\n");
    code.commit("Say how it is run");

    let created = laptop.ssh(&["new", "shop"]).must_succeed();

    assert!(created.stdout.ends_with("\nIt will answer at http://shop.apps.example/\n"), "{created}");
    code.push("shop", &["main"]).must_succeed();
    assert_eq!(sandbox.get("shop.apps.example", "/").text(), "dies-on-sigterm version 1\n");
    // No domain has capitals; a domain that is named is taken instead.
    let refused = laptop.ssh(&["new", "Old", "--dry-run"]).must_fail();
    assert_says(&refused, "`apps_domain` gives `Old` no domain");
    laptop.ssh(&["new", "Old", "old.example"]).must_succeed();
    assert!(!sandbox.home().join("config/domains/Old.apps.example.yml").exists());
    for bad in ["apps.example", "{repo}.{repo}.example", "*.{repo}.example", "{repo} apps"] {
        sandbox.write_config("pypaas.yml", &format!("{settings}\napps_domain: '{bad}'\n"));
        assert_says(&sandbox.pypaas(&["check"]).must_fail(), "a domain with `{repo}` in it");
    }
}

#[test]
fn only_an_admin_creates_apps() {
    let sandbox = host::start();
    sandbox.write_config("pypaas.yml", &(sandbox.read_config("pypaas.yml") + "\nadmins: [laptop]\n"));
    let (laptop, stranger) = (sandbox.client("laptop"), sandbox.client("ci"));

    let refused = stranger.ssh(&["new", "shop"]).must_fail();

    assert_eq!(refused.code, 5, "{refused}");
    let code = stranger.worktree_named_from_app("shop", "dies-on-sigterm");
    let pushed = code.push("shop", &["main"]).must_fail();
    assert!(!pushed.stderr.contains("new shop"), "{pushed}");
    laptop.ssh(&["new", "shop"]).must_succeed();
}
