//! Does nginx do what is meant?

use std::fs;
use std::os::unix::fs::symlink;

use pypaas_core::{Route, RoutedLocation, Tls, Unavailable, VirtualHost};

use crate::client::{self, ask, get, get_securely, negotiate};
use crate::fixtures::{self, app, location, proxy, upstream};
use crate::instance::Instance;
use crate::sample_app;

pub(crate) const NAME: &str = "shop.example";

/// Starts an nginx with a sample app and what `host` makes.
pub(crate) fn started(host: impl FnOnce(&Instance) -> VirtualHost) -> Instance {
    let mut instance = Instance::new();
    instance.certify(NAME);
    instance.add_main(NAME.len(), 1);
    instance.add_upstream(&upstream(&[sample_app::start()]));
    instance.add_host(NAME, &host(&instance));
    instance.start();
    instance
}

fn with_http(locations: Vec<RoutedLocation>) -> Instance {
    started(|it| it.machine.domain(NAME, locations))
}

fn with_https(locations: Vec<RoutedLocation>) -> Instance {
    started(|it| it.machine.secure_domain(NAME, locations))
}

#[test]
fn an_app_is_told_of_the_request() {
    let instance = with_http(vec![app("/")]);
    let port = instance.machine.http_port;
    let request = format!(
        "GET http://{NAME}/a%2Fb?c HTTP/1.1\r\nHost: evil.example\r\nX-Real-IP: 6.6.6.6\r\nX-Request-ID: mine\r\n\
         X-Forwarded-For: 7.7.7.7\r\nUpgrade: h2c\r\nConnection: Upgrade, close\r\n\r\n"
    );
    let seen = ask(port, &request).unwrap();
    assert_eq!(seen.text().lines().next(), Some("GET /a%2Fb?c HTTP/1.1"));
    let seen = client::parse(seen.text().replacen("GET", "HTTP/1.1 200", 1).as_bytes()).unwrap();
    assert_eq!(seen.header("Host"), Some(format!("{NAME}:{port}").as_str()));
    assert_eq!(seen.header("X-Forwarded-Host"), seen.header("Host"));
    assert_eq!(seen.header("X-Forwarded-Port"), Some(port.to_string().as_str()));
    assert_eq!(seen.header("X-Forwarded-Proto"), Some("http"));
    assert_eq!(seen.header("X-Real-IP"), Some("127.0.0.1"));
    assert_eq!(seen.header("X-Forwarded-For"), Some("127.0.0.1"));
    assert_eq!(seen.header("X-Request-ID").map(str::len), Some(32));
    assert_eq!((seen.header("Upgrade"), seen.header("Connection")), (None, None));
}

#[test]
fn a_websocket_works_without_any_setting() {
    let instance = with_http(vec![app("/")]);
    let request =
        format!("GET /chat HTTP/1.1\r\nHost: {NAME}\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\n\r\n");
    let echoed = ask(instance.machine.http_port, &format!("{request}ping")).unwrap();
    assert_eq!((echoed.status, echoed.text()), (101, "ping"));
}

#[test]
fn a_path_replaces_the_prefix() {
    let route = proxy(pypaas_config::Protocol::Http, Some("/v2/"));
    let instance = with_http(vec![location("/api/", route)]);
    let seen = get(instance.machine.http_port, NAME, "/api/x").unwrap();
    assert_eq!(seen.text().lines().next(), Some("GET /v2/x HTTP/1.1"));
    assert_eq!(get(instance.machine.http_port, NAME, "/elsewhere").unwrap().status, 404);
}

