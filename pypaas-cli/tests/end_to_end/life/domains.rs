//! `domain`: names come and go while the app runs.

use std::fs;

use crate::eventually::eventually;
use crate::host;
use crate::shop::{NODE, Shop, assert_says};
use crate::site::Site;

#[test]
fn a_domain_is_added_and_removed_while_the_app_runs() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let (sandbox, admin) = (&shop.sandbox, shop.sandbox.client("admin"));
    let file = sandbox.home().join("config/domains/www.shop.example.yml");
    let text = "locations:\n  /:\n    upstream: {repo: shop, branch: main, runner: web}\n";

    let is_served = || {
        let url = format!("http://www.shop.example:{}/", sandbox.http_port());
        sandbox.curl(&["--silent", &url]).success()
    };

    let planned = admin.ssh_line("domain add shop www.shop.example --dry-run").must_succeed();
    assert_says(&planned, &format!("would create {file}:\n\n{text}"));
    assert_says(&planned, "www.shop.example.conf");
    assert!(!file.exists());
    assert!(!is_served(), "a dry run changes nothing");

    let added = admin.ssh_line("domain add shop www.shop.example").must_succeed();
    assert_says(&added, "shop main answers at http://www.shop.example/\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(sandbox.get("www.shop.example", "/").text(), "dies-on-sigterm version 1\n");
    let again = admin.ssh_line("domain add shop www.shop.example").must_fail();
    assert_says(&again, "`www.shop.example` routes to shop main already");

    let planned = admin.ssh_line("domain remove www.shop.example --dry-run").must_succeed();
    assert_says(&planned, &format!("would remove {file}\n"));
    assert!(file.exists());
    admin.ssh_line("domain remove www.shop.example").must_succeed();
    assert!(!file.exists());
    assert!(!is_served());
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
    let gone = admin.ssh_line("domain remove www.shop.example").must_fail();
    assert_says(&gone, "domain `www.shop.example` is not configured");
    sandbox.pypaas(&["check"]).must_succeed();
}

#[test]
fn a_file_that_somebody_wrote_is_not_rewritten() {
    let sandbox = host::start();
    let admin = sandbox.client("admin");
    let site = Site::configure(&sandbox, &admin, "site");
    let _other = Site::configure(&sandbox, &admin, "other");
    site.push("version 1").must_succeed();
    let text = "# ours\naliases:\n- www.site.example\n- old.example\nlocations:\n  /: {upstream: {repo: site, branch: main, runner: page}}\n";
    sandbox.write_config("domains/site.example.yml", text);

    let taken = admin.ssh_line("domain add other site.example").must_fail();
    assert_says(&taken, "`site.example` is configured already\n    5 | locations:\n    6 |   /: {upstream");
    assert_says(&taken, "`/some/path: {upstream: {repo: other, branch: main, runner: page}}`");
    let alias = admin.ssh_line("domain add other www.site.example").must_fail();
    assert_says(&alias, "the configuration would have a mistake; nothing was created");
    let removed = admin.ssh_line("domain remove old.example").must_fail();
    assert_says(
        &removed,
        "so nothing was removed\n    2 | aliases:\n    3 | - www.site.example\n    4 | - old.example\n",
    );
    assert_says(&removed, "take it out of `aliases`, then run `pypaas apply`");
    assert_says(&admin.ssh_line("domain remove site.examples").must_fail(), "did you mean `site.example`?");
    assert_eq!(sandbox.read_config("domains/site.example.yml"), text);

    // A broken file can be removed.
    sandbox.write_config("domains/other.example.yml", "locations: {");
    admin.ssh_line("domain remove other.example").must_succeed();
    assert!(!sandbox.home().join("config/domains/other.example.yml").exists());
}

#[test]
fn a_new_domain_has_https_where_an_authority_issues_certificates_for_it() {
    let mut sandbox = host::start();
    let admin = sandbox.client("admin");
    let public = admin.ssh_line("new shop shop.pypaas.org --dry-run").must_succeed();
    assert_says(&public, "shop.pypaas.org.yml:\n\nssl: auto\nlocations:\n");
    for plain in ["shop.pypaas.org --http-only", "shop.example", "shop.internal", "shop.home.arpa"] {
        let planned = admin.ssh_line(&format!("new shop {plain} --dry-run")).must_succeed();
        assert!(!planned.stdout.contains("ssl"), "{planned}");
    }

    let authority = sandbox.start_authority();
    let root = sandbox.root().join("root.pem");
    fs::write(&root, authority.root()).unwrap();
    let code = admin.worktree_named_from_app("shop", "dies-on-sigterm");
    code.write("Procfile", "web: node server.js\n");
    code.commit("Say how it is run");
    let created = admin.ssh_line("new shop shop.example").must_succeed();
    assert_says(
        &created,
        "It will answer at https://shop.example/, and at http://shop.example/ until it has",
    );
    code.push("shop", &["main"]).must_succeed();
    let page = |name: &str| {
        let url = format!("https://{name}:{}/", sandbox.https_port());
        let outcome = sandbox.curl(&["--cacert", root.as_str(), &url]);
        outcome.success().then_some(outcome.stdout)
    };
    assert_eq!(eventually(|| page("shop.example")), "dies-on-sigterm version 1\n");

    admin.ssh_line("domain add shop api.shop.example").must_succeed();
    assert_eq!(eventually(|| page("api.shop.example")), "dies-on-sigterm version 1\n");
}

#[test]
fn only_an_admin_adds_and_removes_domains() {
    let sandbox = host::start();
    sandbox.write_config("pypaas.yml", &(sandbox.read_config("pypaas.yml") + "\nadmins: [admin]\n"));
    let admin = sandbox.client("admin");
    let ci = sandbox.client("ci");
    let _site = Site::configure(&sandbox, &admin, "site");
    let added = admin.ssh_line("domain add site b.example").must_succeed();
    assert_says(&added, "site main will answer, once it is pushed, at http://b.example/\n");
    for line in ["domain add site a.example --dry-run", "domain remove site.example --dry-run"] {
        assert_eq!(ci.ssh_line(line).code, 5, "{line}");
        admin.ssh_line(line).must_succeed();
    }
}
