//! Apps that say themselves how they are run, in a `Procfile`.

use std::fs;

use crate::shop::{Shop, assert_says};

/// Answers with the release command's file, the worker's file, and what it was started as.
const SERVER: &str = "const fs = require('fs'), data = process.env.PYPAAS_DATA_DIR;
const read = name => { try { return fs.readFileSync(data + '/' + name, 'utf8').trim() } catch { return 'none' } };
require('http').createServer((_, it) => it.end([process.argv[2], read('released'), read('worked')].join(' ') + '\\n'))
  .listen(process.env.PORT, '127.0.0.1');
";
const WORKER: &str = "require('fs').appendFileSync(process.env.PYPAAS_DATA_DIR + '/worked', process.argv[2]);
setInterval(() => 0, 1000);
";

/// Makes a host whose branch says nothing of runners, and an app with this `Procfile`.
fn shop(main: &str, procfile: &str) -> Shop {
    let shop = Shop::new("dies-on-sigterm", main);
    shop.code.write("server.js", SERVER);
    shop.code.write("worker.js", WORKER);
    shop.code.write("Procfile", procfile);
    shop.code.commit("Say how it is run");
    shop
}

#[test]
fn a_procfile_and_an_empty_branch_are_enough() {
    let procfile = "web: node server.js one\nworker: node worker.js w\n# before it starts\n\
                    release: echo $GIT_COMMIT >\"$PYPAAS_DATA_DIR/released\"; echo released\n";
    let shop = shop("", procfile);
    let commit = shop.code.head();

    let pushed = shop.push().must_succeed();

    assert_says(
        &pushed,
        "-----> Run what the `Procfile` says\n       web: node server.js one\n       worker: node worker.js w\n",
    );
    assert_says(&pushed, "-----> Release\n       $ echo $GIT_COMMIT");
    let worked = fs::read_to_string(shop.sandbox.home().join("data/shop/main/worked")).unwrap_or_default();
    assert!(["", "w"].contains(&worked.as_str()), "{worked}");
    assert!(shop.page().starts_with(&format!("one {commit} ")), "{}", shop.page());
    assert_eq!(shop.sandbox.app_processes().len(), 2, "{:#?}", shop.sandbox.app_processes());
    shop.assert_settled();
}

#[test]
fn an_earlier_release_is_run_as_its_own_procfile_says() {
    let shop = shop("runners: procfile", "web: node server.js one\nworker: node worker.js w\n");
    shop.push().must_succeed();
    shop.push_file("Procfile", "web: node server.js two\n").must_succeed();
    assert!(shop.page().starts_with("two "), "{}", shop.page());
    assert_eq!(shop.sandbox.app_processes().len(), 1, "{:#?}", shop.sandbox.app_processes());

    shop.sandbox.pypaas(&["rollback", "shop", "main"]).must_succeed();

    assert!(shop.page().starts_with("one "), "{}", shop.page());
    assert_eq!(shop.sandbox.app_processes().len(), 2, "{:#?}", shop.sandbox.app_processes());
    shop.sandbox.pypaas(&["restart", "shop", "main"]).must_succeed();
    assert!(shop.page().starts_with("one "), "{}", shop.page());
    shop.sandbox.pypaas(&["apply"]).must_succeed();
    assert!(shop.page().starts_with("one "), "{}", shop.page());
    assert_eq!(shop.sandbox.app_processes().len(), 2, "{:#?}", shop.sandbox.app_processes());
}

#[test]
fn the_formation_is_the_servers_and_changes_without_a_push() {
    let procfile = "web: node server.js one\nworker: node worker.js w\n";
    let shop = shop("formation: {web: 2, worker: 0}", procfile);

    let pushed = shop.push().must_succeed();
    assert_says(
        &pushed,
        "       web (2 processes): node server.js one\n       worker (0 processes): node worker.js w\n",
    );
    assert_eq!((shop.ports("web").len(), shop.pids().len()), (2, 2));

    shop.configure("formation: {worker: 2}");
    shop.sandbox.pypaas(&["apply"]).must_succeed();
    assert_eq!((shop.ports("web").len(), shop.pids().len()), (1, 3));
    assert!(shop.page().starts_with("one "), "{}", shop.page());
}

#[test]
fn what_does_not_say_how_it_is_run_is_refused_and_the_old_version_serves() {
    let shop = shop("", "web: node server.js one\n");
    shop.push().must_succeed();

    let wrong = shop.push_file("Procfile", "web node server.js\n").must_fail();
    assert_says(
        &wrong,
        "  because cannot tell how `shop main` is run\n  because Procfile:1: has no `:`; write `web: ` and a command\n",
    );
    shop.code.remove("Procfile");
    let missing = shop.push_version("2").must_fail();
    assert_says(
        &missing,
        "  because nothing says how this app is run: it has no `Procfile`\nhint: add a file `Procfile` with",
    );
    let released = shop.push_file("Procfile", "web: node server.js two\nrelease: exit 3\n").must_fail();
    assert_says(&released, "  because `exit 3` exited with status 3\n");

    assert!(shop.page().starts_with("one "), "{}", shop.page());
    assert_eq!(shop.checkouts().len(), 1, "{:?}", shop.checkouts());
    assert_eq!(shop.pids().len(), 1);
}

#[test]
fn a_branch_moves_to_its_procfile_and_back_without_a_break() {
    let written = "runners: {web: {type: NginxBackend, cmd: node server.js written}}";
    let shop = shop(written, "web: node server.js own\n");
    shop.push().must_succeed();
    assert!(shop.page().starts_with("written "), "{}", shop.page());

    shop.configure("");
    shop.sandbox.pypaas(&["apply"]).must_succeed();
    assert!(shop.page().starts_with("written "), "{}", shop.page());
    let refused = shop.sandbox.pypaas(&["restart", "shop", "main"]).must_fail();
    assert_says(&refused, "release 1 of `shop main` does not say how it is run");
    assert!(shop.page().starts_with("written "), "{}", shop.page());
    shop.sandbox.pypaas(&["rebuild", "shop", "main"]).must_succeed();
    assert!(shop.page().starts_with("own "), "{}", shop.page());

    shop.configure(written);
    shop.sandbox.pypaas(&["apply"]).must_succeed();
    assert!(shop.page().starts_with("written "), "{}", shop.page());
}
