//! Data in a checkout: what an app writes there is not lost without a word, and `persist` keeps it.

use std::fs;

use camino::Utf8PathBuf;
use pypaas_sandbox::Outcome;

use crate::shop::{NODE, Shop, assert_says};

/// Runs a shell command in the live checkout, as an app would.
fn in_checkout(shop: &Shop, line: &str) -> Outcome {
    shop.sandbox.pypaas(&["run", "shop", "main", "--", "sh", "-c", line]).must_succeed()
}

/// The files that were set aside, from all checkouts.
fn set_aside(shop: &Shop, path: &str) -> Vec<Utf8PathBuf> {
    let directory = shop.sandbox.home().join("set-aside/shop/main");
    let Ok(entries) = directory.read_dir_utf8() else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path().join(path)).filter(|path| path.exists()).collect()
}

#[test]
fn what_an_app_wrote_into_its_checkout_is_named_and_set_aside() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    shop.sandbox.pypaas(&["check"]).must_succeed();
    in_checkout(
        &shop,
        "mkdir -p uploads/2026 tmp __pycache__ node_modules/x; echo shoes > uploads/2026/shoes.jpg; echo hat > uploads/hat.jpg; \
         for file in app.log tmp/x __pycache__/x.pyc node_modules/x/y; do echo nothing > $file; done; \
         touch -d 2020-01-01 shop.db; echo pages > shop.db-wal; ln -s /etc/passwd link",
    );

    let found = shop.sandbox.pypaas(&["check"]);
    assert_eq!(found.code, 4, "{found}");
    assert_says(
        &found,
        "warning: shop main writes into its checkout, which the next deploy replaces: shop.db, shop.db-wal, uploads/ (2 files)\n",
    );
    assert_says(&found, "hint: `persist: [shop.db, shop.db-wal, uploads]` in repo/shop.yml keeps such files");
    let pushed = shop.push_version("2").must_succeed();
    assert_says(
        &pushed,
        "warning: the old version wrote into its checkout: shop.db, shop.db-wal, uploads/ (2 files). The new version does not \
         have that. It is kept in `",
    );
    assert_says(
        &pushed,
        "for 30 days; `persist: [shop.db, shop.db-wal, uploads]` in the branch's configuration",
    );
    let shoes = set_aside(&shop, "uploads/2026/shoes.jpg");
    assert_eq!(fs::read_to_string(&shoes[0]).unwrap(), "shoes\n");
    assert_eq!(set_aside(&shop, "shop.db").len(), 1);
    assert_eq!(set_aside(&shop, "app.log").len() + set_aside(&shop, "link").len(), 0);

    let quiet = shop.push_version("3").must_succeed();
    assert!(!quiet.stderr.contains("wrote into its checkout"), "{quiet}");
    assert_eq!(shop.page(), "dies-on-sigterm version 3\n");
}

#[test]
fn a_removed_branch_leaves_what_it_wrote() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    in_checkout(&shop, "echo orders > orders.csv");
    shop.sandbox.remove_config("repo/shop.yml");
    shop.sandbox.remove_config("domains/shop.example.yml");

    let cleaned = shop.sandbox.pypaas(&["cleanup"]).must_succeed();

    assert_says(&cleaned, "the old version wrote into its checkout: orders.csv.");
    assert_eq!(set_aside(&shop, "orders.csv").len(), 1);
}

#[test]
fn what_is_persisted_outlives_its_checkout() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let data = shop.sandbox.home().join("data/shop/main");
    in_checkout(&shop, "echo orders > db.sqlite3; mkdir uploads; echo hat > uploads/hat.jpg");
    shop.configure(&format!("{NODE}, persist: [db.sqlite3, uploads, public/media, seed.json]"));
    shop.code.write("seed.json", "{}");
    shop.code.write("public/media/first.png", "first");

    let pushed = shop.push_version("2").must_succeed();

    assert_says(&pushed, "`db.sqlite3` is copied from the live checkout to ");
    let seen = in_checkout(
        &shop,
        "cat db.sqlite3 uploads/hat.jpg public/media/first.png seed.json; readlink uploads",
    );
    assert_eq!(seen.stdout, format!("orders\nhat\nfirst{{}}{}\n", data.join("uploads")));
    in_checkout(&shop, "echo more >> db.sqlite3; echo coat > uploads/coat.jpg; echo 1 > seed.json");
    shop.sandbox.pypaas(&["check"]).must_succeed();
    let pushed = shop.push_version("3").must_succeed();
    assert!(!pushed.stderr.contains("copied") && !pushed.stderr.contains("wrote into"), "{pushed}");
    let seen = in_checkout(&shop, "cat db.sqlite3 uploads/* public/media/* seed.json");
    assert_eq!(seen.stdout, "orders\nmore\ncoat\nhat\nfirst1\n");
}

#[test]
fn no_link_that_an_app_made_leads_what_is_persisted_elsewhere() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let outside = shop.sandbox.root().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("kept"), "kept").unwrap();
    shop.configure(&format!("{NODE}, persist: [uploads, way/there]"));
    shop.code.link("uploads", outside.as_str());
    shop.code.link("way", outside.as_str());

    let refused = shop.push_version("2").must_fail();
    assert_says(&refused, "is not a directory, so nothing in it can be persisted");
    shop.code.remove("way");
    shop.push_version("3").must_succeed();
    assert_eq!(in_checkout(&shop, "ls uploads/").stdout, "");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
}

#[test]
fn nginx_serves_what_is_persisted_and_no_link_that_leads_out_of_it() {
    let shop = Shop::new(
        "static-site",
        "runners: {web: {type: NginxStatic, subdirectory: public}}, persist: [public/uploads, public/robots.txt]",
    );
    shop.code.write("public/robots.txt", "everything\n");
    shop.push_file("public/plain.txt", "plain\n").must_succeed();
    in_checkout(
        &shop,
        "echo hat > public/uploads/hat.txt; echo no > public/uploads/.hidden; ln -s /etc/passwd public/uploads/passwd; \
         ln -s /etc/passwd public/passwd",
    );
    let get = |path: &str| {
        let response = shop.sandbox.get("shop.example", path);
        (response.status, response.text())
    };
    assert_eq!(get("/uploads/hat.txt"), (200, "hat\n".to_owned()));
    assert_eq!(get("/robots.txt"), (200, "everything\n".to_owned()));
    assert_eq!(get("/plain.txt"), (200, "plain\n".to_owned()));
    for path in ["/uploads/passwd", "/passwd", "/uploads/.hidden", "/uploads../db"] {
        assert!(matches!(get(path).0, 403 | 404), "{path}");
    }
    shop.push_file("public/plain.txt", "plainer\n").must_succeed();
    assert_eq!(get("/uploads/hat.txt"), (200, "hat\n".to_owned()));
}
