//! Maintenance: what is served while a branch is worked on, and who ends it.

use crate::gate::Gate;
use crate::host;
use crate::shop::{NODE, Shop};
use crate::site::Site;

const WORKER: &str = "worker: {type: SimpleProcess, cmd: exec sleep 3600}";

#[test]
fn a_maintenance_hook_finds_no_old_process_and_the_stand_in_answers_meanwhile() {
    // Its children and theirs do not hear SIGTERM, so it takes a while until all of it is gone.
    let runners = format!("web: {{type: NginxBackend, cmd: python3 app.py, stop_timeout: 1s}}, {WORKER}");
    let shop = Shop::live("leaves-children", &format!("runners: {{{runners}}}"));
    let sandbox = &shop.sandbox;
    let sorry = Site::configure(sandbox, &sandbox.client("designer"), "sorry");
    sorry.push("back soon").must_succeed();
    sandbox.write_config(
        "domains/shop.example.yml",
        "locations:
  /:
    upstream: {repo: shop, branch: main, runner: web}
    maintenance_upstream: {repo: sorry, branch: main, runner: page}
  /api:
    upstream: {repo: shop, branch: main, runner: web}
",
    );
    let old = shop.pids();
    assert_eq!(old.len(), 6, "{:?}", sandbox.app_processes());
    let look =
        |pid| format!("if readlink /proc/{pid}/cwd; then echo {pid} is here; else echo {pid} left; fi");
    let look: Vec<String> = old.iter().map(look).collect();
    let gate = Gate::new(sandbox);
    let hook = format!("maintenance: ['{}', {}]", look.join("; "), gate.command());
    shop.configure(&format!("runners: {{{runners}}}, hooks: {{{hook}}}"));

    shop.code.commit_version("2");
    let push = shop.code.start_push(&[], "shop", &["main"]);
    gate.wait_for(&push);

    assert_eq!(sandbox.get("shop.example", "/").text(), "back soon");
    let page = sandbox.get("shop.example", "/api/orders");
    assert_eq!((page.status, page.header("Retry-After")), (503, Some("30")));
    assert_eq!(
        (page.header("Content-Type"), page.header("Cache-Control")),
        (Some("text/html"), Some("no-store"))
    );
    assert!(page.text().contains("<h1>In maintenance</h1>"), "{}", page.text());
    let listed = sandbox.pypaas(&["list"]).must_succeed();
    assert!(listed.stdout.contains(" by laptop, in maintenance, being deployed\n"), "{listed}");

    gate.open();
    let told = push.wait().must_succeed().remote();
    for pid in &old {
        assert!(told.contains(&format!("{pid} left\n")), "{told}");
    }
    assert_eq!(shop.page(), "leaves-children version 2\n");
    assert_eq!(sandbox.get("shop.example", "/api/orders").text(), "leaves-children version 2\n");
    assert_eq!(shop.pids().len(), 6);
    let listed = sandbox.pypaas(&["list"]).must_succeed();
    assert!(!listed.stdout.contains("maintenance"), "{listed}");
}

#[test]
fn what_fails_in_maintenance_brings_the_old_version_back_and_ends_maintenance() {
    let runners = format!("runners: {{web: {{type: NginxBackend, cmd: node server.js}}, {WORKER}}}");
    let shop = Shop::live("dies-on-sigterm", &runners);
    let first = shop.head();
    let is_as_before = |how: &str| {
        assert_eq!(shop.page(), "dies-on-sigterm version 1\n", "{how}");
        assert_eq!(shop.pids().len(), 2, "{how}: {:?}", shop.sandbox.app_processes());
        assert_eq!(shop.head(), first, "{how}");
        let checkouts = shop.sandbox.home().join("checkouts/shop/main").read_dir_utf8().unwrap();
        assert_eq!(checkouts.count(), 1, "{how}");
        let listed = shop.sandbox.pypaas(&["list"]).must_succeed();
        assert!(!listed.stdout.contains("maintenance"), "{how}: {listed}");
    };

    shop.configure(&format!(
        "{runners}, hooks: {{maintenance: [echo backup, echo migrating; exit 7, echo never]}}"
    ));
    let refused = shop.push_version("2").must_fail().remote();
    assert!(refused.contains("-----> Maintenance\n       $ echo backup\n       backup\n"), "{refused}");
    assert!(refused.contains("       migrating\n") && !refused.contains("never"), "{refused}");
    assert!(
        refused.contains(
            ": run `echo migrating; exit 7`\n  because `echo migrating; exit 7` exited with status 7\n"
        ),
        "{refused}"
    );
    assert!(refused.contains("hint: the version that was live before is still live\n"), "{refused}");
    is_as_before("a hook failed");

    shop.configure(&format!("{runners}, hooks: {{maintenance: echo migrated}}"));
    let refused = shop.push_file("server.js", "process.exit(3)").must_fail().remote();
    assert!(refused.contains("       migrated\n"), "{refused}");
    assert!(
        refused
            .contains("hint: the version that was live before is still live; fix the app, then push again\n"),
        "{refused}"
    );
    is_as_before("the new version does not start");
}

