//! What a push makes live, and what it may not be asked to.

use std::collections::BTreeSet;
use std::fs;

use crate::host;
use crate::shop::{NODE, Shop, assert_says};

#[test]
fn a_pushed_commit_is_served_when_the_push_returns() {
    let shop = Shop::new("dies-on-sigterm", NODE);

    let first = shop.push().must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
    assert_eq!(shop.head(), Some(shop.code.head()));
    assert_says(&first, "-----> Release 1 is live after ");

    let second = shop.push_version("2").must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 2\n");
    shop.assert_settled();
    let commit = &shop.code.head()[..11];
    assert_says(&second, &format!("deploying {commit} of shop main for laptop\n"));
    assert_says(&second, &format!("-----> Check out {commit} \"Version 2\"\n"));
    assert_says(&second, "-----> Release 2 is live after ");
    assert_says(&second, &format!("       http://shop.example:{}/\n", shop.sandbox.http_port()));
}

#[test]
fn all_that_a_push_says_is_kept_and_given_to_the_deploy_logger() {
    let sandbox = host::builder().settings("deploy_logger_cmd: cat >>\"$HOME/logged\"\n").start().unwrap();
    let shop =
        Shop::on(sandbox, "static-site", "runners: {web: {type: NginxStatic}}, hooks: {build: 'exit 3'}");

    let refused = shop.push().must_fail();

    let home = shop.sandbox.home();
    let logs: Vec<_> = home.join("state/shop/main.d/deploys").read_dir_utf8().unwrap().collect();
    assert_eq!(logs.len(), 1);
    let kept = fs::read_to_string(logs[0].as_ref().unwrap().path()).unwrap();
    assert_eq!(kept, fs::read_to_string(home.join("logged")).unwrap());
    assert_eq!(kept + "error: hook declined to update refs/heads/main\n", refused.remote());
}

#[test]
fn a_deploy_logger_that_does_not_read_or_ends_early_stops_no_deploy() {
    // More than a pipe holds.
    let talkative = "runners: {web: {type: NginxStatic, subdirectory: public}}, hooks: {build: 'seq 100000'}";
    for (logger, warns) in [("exec sleep 1000", true), ("exit 3", false), ("sleep 1000 & wait", true)] {
        let settings = format!("deploy_logger_cmd: {logger}\n");
        let shop = Shop::on(host::builder().settings(&settings).start().unwrap(), "static-site", talkative);

        let pushed = shop.push().must_succeed();

        assert_says(&pushed, "       100000\n");
        assert_eq!(pushed.remote().contains("`deploy_logger_cmd` did not read"), warns, "{logger}");
        shop.assert_settled();
    }
}

#[test]
fn a_branch_that_is_not_configured_is_refused_and_nothing_happens() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let (pids, checkouts) = (shop.pids(), shop.checkouts());

    let refused = shop.code.push("shop", &["main:other"]).must_fail();

    assert_says(&refused, "error: branch `other` of `shop` is not configured\n");
    assert_says(&refused, "hint: configured branches: main; add others in repo/shop.yml\n");
    assert_eq!(shop.code.remote_head("shop", "other"), None);
    assert_eq!((shop.pids(), shop.checkouts()), (pids, checkouts));
}

#[test]
fn a_shallow_clone_is_refused_before_it_is_deployed_unless_the_host_has_the_rest() {
    let shop = Shop::new("dies-on-sigterm", NODE);
    shop.code.commit_version("2");
    let url = format!("file://{}", shop.code.directory());
    shop.code.git(&["clone", "--quiet", "--depth", "1", &url, "../shallow"]).must_succeed();
    let push = ["-C", "../shallow", "push", "--force", "pypaas:shop", "main"];

    let refused = shop.code.git(&push).must_fail();
    assert_says(&refused, "shallow update not allowed");
    assert!(!refused.remote().contains("deploying"), "{refused}");
    assert!(shop.checkouts().is_empty());

    shop.push().must_succeed();
    shop.push_version("3").must_succeed();
    shop.code.git(&push).must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 2\n");
}

#[test]
fn a_branch_that_git_cannot_keep_is_refused_before_it_is_deployed() {
    let page = "{runners: {web: {type: NginxStatic, subdirectory: public}}}";
    let shop = Shop::new("static-site", "runners: {web: {type: NginxStatic}}");
    let branches =
        format!("branches: {{main: {page}, feature: {page}, feature/x: {page}, main/x/y: {page}}}\n");
    shop.sandbox.write_config("repo/shop.yml", &branches);
    shop.push().must_succeed();
    shop.code.push("shop", &["main:feature/x"]).must_succeed();

    for (new, old) in [("feature", "feature/x"), ("main/x/y", "main")] {
        let refused = shop.code.push("shop", &[&format!("main:refs/heads/{new}")]).must_fail();
        assert_says(
            &refused,
            &format!(
                "error: git cannot store branch `{new}` next to branch `{old}`, which was pushed before\n"
            ),
        );
        assert!(!shop.sandbox.pypaas(&["list"]).must_succeed().stdout.contains(&format!("shop {new}: \"")));
        assert!(shop.sandbox.home().join("checkouts/shop").join(new.replace('/', "%2f")).read_dir().is_err());
    }
}

