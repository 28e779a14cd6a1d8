//! PHP apps behind php-fpm.

use std::fs;
use std::time::Duration;

use pypaas_sandbox::Request;

use crate::shop::{Shop, assert_says};

const PHP: &str = "runners: {web: {type: PhpNginxBackend}}";

/// Gets a path that is not normalized, and returns the status, the type and the text of the answer.
fn get(shop: &Shop, path: &str) -> (u16, String, String) {
    let response = shop.sandbox.request(&Request::get("shop.example", path));
    let kind = response.header("content-type").unwrap_or_default().to_owned();
    (response.status, kind, response.text())
}

/// Finds the socket of the process that nginx sends requests to.
fn socket(shop: &Shop) -> String {
    let file = shop.sandbox.home().join("nginx/router.d/shop+main+web.conf");
    let text = fs::read_to_string(file).unwrap();
    let server = text.lines().find_map(|line| line.trim().strip_prefix("server unix:")).unwrap();
    server.split_once(' ').unwrap().0.to_owned()
}

#[test]
fn a_php_app_answers_through_its_front_controller() {
    let shop = Shop::new("php-site", PHP);

    let first = shop.push().must_succeed();
    assert_says(&first, "-----> Build with php: found `composer.json`\n");
    assert_eq!(shop.page(), "php-site version 1\n");
    shop.push_version("2").must_succeed();
    assert_eq!(shop.page(), "php-site version 2\n");
    shop.assert_settled();
    let sockets = shop.sandbox.home().join("run/sockets");
    assert_eq!(fs::read_dir(sockets).unwrap().count(), 1);

    let body = "x".repeat(300_000);
    let posted = Request::post("shop.example", "/server?a=b", body.clone()).header("X-Team", "blue");
    let posted = shop.sandbox.request(&posted).text();
    let script = shop.checkouts()[0].join("public/index.php").to_string().replace('/', "\\/");
    for told in [
        format!(r#""SCRIPT_FILENAME":"{script}""#),
        r#""SCRIPT_NAME":"\/index.php""#.to_owned(),
        r#""REQUEST_URI":"\/server?a=b""#.to_owned(),
        r#""QUERY_STRING":"a=b""#.to_owned(),
        r#""REQUEST_METHOD":"POST""#.to_owned(),
        r#""HTTP_X_TEAM":"blue""#.to_owned(),
        r#""PYPAAS_REPO":"shop""#.to_owned(),
        format!(r#""body":"{body}""#),
    ] {
        assert!(posted.contains(&told), "{told} is not in {}", posted.replace(&body, "…"));
    }
}

#[test]
fn files_are_served_with_their_type_and_source_never_is() {
    let shop = Shop::live("php-site", &format!("persist: [public/data/], {PHP}"));
    let evil = shop.sandbox.home().join("data/shop/main/public/data/evil.php");
    fs::write(&evil, "<?php echo 'uploaded code ran';").unwrap();
    fs::write(evil.with_file_name("cat.txt"), "a cat\n").unwrap();

    assert_eq!(get(&shop, "/app.css"), (200, "text/css".into(), "body { color: teal; }\n".into()));
    assert_eq!(get(&shop, "/data/cat.txt"), (200, "text/plain".into(), "a cat\n".into()));
    let (status, kind, picture) = get(&shop, "/uploads/x.jpg");
    assert_eq!((status, kind.as_str()), (200, "image/jpeg"));
    assert!(picture.contains("<?php"), "{picture}");

    for hidden in ["/.env", "/.hidden", "/data/.env", "/uploads/.htaccess"] {
        assert_eq!(get(&shop, hidden).0, 404, "{hidden}");
    }
    for path in [
        "/index.php",
        "/INDEX.PHP",
        "/index.php/x",
        "/index.php/../",
        "/index.php.bak",
        "/index.php~",
        "/index.php%20",
        "/index.php%00.jpg",
        "/index.php/.",
        "//index.php",
        "/other.php",
        "/other.php/x.css",
        "/app.css/x.php",
        "/src/secret.php",
        "/../src/secret.php",
        "/uploads/../../src/secret.php",
        "/uploads/%2e%2e/%2e%2e/src/secret.php",
        "/uploads/x.jpg/y.php",
        "/uploads/x.jpg/.php",
        "/uploads/x.jpg%00.php",
        "/data/evil.php",
        "/data/evil.php/x.jpg",
        "/data../evil.php",
        "/composer.json",
        "/vendor/autoload.php",
    ] {
        let (status, _, text) = get(&shop, path);
        assert!([400, 404].contains(&status), "{path}: {status} {text}");
        for word in ["<?php", "secret:", "-secret", "uploaded code", "other script"] {
            assert!(!text.contains(word), "{path}: {text}");
        }
    }
}

#[test]
fn an_app_of_several_scripts_runs_them_and_nothing_that_is_uploaded() {
    let shop = Shop::new(
        "php-site",
        "persist: [uploads/], runners: {web: {type: PhpNginxBackend, public: ., all_scripts: true}}",
    );
    for (file, says) in [("index.php", "front"), ("login.php", "login"), ("admin/index.php", "admin")] {
        let script = format!("<?php echo \"{says} $_SERVER[SCRIPT_NAME] $_SERVER[QUERY_STRING]\\n\";\n");
        shop.code.write(file, script);
    }
    shop.code.commit("Write several scripts");
    shop.push().must_succeed();
    let uploads = shop.sandbox.home().join("data/shop/main/uploads");
    fs::write(uploads.join("evil.php"), "<?php echo 'uploaded code ran';").unwrap();

    for (path, answer) in [
        ("/?a", "front /index.php a\n"),
        ("/a/page?b", "front /index.php b\n"),
        ("/login.php?c", "login /login.php c\n"),
        ("/admin/?d", "admin /admin/index.php d\n"),
        ("/nothing.php?e", "front /index.php e\n"),
        ("/login.php/x.php?f", "front /index.php f\n"),
        ("/login.php.bak?g", "front /index.php g\n"),
        ("/uploads/evil.php?h", "front /index.php h\n"),
        ("/uploads/evil.php/x?i", "front /index.php i\n"),
        ("/composer.json?j", "front /index.php j\n"),
        ("/vendor/autoload.php?k", "front /index.php k\n"),
    ] {
        assert_eq!(get(&shop, path), (200, "text/html; charset=UTF-8".into(), answer.into()), "{path}");
    }
    assert_eq!(get(&shop, "/admin").0, 301);
}

#[test]
fn sessions_survive_a_push_and_messages_are_in_the_log() {
    let shop = Shop::live("php-site", PHP);
    let first = shop.sandbox.get("shop.example", "/visits").text();
    let (session, _) = first.split_once(' ').unwrap();
    shop.push_version("2").must_succeed();

    let cookie = format!("PHPSESSID={session}");
    let second = Request::get("shop.example", "/visits").header("Cookie", &cookie);
    assert_eq!(shop.sandbox.request(&second).text(), format!("{session} 2\n"));
    let logs = shop.sandbox.pypaas(&["logs", "shop", "main"]).must_succeed();
    assert!(logs.stdout.contains("visit 1") && logs.stdout.contains("visit 2"), "{logs}");

    shop.sandbox.pypaas(&["check"]).must_succeed();
    shop.sandbox.pypaas(&["stop", "shop", "main"]).must_succeed();
    assert_eq!(shop.pids().len(), 0);
    assert_eq!(shop.sandbox.get("shop.example", "/").status, 503);
    shop.sandbox.pypaas(&["start", "shop", "main"]).must_succeed();
    assert_eq!(shop.page(), "php-site version 2\n");
}

#[test]
fn no_request_of_a_php_app_is_lost_in_a_push_a_restart_and_a_way_back() {
    let shop = Shop::live("php-site", PHP);
    let load = shop.sandbox.load("shop.example", "/").rate(200).posts().start();
    let slow = shop.sandbox.load("shop.example", "/slow?ms=300").rate(3).start();

    shop.push_version("2").must_succeed();
    assert_eq!(shop.page(), "php-site version 2\n");
    shop.sandbox.pypaas(&["restart", "shop", "main"]).must_succeed();
    shop.sandbox.pypaas(&["rollback", "shop", "main"]).must_succeed();
    assert_eq!(shop.page(), "php-site version 1\n");

    for report in [load.run_for(Duration::from_secs(4)), slow.run_for(Duration::from_secs(4))] {
        assert_eq!(report.failed(), 0, "{report}");
        assert_eq!(report.by_status.keys().collect::<Vec<_>>(), [&200], "{report}");
        let own = ["php-site version 1\n", "php-site version 2\n", "posted", "slow\n"];
        assert!(report.bodies.keys().all(|body| own.contains(&body.as_str())), "{report}");
    }
}

#[test]
fn a_front_controller_with_a_mistake_is_refused_and_the_old_version_serves() {
    let shop = Shop::live("php-site", PHP);

    let broken = shop.push_file("public/index.php", "<?php echo 'a' 'b';\n").must_fail();

    assert_says(&broken, "its health check /: answered 500, wanted 200-499");
    assert_says(&broken, "PHP Parse error:  syntax error, unexpected single-quoted string");
    assert_eq!(shop.page(), "php-site version 1\n");
    shop.code.git(&["reset", "--quiet", "--hard", "HEAD~1"]).must_succeed();
    shop.code.remove("public/index.php");
    let missing = shop.push_version("2").must_fail();
    assert_says(
        &missing,
        "  because there is no `index.php` in `public`: write the directory it is in as `public`",
    );
    assert_eq!(shop.page(), "php-site version 1\n");
    assert_eq!(shop.checkouts().len(), 1);
}

#[test]
fn another_app_does_not_reach_the_socket() {
    let shop = Shop::live("php-site", PHP);
    let other = shop.sandbox.client("desktop").worktree_named_from_app("other", "php-site");
    shop.sandbox.domain("other.example", "other", "main", "web");
    shop.sandbox.write_config("repo/other.yml", &format!("branches:\n  main: {{{PHP}}}\n"));
    other.push("other", &["main"]).must_succeed();

    let path = format!("/connect?socket={}", socket(&shop));
    assert_eq!(shop.sandbox.get("shop.example", &path).text(), "reached\n");
    assert_eq!(shop.sandbox.get("other.example", &path).text(), "refused: No such file or directory\n");
}

#[test]
fn a_version_of_php_that_the_host_lacks_refuses_the_push() {
    let shop = Shop::live("php-site", PHP);
    let refused = shop.push_file("composer.json", r#"{"require": {"php": "^9.0"}}"#).must_fail();
    assert_says(
        &refused,
        "  because `php-fpm of PHP ^9.0` is not installed on this host: `require.php` in `composer.json` wants that version: ",
    );
    assert_eq!(shop.checkouts().len(), 1);
}

#[test]
fn a_php_app_without_a_runner_is_recognized() {
    let shop = Shop::new("php-site", "");
    let pushed = shop.push().must_succeed();
    assert_says(&pushed, "-----> Run what the `composer.json` says\n       web: php-fpm\n");
    assert_eq!(shop.page(), "php-site version 1\n");
    shop.sandbox.pypaas(&["why", "http://shop.example/"]).must_succeed();

    for file in ["composer.json", "public", "src"] {
        shop.code.git(&["rm", "-r", "--quiet", file]).must_succeed();
    }
    let plain = shop.push_file("index.php", "<?php echo \"plain\\n\";\n").must_succeed();
    assert_says(&plain, "-----> Run what the `index.php` says\n       web: php-fpm\n");
    assert_eq!(shop.page(), "plain\n");
    assert_eq!(get(&shop, "/.env").0, 404);
    assert_eq!(get(&shop, "/Procfile").2, "plain\n");
}