#[test]
fn files_are_served_and_nothing_else_is() {
    let instance = started(|it| {
        let locations = vec![it.machine.files("/", "site"), it.machine.files("/public", "site/public")];
        it.machine.domain(NAME, locations)
    });
    for file in
        ["site/index.html", "site/public/a.txt", "site/public/.well-known/a.txt", "site/public/a..b.txt"]
    {
        instance.write(file, "served");
    }
    for file in
        ["secret.txt", "site/secret.txt", "site/.env", "site/public/.git/config", "site/public/b/.env"]
    {
        instance.write(file, "secret");
    }
    let site = instance.machine.root.join("site");
    symlink(instance.machine.root.join("secret.txt"), site.join("public/out.txt")).unwrap();
    symlink(&instance.machine.root, site.join("public/root")).unwrap();
    fs::create_dir(site.join("public/directory")).unwrap();

    let status = |path: &str| get(instance.machine.http_port, NAME, path).unwrap();
    for path in ["/", "/index.html", "/public/a.txt", "/public/.well-known/a.txt", "/public/a..b.txt"] {
        assert_eq!((status(path).status, status(path).text()), (200, "served"), "{path}");
    }
    for (path, expected) in [
        ("/public../secret.txt", 404),
        ("/public/../../secret.txt", 400),
        ("/public/%2e%2e/%2e%2e/secret.txt", 400),
        ("/public/out.txt", 403),
        ("/public/root/secret.txt", 404),
        ("/.env", 404),
        ("/public/.git/config", 404),
        ("/public/%2egit/config", 404),
        ("/public/b/.env", 404),
        ("/public/.git", 404),
        ("/public/directory/", 403),
    ] {
        let answer = status(path);
        assert_eq!(answer.status, expected, "{path}");
        assert!(!answer.text().contains("secret"), "{path}");
    }
    assert_eq!(status("/public?a=b").header("Location"), Some("/public/?a=b"));
    assert_eq!(status("/public/directory").header("Location"), Some("/public/directory/"));
}

#[test]
fn a_single_page_application_answers_every_path_that_is_no_file() {
    let instance = started(|it| {
        let mut host = fixtures::single_page(&it.machine);
        (host.name, host.frontend.tls) = (NAME.to_owned().try_into().unwrap(), None);
        host
    });
    for (file, text) in [
        ("site/index.html", "page"),
        ("site/app.js", "script"),
        ("site/.env", "secret"),
        ("site/docs/index.html", "docs"),
        ("site/admin app/home.html", "admin page"),
        ("site/admin app/a.js", "admin script"),
    ] {
        instance.write(file, text);
    }
    let ask = |path: &str| get(instance.machine.http_port, NAME, path).unwrap();
    let (kept, fresh) = (Some("max-age=3600"), Some("no-cache"));
    for (path, text, caching) in [
        ("/", "page", fresh),
        ("/index.html", "page", fresh),
        ("/app.js", "script", kept),
        ("/any/path?x=1", "page", fresh),
        ("/docs/", "page", fresh),
        ("/admin/", "admin page", fresh),
        ("/admin/home.html", "admin page", fresh),
        ("/admin/users/7", "admin page", fresh),
        ("/admin/a.js", "admin script", kept),
    ] {
        let answer = ask(path);
        assert_eq!(
            (answer.status, answer.text(), answer.header("Cache-Control")),
            (200, text, caching),
            "{path}"
        );
    }
    assert_eq!(ask("/admin").header("Location"), Some("/admin/"));
    assert_eq!((ask("/.env").status, ask("/admin/../.env").status), (404, 404));
    assert!(ask("/api/x").text().starts_with("GET /api/x HTTP/1.1"));

    fs::remove_file(instance.machine.root.join("site/index.html")).unwrap();
    assert_eq!(ask("/any/path").status, 404, "no circle of redirects");
}

#[test]
fn files_that_are_compressed_already_are_served_to_who_takes_them() {
    let instance = started(|it| {
        let mut host = it.machine.domain(NAME, vec![it.machine.files("/", "site")]);
        host.gzip_static = true;
        host
    });
    instance.write("site/app.js", "plain");
    instance.write("site/app.js.gz", "compressed");
    let with = |encoding: &str| {
        let request = format!("GET /app.js HTTP/1.1\r\nHost: {NAME}\r\n{encoding}Connection: close\r\n\r\n");
        ask(instance.machine.http_port, &request).unwrap()
    };
    let taken = with("Accept-Encoding: gzip\r\n");
    assert_eq!((taken.text(), taken.header("Content-Encoding")), ("compressed", Some("gzip")));
    assert_eq!((with("").text(), with("").header("Vary")), ("plain", Some("Accept-Encoding")));
}