#[test]
fn a_forced_push_deploys_an_older_commit_and_a_deletion_is_refused() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    shop.push_version("2").must_succeed();
    let pids = shop.pids();

    let deletion = shop.code.push("shop", &[":main"]).must_fail();

    assert_says(&deletion, "error: branch `main` is not deleted by a push\n");
    assert_says(
        &deletion,
        "hint: take it out of repo/shop.yml and run `pypaas cleanup`: that stops it and removes what it left\n",
    );
    assert_eq!((shop.head(), shop.pids()), (Some(shop.code.head()), pids));

    shop.code.git(&["reset", "--quiet", "--hard", "HEAD~1"]).must_succeed();
    let older = shop.push().must_fail();
    assert_says(&older, "non-fast-forward");
    shop.code.push_with(&["--force"], "shop", &["main"]).must_succeed();

    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
    shop.assert_settled();
}

#[test]
fn two_deploys_within_one_second_have_checkouts_of_their_own() {
    let sandbox = host::start();
    let site = sandbox.client("laptop").worktree_from_app("static-site");
    sandbox.write_config("repo/shop.yml", "branches: {main: {runners: {web: {type: NginxStatic}}}}");
    let shop = Shop { sandbox, code: site };
    shop.push().must_succeed();

    // Without nginx and processes a deploy takes some milliseconds: of so many, two begin in one second.
    let mut names = Vec::new();
    for _ in 0..12 {
        shop.sandbox.pypaas(&["rebuild", "shop", "main"]).must_succeed();
        names.extend(shop.checkouts().iter().map(|path| path.file_name().unwrap().to_owned()));
    }

    assert_eq!(names.len(), 12, "{names:?}");
    assert!(names.windows(2).any(|two| two[0][..15] == two[1][..15]), "{names:?}");
    assert!(names.windows(2).all(|two| two[0] != two[1]), "{names:?}");
}

#[test]
fn two_backends_of_one_branch_are_reached_each_at_its_location() {
    let web = |name: &str| format!("{name}: {{type: NginxBackend, cmd: NAME={name} node server.js}}");
    let shop = Shop::new("dies-on-sigterm", &format!("runners: {{{}, {}}}", web("web"), web("admin")));
    let location = |path: &str, runner: &str| {
        format!("  {path}: {{upstream: {{repo: shop, branch: main, runner: {runner}}}}}\n")
    };
    let locations = location("/", "web") + &location("/admin", "admin");
    shop.sandbox.write_config("domains/shop.example.yml", &format!("locations:\n{locations}"));

    shop.push_file(
        "server.js",
        "require('http').createServer((_, response) => response.end(process.env.NAME)).listen(process.env.PORT)",
    )
    .must_succeed();

    assert_eq!(shop.page(), "web");
    assert_eq!(shop.sandbox.get("shop.example", "/admin").text(), "admin");
    let ports: BTreeSet<u16> = ["web", "admin"].iter().flat_map(|runner| shop.ports(runner)).collect();
    assert_eq!(ports.len(), 2);
}

#[test]
fn an_app_whose_name_begins_like_another_ones_is_left_alone() {
    let sandbox = host::start();
    let client = sandbox.client("laptop");
    let deploy = |repo: &str| {
        sandbox.write_config(&format!("repo/{repo}.yml"), &format!("branches: {{main: {{{NODE}}}}}"));
        sandbox.domain(&format!("{repo}.example"), repo, "main", "web");
        let code = client.worktree_named_from_app(repo, "dies-on-sigterm");
        code.push(repo, &["main"]).must_succeed();
        code
    };
    let (foo, _) = (deploy("foo"), deploy("foobar"));
    let pids_of = |repo: &str| -> Vec<u32> {
        let directory = sandbox.home().join("checkouts").join(repo);
        let processes = sandbox.app_processes().into_iter();
        processes
            .filter(|process| process.directory.starts_with(&directory))
            .map(|process| process.pid)
            .collect()
    };
    let (foo_before, foobar_before) = (pids_of("foo"), pids_of("foobar"));

    foo.commit_version("2");
    foo.push("foo", &["main"]).must_succeed();

    assert_eq!(sandbox.get("foo.example", "/").text(), "dies-on-sigterm version 2\n");
    assert_eq!(sandbox.get("foobar.example", "/").text(), "dies-on-sigterm version 1\n");
    assert_ne!(pids_of("foo"), foo_before);
    assert_eq!(pids_of("foobar"), foobar_before);
}

#[test]
fn a_clone_has_the_deployed_branch_checked_out() {
    let shop = Shop::new("static-site", "runners: {web: {type: NginxStatic}}");
    shop.push().must_succeed();
    let reader = shop.sandbox.client("reader");

    let clone = reader.git(&["clone", "pypaas:shop", "copy"]).must_succeed();

    assert!(reader.directory().join("copy/public/index.html").is_file(), "{clone}");
}