#[test]
fn maintenance_switched_on_by_hand_lasts_until_it_is_switched_off() {
    let sandbox = host::start();
    let admin = sandbox.client("admin");
    let site = Site::configure(&sandbox, &admin, "site");
    site.push("version 1").must_succeed();
    let status = || sandbox.get("site.example", "/").status;

    for _ in 0..2 {
        let on = admin.ssh(&["maintenance", "on", "site", "main"]).must_succeed();
        assert!(on.stderr.ends_with("site main is in maintenance\n"), "{on}");
        assert_eq!(status(), 503);
    }
    site.push("version 2").must_succeed();
    assert_eq!(status(), 503, "a deploy does not end it");
    admin.ssh(&["restart", "site", "main"]).must_succeed();
    assert_eq!(status(), 503, "a restart does not end it");
    let hooks = Site::REPO.replace("main: {", "main: {hooks: {maintenance: echo hook}, ");
    sandbox.write_config("repo/site.yml", &hooks);
    site.push("version 3").must_succeed();
    assert_eq!(status(), 503, "a deploy with maintenance of its own does not end it");
    let listed = admin.ssh(&["list"]).must_succeed();
    assert!(listed.stdout.contains("by admin, in maintenance\n"), "{listed}");

    for _ in 0..2 {
        let off = admin.ssh(&["maintenance", "off", "site", "main"]).must_succeed();
        assert!(off.stderr.ends_with("site main is no longer in maintenance\n"), "{off}");
        assert_eq!(sandbox.get("site.example", "/").text(), "version 3");
    }

    let unknown = admin.ssh(&["maintenance", "on", "site", "develop"]);
    assert_eq!(unknown.code, 2);
    assert_eq!(
        unknown.stderr,
        "error: branch `develop` of `site` is not configured\n\
         hint: configured branches: main; add others in repo/site.yml\n"
    );
}

#[test]
fn a_branch_can_be_in_maintenance_before_its_first_deploy() {
    let shop = Shop::new("dies-on-sigterm", NODE);
    shop.sandbox.pypaas(&["maintenance", "on", "shop", "main"]).must_succeed();
    assert_eq!(shop.sandbox.get("shop.example", "/").status, 503);
    shop.push().must_succeed();
    assert_eq!(shop.sandbox.get("shop.example", "/").status, 503);
    shop.sandbox.pypaas(&["maintenance", "off", "shop", "main"]).must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
}

#[test]
fn visitors_are_told_what_the_admin_says() {
    let sandbox = host::start();
    let admin = sandbox.client("admin");
    let site = Site::configure(&sandbox, &admin, "site");
    site.push("version 1").must_succeed();
    let page = || sandbox.get("site.example", "/");
    assert_eq!(admin.ssh_line("maintenance show site main").stdout, "site main is not in maintenance\n");

    let words = r#"it's "5" o'clock; $HOME <b>"#;
    admin
        .ssh_line(r#"maintenance on site main --message 'it'\''s "5" o'\''clock; $HOME <b>'"#)
        .must_succeed();

    assert_eq!(page().status, 503);
    let shown = "<p>it&#39;s &#34;5&#34; o&#39;clock; &#36;HOME &#60;b&#62;</p>";
    assert!(page().text().contains(shown), "{}", page().text());
    let said = admin.ssh_line("maintenance show site main").stdout;
    assert_eq!(said, format!("site main is in maintenance: {words}\n"));
    insta::assert_snapshot!(admin.ssh_line("maintenance show site main --json").stdout, @r#"
    {
      "maintenance": "admin",
      "message": "it's \"5\" o'clock; $HOME <b>"
    }
    "#);
    site.push("version 2").must_succeed();
    assert!(page().text().contains(shown), "a deploy leaves it");
    admin.ssh_line("maintenance on site main").must_succeed();
    assert!(page().text().contains("will be back soon"), "{}", page().text());
    admin.ssh_line("maintenance off site main").must_succeed();
    assert_eq!(page().text(), "version 2");

    let refused = admin.ssh_line("maintenance on site main --message 'two\nlines'").must_fail();
    assert!(
        refused.stderr.starts_with("error: a message is one line of at most 500 characters\n"),
        "{refused}"
    );
    assert_eq!(page().status, 200);
}
