//! `restart` and `rebuild`: what is live, made live again.

use crate::shop::{NODE, Shop, assert_says};

#[test]
fn a_restart_starts_the_live_checkout_anew_with_the_values_configured_now() {
    let shop = Shop::new("dies-on-sigterm", &format!("{NODE}, hooks: {{build: echo building}}"));
    shop.code.write(
        "server.js",
        "require('http').createServer((_, it) => it.end(process.env.GREETING ?? 'none')).listen(process.env.PORT)",
    );
    shop.code.commit("Greets");
    shop.push().must_succeed();
    let admin = shop.sandbox.client("admin");
    let (pids, checkouts, files) = (shop.pids(), shop.checkouts(), nginx_files(&shop));
    shop.configure(&format!("{NODE}, env: {{GREETING: good day}}, hooks: {{build: echo building}}"));

    let planned = admin.ssh(&["restart", "--dry-run", "shop", "main"]).must_succeed();
    assert_eq!(planned.stderr, "");
    let commit = &shop.code.head()[..11];
    let ports = (shop.ports("web")[0], shop.ports("web")[0] + 1);
    assert_eq!(
        planned.stdout,
        format!(
            "Begin
  record of shop main: trying release 2 ({commit}) in slot b
Define services
  define shop+main+web+0+b
Start the new version beside the old
  start shop+main+web+0+b
  wait until shop+main+web+0+b accepts on port {1}, for at most 30s
Switch nginx to the new version
  note what nginx's files say now
  write nginx's router.d/shop+main+web.conf
  note where nginx's files send requests
  test the router's configuration
  reload the router, until only new workers take connections
Go live
  record of shop main: release 2 ({commit}) in slot b is live, release 1 ({commit}) in slot a retires
  nginx serves what its files say
Finish requests of the old version
  drain port {0}, for at most 30s
Stop the old version
  stop shop+main+web+0+a, killing what is left after 10s
Tidy up
  record of shop main: release 2 ({commit}) in slot b is live
",
            ports.0, ports.1
        )
    );
    assert_eq!((shop.pids(), shop.checkouts(), nginx_files(&shop)), (pids.clone(), checkouts.clone(), files));
    assert_eq!(shop.page(), "none");

    let restarted = admin.ssh(&["restart", "shop", "main"]).must_succeed();
    assert_says(&restarted, "-----> Release 2 is live after ");
    assert!(!restarted.stderr.contains("building"), "{restarted}");
    assert_eq!(shop.page(), "good day");
    assert!(shop.pids().is_disjoint(&pids));
    assert_eq!(shop.checkouts(), checkouts);
    shop.assert_settled();
    let listed = admin.ssh(&["list"]).must_succeed();
    assert!(listed.stdout.contains(" by admin\n"), "{listed}");
}

#[test]
fn a_rebuild_checks_out_and_builds_the_live_commit_again() {
    let shop = Shop::live("dies-on-sigterm", &format!("{NODE}, hooks: {{build: echo building}}"));
    let admin = shop.sandbox.client("admin");
    let (pids, checkouts) = (shop.pids(), shop.checkouts());
    // What is committed and not pushed is nobody's business.
    let live = shop.code.head();
    shop.code.commit_version("2");

    let planned = admin.ssh(&["rebuild", "--dry-run", "shop", "main"]).must_succeed();
    assert_says(&planned, "Build: the `build` hook\n  run `echo building`\n");
    assert_says(&planned, &format!("Tidy up\n  remove the checkout {}\n", checkouts[0].file_name().unwrap()));
    assert_eq!((shop.pids(), shop.checkouts()), (pids.clone(), checkouts.clone()));

    let rebuilt = admin.ssh(&["rebuild", "shop", "main"]).must_succeed();
    assert_says(&rebuilt, &format!("-----> Check out {} \"The sample app\"\n", &live[..11]));
    assert_says(&rebuilt, "       $ echo building\n       building\n");
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
    assert!(shop.pids().is_disjoint(&pids));
    assert_eq!(shop.checkouts().len(), 1);
    assert_ne!(shop.checkouts(), checkouts);

    shop.configure(&format!("{NODE}, hooks: {{build: exit 1}}"));
    let (pids, checkouts) = (shop.pids(), shop.checkouts());
    let failed = admin.ssh(&["rebuild", "shop", "main"]);
    assert_eq!(failed.code, 2, "{failed}");
    assert_says(&failed, "hint: the version that was live before is still live\n");
    assert_eq!((shop.pids(), shop.checkouts()), (pids, checkouts));
}

#[test]
fn without_a_branch_all_that_are_deployed_are_rebuilt_and_one_that_fails_stops_no_other() {
    let shop = Shop::new(
        "static-site",
        "runners: {web: {type: NginxStatic}}, hooks: {build: 'test ! -e $PYPAAS_DATA_DIR/broken'}",
    );
    let branches = "branches: {first: {runners: {web: {type: NginxStatic}}}, never: {runners: {web: {type: NginxStatic}}}}";
    shop.sandbox.write_config("repo/zoo.yml", branches);
    shop.push().must_succeed();
    shop.code.push("zoo", &["main:first"]).must_succeed();
    shop.code.write(".keep", "");
    std::fs::write(shop.sandbox.home().join("data/shop/main/broken"), "").unwrap();
    let admin = shop.sandbox.client("admin");

    let rebuilt = admin.ssh(&["rebuild"]);

    assert_eq!(rebuilt.code, 2, "{rebuilt}");
    assert_says(&rebuilt, "  because `test ! -e $PYPAAS_DATA_DIR/broken` exited with status 1\n");
    assert_says(&rebuilt, "-----> Release 2 is live after ");
    assert!(!rebuilt.stderr.contains("never"), "{rebuilt}");

    for command in ["rebuild", "restart"] {
        let never = admin.ssh(&[command, "zoo", "never"]);
        assert_eq!((never.code, never.stdout.as_str()), (2, ""), "{never}");
        assert!(never.stderr.contains("error: nothing is deployed on `zoo never`\nhint: push it"), "{never}");
        let unknown = admin.ssh(&[command, "zoo", "second"]);
        assert_eq!(unknown.code, 2, "{unknown}");
        assert_eq!(
            unknown.stderr,
            "error: branch `second` of `zoo` is not configured\nhint: configured branches: first, never; add others in \
             repo/zoo.yml\n"
        );
        let half = admin.ssh(&[command, "zoo"]);
        assert_eq!(half.code, 1, "{half}");
    }
}

fn nginx_files(shop: &Shop) -> Vec<(String, std::time::SystemTime)> {
    let entries = shop.sandbox.home().join("nginx/router.d").read_dir_utf8().unwrap().map(Result::unwrap);
    let mut files: Vec<_> = entries
        .map(|entry| (entry.file_name().to_owned(), entry.metadata().unwrap().modified().unwrap()))
        .collect();
    files.sort();
    files
}