#[test]
fn the_first_regular_expression_as_written_wins() {
    let route = |number: u16| Route::Verbatim(format!("return 200 {number};"));
    let instance = with_http(vec![
        location("~ ^/v", route(1)),
        location("/", route(4)),
        location("~ ^/a/b", route(2)),
        location("~ ^/a", route(3)),
    ]);
    let answers =
        ["/v", "/a/b", "/a/c", "/x"].map(|path| get(instance.machine.http_port, NAME, path).unwrap());
    assert_eq!(answers.each_ref().map(|it| it.text()), ["1", "2", "3", "4"]);
}

#[test]
fn other_names_are_served_or_redirected() {
    let name = |text: &str| text.to_owned().try_into().unwrap();
    let with_names = |tls: bool| {
        started(|it| {
            let mut host = it.machine.domain(NAME, vec![app("/")]);
            host.frontend.aliases = vec![name("shop.example.net")];
            host.frontend.redirects = vec![name("www.shop.example"), name("*.old.example")];
            host.frontend.tls = tls.then(|| it.machine.tls());
            host
        })
    };
    let plain = with_names(false);
    let port = plain.machine.http_port;
    let seen = get(port, "shop.example.net", "/a").unwrap();
    assert!(seen.text().contains(&format!("Host: shop.example.net:{port}")), "{}", seen.text());
    for other in ["www.shop.example", "x.old.example"] {
        let sent = get(port, other, "/a?b").unwrap();
        let target = format!("http://{NAME}:{port}/a?b");
        assert_eq!((sent.status, sent.header("Location")), (301, Some(target.as_str())), "{other}");
    }

    let secure = with_names(true);
    let (http, https) = (secure.machine.http_port, secure.machine.https_port);
    let target = format!("https://{NAME}:{https}/a?b");
    let sent = get(http, "www.shop.example", "/a?b").unwrap();
    assert_eq!((sent.status, sent.header("Location")), (301, Some(target.as_str())), "in one step");
    let sent = get_securely(https, Some("www.shop.example"), "www.shop.example", "/a?b").unwrap();
    assert_eq!((sent.status, sent.header("Location")), (301, Some(target.as_str())));
    assert_eq!(sent.header("Strict-Transport-Security"), Some("max-age=63072000"));
    let sent = get(http, "shop.example.net", "/a?b").unwrap();
    let target = format!("https://shop.example.net:{https}/a?b");
    assert_eq!((sent.status, sent.header("Location")), (301, Some(target.as_str())));
    let served = get_securely(https, Some("shop.example.net"), "shop.example.net", "/a").unwrap();
    assert_eq!(served.status, 200);
}

#[test]
fn a_place_that_is_away_says_so_under_every_path_and_method() {
    let instance = with_http(vec![location("/", Route::Unavailable(Unavailable::Maintenance(None)))]);
    for request in ["GET /", "GET /app.js", "HEAD /", "POST /form"] {
        let body = "Content-Length: 3\r\nConnection: close\r\n\r\na=b";
        let answer =
            ask(instance.machine.http_port, &format!("{request} HTTP/1.1\r\nHost: {NAME}\r\n{body}"));
        let answer = answer.unwrap();
        assert_eq!(answer.status, 503, "{request}");
        assert_eq!(answer.header("Content-Type"), Some("text/html"), "{request}");
        assert_eq!(answer.header("Retry-After"), Some("30"), "{request}");
        assert_eq!(answer.header("Cache-Control"), Some("no-store"), "{request}");
        assert_eq!(answer.text().contains("In maintenance"), !request.starts_with("HEAD"), "{request}");
    }
}

#[test]
fn the_admins_words_are_shown_as_they_are() {
    let words = "back at <b>5 & \"6\"</b>, it's $host \\n 日本";
    let away = Unavailable::Maintenance(Some(words.to_owned()));
    let instance = with_http(vec![location("/", Route::Unavailable(away))]);
    let answer = get(instance.machine.http_port, NAME, "/").unwrap();
    let page = answer.text();
    let shown = "<p>back at &#60;b&#62;5 &#38; &#34;6&#34;&#60;/b&#62;, it&#39;s &#36;host \\n 日本</p>";
    assert!(page.contains(shown), "{page}");
}

