//! `cleanup`: what nobody owns goes, and nothing else.

use std::fs;

use crate::shop::{Shop, assert_says};

#[test]
fn a_cleanup_removes_what_is_not_configured_any_more_and_leaves_the_rest_alone() {
    let web = "web: {type: NginxBackend, cmd: node server.js}";
    let shop = Shop::live(
        "dies-on-sigterm",
        &format!("runners: {{{web}, job: {{type: SimpleProcess, cmd: sleep 3600}}}}"),
    );
    let (sandbox, home) = (&shop.sandbox, shop.sandbox.home());
    sandbox.write_config("repo/old.yml", &format!("branches: {{main: {{runners: {{{web}}}}}}}\n"));
    sandbox.domain("old.example", "old", "main", "web");
    shop.code.push("old", &["main"]).must_succeed();
    assert_eq!(sandbox.get("old.example", "/").status, 200);
    fs::write(home.join("data/old/main/kept"), "").unwrap();
    let admin = sandbox.client("admin");
    let nothing = "nothing to do\n";

    // The admin's own directories and files are nobody's to remove.
    let own = ["services-real/mine", "checkouts/shop/main/notes", "nginx/router.d/mine.txt"];
    own.iter().for_each(|path| fs::create_dir_all(home.join(path)).unwrap());
    fs::write(home.join("repos/shop/hooks/update"), "#!/bin/sh\nexit 0\n").unwrap();
    sandbox.remove_config("repo/old.yml");
    sandbox.remove_config("domains/old.example.yml");
    let pids = shop.pids();

    let planned = admin.ssh(&["cleanup", "--dry-run"]).must_succeed().stdout;
    assert_eq!(shop.pids(), pids);
    assert!(home.join("nginx/router.d/old.example.conf").exists());
    for line in [
        "  prepare the repository shop\n",
        "  remove nginx's router.d/old+main+web.conf\n",
        "  remove nginx's router.d/old.example.conf\n",
        "  stop old+main+web+0+a, killing what is left after 10s\n",
        "  remove old+main+web+0+b\n",
        "  forget the record of old main\n",
    ] {
        assert!(planned.contains(line), "`{line}` is not in\n{planned}");
    }
    assert!(!planned.contains("shop+main"), "{planned}");
    admin.ssh(&["cleanup"]).must_succeed();

    let old = |path: &&str| fs::symlink_metadata(home.join(path)).is_ok();
    let gone = [
        "nginx/router.d/old.example.conf",
        "nginx/router.d/old+main+web.conf",
        "services/old+main+web+0+a",
        "services-real/old+main+web+0+b",
        "state/old/main.json",
    ];
    assert!(!gone.iter().any(old), "{:?}", gone.iter().filter(|it| old(it)).collect::<Vec<_>>());
    assert_eq!(fs::read_dir(home.join("checkouts/old/main")).map_or(0, Iterator::count), 0);
    assert!(home.join("data/old/main/kept").exists() && home.join("repos/old/HEAD").exists());
    assert!(own.iter().all(|path| home.join(path).exists()));
    let left: Vec<u32> = shop.pids().into_iter().collect();
    assert!(left.len() < pids.len() && left.iter().all(|pid| pids.contains(pid)), "{left:?} of {pids:?}");
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");

    // The hook deploys again.
    let pushed = shop.push_version("2").must_succeed();
    assert_says(&pushed, "-----> Release 2 is live after ");
    let again = admin.ssh(&["cleanup", "--dry-run"]).must_succeed().stdout;
    assert!(again == nothing || again == "Mend hooks\n  prepare the repository shop\n", "{again}");
}
