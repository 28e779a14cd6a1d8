//! What nginx serves by itself is looked through before it is served.

use crate::shop::{Shop, assert_says};

const PUBLIC: &str = "runners: {web: {type: NginxStatic, subdirectory: public}}";

#[test]
fn a_directory_that_the_build_did_not_create_is_refused_and_the_old_version_serves() {
    let shop = Shop::live("static-site", PUBLIC);
    let page = shop.page();
    shop.code.git(&["mv", "public", "dist"]).must_succeed();

    let refused = shop.push_version("2").must_fail();

    assert_says(
        &refused,
        "  because there is no directory `public` in the checkout after the build: write the directory",
    );
    assert_eq!(shop.page(), page);
    shop.code.git(&["mv", "dist", "public"]).must_succeed();
    shop.push_version("3").must_succeed();
}

#[test]
fn source_and_secrets_are_refused_unless_they_are_asked_for() {
    let shop = Shop::live("static-site", PUBLIC);
    shop.code.write("public/node_modules/left-pad/index.js", "");
    shop.code.write("public/server.key", "-----BEGIN RSA PRIVATE KEY-----\n");
    shop.code.write("public/public.pem", "-----BEGIN CERTIFICATE-----\n");

    let refused = shop.push_file("public/admin/index.PHP", "<?php // password").must_fail();

    assert_says(
        &refused,
        "  because nginx would publish `admin/index.PHP`, `node_modules/`, `server.key` in `public`: serve only the finished",
    );
    assert_eq!(shop.sandbox.get("shop.example", "/server.key").status, 404);
    shop.configure("runners: {web: {type: NginxStatic, subdirectory: public, publish_all: true}}");
    shop.push().must_succeed();
    assert_eq!(shop.sandbox.get("shop.example", "/server.key").status, 200);
}

#[test]
fn a_directory_without_an_index_is_said() {
    let shop = Shop::new("static-site", "runners: {web: {type: NginxStatic}}");
    let pushed = shop.push().must_succeed();
    assert_says(
        &pushed,
        "the root of the checkout has no `index.html`: nginx answers 403 or 404 to requests for `/`",
    );
}

#[test]
fn unchanged_files_keep_their_etag_and_modern_files_have_their_types() {
    let shop = Shop::new("static-site", PUBLIC);
    shop.code.write("public/lib/same.mjs", "export default 1\n");
    shop.code.write("public/changed.webmanifest", "{\"a\": 1}\n");
    shop.push_file("public/app.wasm", "\0asm").must_succeed();
    let header = |path: &str, name: &str| {
        let response = shop.sandbox.get("shop.example", path);
        response.header(name).unwrap_or_default().to_owned()
    };
    let etags = || ["/lib/same.mjs", "/changed.webmanifest"].map(|path| header(path, "etag"));
    for (path, expected) in [
        ("/lib/same.mjs", "application/javascript"),
        ("/changed.webmanifest", "application/manifest+json"),
        ("/app.wasm", "application/wasm"),
    ] {
        assert_eq!(header(path, "content-type"), expected);
    }
    let before = etags();
    // The date of the file that stays is not that of its new checkout.
    let served = shop.checkouts().remove(0).join("public/lib/same.mjs");
    let date = std::fs::metadata(&served).unwrap().modified().unwrap();

    shop.push_file("public/changed.webmanifest", "{\"a\": 22}\n").must_succeed();

    let served = shop.checkouts().remove(0).join("public/lib/same.mjs");
    assert_eq!(std::fs::metadata(&served).unwrap().modified().unwrap(), date);
    let after = etags();
    assert_eq!(before[0], after[0]);
    assert_ne!(before[1], after[1]);
}

#[test]
fn a_directory_that_only_the_next_version_has_leaves_the_live_one_as_it_is() {
    let shop = Shop::live("static-site", PUBLIC);
    let page = shop.page();
    shop.configure("runners: {web: {type: NginxStatic, subdirectory: dist}}");

    // By a push that is refused, and by `apply`.
    shop.push_version("2").must_fail();
    assert_eq!(shop.page(), page);
    let applied = shop.sandbox.pypaas(&["apply"]).must_fail();
    assert_says(&applied, "`dist`, which shop main web is to serve, is not in the live version");
    assert_eq!(shop.page(), page);

    shop.code.git(&["mv", "public", "dist"]).must_succeed();
    shop.push_version("3").must_succeed();
    assert_eq!(shop.page(), page);
    shop.sandbox.pypaas(&["apply"]).must_succeed();
}