#[test]
fn an_unknown_name_gets_no_answer() {
    let instance = with_https(vec![app("/")]);
    let machine = &instance.machine;
    assert_eq!(get(machine.http_port, "other.example", "/"), None);
    assert_eq!(ask(machine.http_port, "GET / HTTP/1.0\r\n\r\n"), None);
    for name in [None, Some("other.example")] {
        let error = get_securely(machine.https_port, name, "other.example", "/").unwrap_err();
        assert!(error.contains("unrecognized name") || error.contains("alert number 112"), "{error}");
    }
    assert_eq!(get_securely(machine.https_port, Some(NAME), "other.example", "/").unwrap().status, 421);
}

#[test]
fn http_leads_to_https() {
    let instance = with_https(vec![app("/")]);
    let machine = &instance.machine;
    let answer = get(machine.http_port, NAME, "/a%20b?c=d").unwrap();
    let target = format!("https://{NAME}:{}/a%20b?c=d", machine.https_port);
    assert_eq!((answer.status, answer.header("Location")), (301, Some(target.as_str())));
}

#[test]
fn https_asks_clients_to_stay_unless_the_app_asks_otherwise() {
    let away = Route::Unavailable(Unavailable::NotDeployed);
    let instance = with_https(vec![app("/"), location("/away", away)]);
    let hsts = |path: &str| -> Vec<String> {
        let answer = get_securely(instance.machine.https_port, Some(NAME), NAME, path).unwrap();
        let found = answer.headers.into_iter().filter(|(name, _)| name == "Strict-Transport-Security");
        found.map(|(_, value)| value).collect()
    };
    assert_eq!(hsts("/"), ["max-age=63072000"]);
    assert_eq!(hsts("/away"), ["max-age=63072000"]);
    assert_eq!(hsts("/with-own-hsts"), ["max-age=5"]);
}

#[test]
fn tls_is_modern() {
    let instance = with_https(vec![app("/")]);
    let negotiate = |options: &[&str]| negotiate(instance.machine.https_port, NAME, options);
    for old in ["-tls1", "-tls1_1"] {
        assert_eq!(negotiate(&[old, "-cipher", "ALL:@SECLEVEL=0"]), None, "{old}");
    }
    assert_eq!(negotiate(&["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA"]), None);
    let chosen =
        negotiate(&["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256"]);
    assert_eq!(chosen.as_deref(), Some("ECDHE-ECDSA-CHACHA20-POLY1305 h2"));
    assert_eq!(negotiate(&["-tls1_3"]).as_deref(), Some("TLS_AES_256_GCM_SHA384 h2"));
}

/// So that the refusals above are nginx's and not the client's.
#[test]
fn an_admin_may_want_old_protocols_for_the_whole_machine() {
    let config = "ssl_protocols TLSv1 TLSv1.1 TLSv1.2;\nssl_ciphers ALL:@SECLEVEL=0;".to_owned();
    let instance = started(|it| {
        let mut edge = it.machine.edge(NAME.len(), 1);
        edge.tls_config = Some(config.clone());
        it.add_edge(&edge);
        let mut host = it.machine.secure_domain(NAME, vec![app("/")]);
        host.frontend.tls = Some(Tls { config: Some(config), ..it.machine.tls() });
        host
    });
    for old in ["-tls1", "-tls1_1"] {
        let chosen = negotiate(instance.machine.https_port, NAME, &[old, "-cipher", "ALL:@SECLEVEL=0"]);
        assert!(chosen.is_some(), "{old}");
    }
}

/// The protocols of the default server count for all servers of the port, so it must have some of its own.
#[test]
fn tls_is_modern_whatever_nginx_itself_is_told() {
    let instance = started(|it| {
        it.write("edge.d/+.conf", "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;\n");
        let mut host = it.machine.secure_domain(NAME, vec![app("/")]);
        let config = Some("ssl_protocols TLSv1.2;\nssl_ciphers ALL:@SECLEVEL=0;".to_owned());
        host.frontend.tls = Some(Tls { config, ..it.machine.tls() });
        host
    });
    let negotiate = |options: &[&str]| negotiate(instance.machine.https_port, NAME, options);
    assert_eq!(negotiate(&["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]), None);
    assert!(negotiate(&["-tls1_2", "-cipher", "ALL:@SECLEVEL=0"]).is_some());
}
