//! `remove`: what goes with an app, and what stays.

use pypaas_sandbox::Sandbox;

use crate::host;
use crate::shop::{NODE, Shop, assert_says};
use crate::site::Site;

#[test]
fn an_app_is_removed_and_its_data_only_when_that_is_said() {
    let shop = Shop::live("node-plain", NODE);
    let (sandbox, admin) = (&shop.sandbox, shop.sandbox.client("admin"));
    let site = Site::configure(sandbox, &admin, "site");
    site.push("stays").must_succeed();
    admin.ssh_with_input(&["secret", "set", "shop", "TOKEN"], "x").must_succeed();
    admin.ssh_line("run shop -- sh -c 'echo 1 >$PYPAAS_DATA_DIR/file'").must_succeed();
    let pids = pids(sandbox);
    let at_home = |path: &str| sandbox.home().join(path).exists();

    let planned = admin.ssh_line("remove shop --dry-run").must_succeed();
    assert_says(&planned, "/config/repo/shop.yml\n");
    assert_says(&planned, "would remove ");
    assert_says(&planned, "Stop shop main, which is not configured");
    assert_says(&planned, "\nkept:\n");
    assert_eq!(self::pids(sandbox), pids, "a dry run changes nothing");
    assert!(at_home("config/repo/shop.yml") && at_home("config/domains/shop.example.yml"));

    let removed = admin.ssh_line("remove shop").must_succeed();

    for file in ["config/repo/shop.yml", "config/domains/shop.example.yml"] {
        assert_says(&removed, &format!("removed {}\n", sandbox.home().join(file)));
        assert!(!at_home(file), "{file}");
    }
    assert_says(&removed, &format!("  {}\n", sandbox.home().join("repos/shop")));
    assert_says(&removed, "To remove these, too: `pypaas remove shop --with-data`\n");
    assert_eq!(sandbox.get("site.example", "/").text(), "stays");
    assert!(sandbox.app_processes().is_empty(), "{:?}", sandbox.app_processes());
    assert!(!at_home("nginx/edge.d/shop.example.conf") && !at_home("nginx/router.d/shop+main+web.conf"));
    assert!(shop.checkouts().is_empty());
    assert!(at_home("repos/shop") && at_home("data/shop/main/file"));
    assert!(at_home("state/shop/main.d/secrets.json"));
    assert_says(&shop.push().must_fail(), "repo `shop` is not configured");
    sandbox.pypaas(&["check"]).must_succeed();

    // What was kept is found again.
    admin.ssh_line("new shop shop.example").must_succeed();
    assert_eq!(admin.ssh_line("secret list shop").must_succeed().stdout, "TOKEN\n");
    let gone = admin.ssh_line("remove shop --with-data").must_succeed();
    assert_says(&gone, &format!("removed {}\n", sandbox.home().join("repos/shop")));
    for path in ["repos/shop", "data/shop", "state/shop", "cache/shop", "checkouts/shop"] {
        assert!(!at_home(path), "{path}");
    }
    assert_says(&admin.ssh_line("remove shop").must_fail(), "repo `shop` is not configured");
    assert_eq!(sandbox.get("site.example", "/").text(), "stays");
}

/// Lists what runs in checkouts.
fn pids(sandbox: &Sandbox) -> Vec<u32> {
    let mut pids: Vec<u32> = sandbox.app_processes().iter().map(|it| it.pid).collect();
    pids.sort_unstable();
    pids
}

#[test]
fn what_was_kept_can_be_removed_later() {
    let sandbox = host::start();
    let admin = sandbox.client("admin");
    let site = Site::configure(&sandbox, &admin, "site");
    site.push("version 1").must_succeed();
    admin.ssh_line("remove site").must_succeed();
    assert!(sandbox.home().join("repos/site").exists());

    let planned = admin.ssh_line("remove site --with-data --dry-run").must_succeed();
    assert_says(&planned, "would also remove for ever:\n");
    assert!(sandbox.home().join("repos/site").exists());
    admin.ssh_line("remove site --with-data").must_succeed();

    assert!(!sandbox.home().join("repos/site").exists());
    assert!(!sandbox.home().join("state/site").exists());
}

#[test]
fn a_domain_that_also_leads_elsewhere_is_not_rewritten() {
    let sandbox = host::start();
    let admin = sandbox.client("admin");
    let site = Site::configure(&sandbox, &admin, "site");
    let _other = Site::configure(&sandbox, &admin, "other");
    site.push("version 1").must_succeed();
    let shared = "locations:\n  /:\n    upstream: {repo: other, branch: main, runner: page}\n  /site:\n    \
                  upstream: {repo: site, branch: main, runner: page}\n";
    sandbox.write_config("domains/both.example.yml", shared);
    let before = sandbox.read_config("repo/site.yml");

    let refused = admin.ssh_line("remove site").must_fail();

    let file = sandbox.home().join("config/domains/both.example.yml");
    let edit = format!(
        "in {file}, remove the location `/site`:\n    4 |   /site:\n    5 |     upstream: {{repo: site, branch: main, runner: page}}\n"
    );
    assert_says(&refused, &edit);
    assert_says(&refused, "hint: edit what is listed, then try again\n");
    assert_eq!(sandbox.read_config("domains/both.example.yml"), shared);
    assert_eq!(sandbox.read_config("repo/site.yml"), before);
    assert_eq!(sandbox.get("site.example", "/").text(), "version 1");

    sandbox.write_config("domains/both.example.yml", shared.split("  /site:").next().unwrap());
    admin.ssh_line("remove site").must_succeed();
    assert!(sandbox.home().join("config/domains/other.example.yml").exists());
}

#[test]
fn only_an_admin_removes_an_app_and_a_broken_one_can_be_removed() {
    let sandbox = host::start();
    sandbox.write_config("pypaas.yml", &(sandbox.read_config("pypaas.yml") + "\nadmins: [admin]\n"));
    let (admin, ci) = (sandbox.client("admin"), sandbox.client("ci"));
    let site = Site::configure(&sandbox, &admin, "site");
    site.push("version 1").must_succeed();

    assert_eq!(ci.ssh_line("remove site --dry-run").code, 5);
    sandbox.write_config("domains/site.example.yml", "locations: {/: {upstreams: {repo: site}}}");
    assert_says(&admin.ssh_line("remove site").must_fail(), "domains/site.example.yml is broken");
    sandbox.domain("site.example", "site", "main", "page");
    sandbox.write_config("repo/site.yml", "branches: {main: {runers: {}}}");
    admin.ssh_line("remove site").must_succeed();

    assert!(!sandbox.home().join("config/domains/site.example.yml").exists());
    assert!(!sandbox.home().join("nginx/edge.d/site.example.conf").exists());
    sandbox.pypaas(&["check"]).must_succeed();
}
