//! What is not printed, and why.

use camino::Utf8PathBuf;
use pypaas_config::Protocol;
use pypaas_core::host::Version;
use pypaas_core::{Route, Server, VirtualHost, WebConfigRenderer};
use pypaas_nginx::NginxText;

use crate::fixtures::{Machine, app, files, location, proxy, upstream, with_extra};

fn refusal(host: &VirtualHost) -> String {
    let text = NginxText::new();
    text.router_domain(host).and_then(|_| text.edge_domain(host)).unwrap_err().to_string()
}

fn refusal_of(location: pypaas_core::RoutedLocation) -> String {
    refusal(&Machine::usual().domain("shop.example", vec![location]))
}

#[test]
fn a_value_that_nginx_would_evaluate_is_refused() {
    let root = Utf8PathBuf::from("/srv/$host");
    insta::assert_snapshot!(refusal_of(location("/public", files(&root))), @"cannot write the nginx configuration of shop.example: location `/public`: `/srv/$host/` holds a `$`, which nginx cannot take as plain text");
    let mut host = Machine::usual().secure_domain("shop.example", vec![app("/")]);
    host.frontend.tls.as_mut().unwrap().certificate = Utf8PathBuf::from("/srv/a\nb.crt");
    insta::assert_snapshot!(refusal(&host), @r#"cannot write the nginx configuration of shop.example: "/srv/a\nb.crt" holds a control character"#);
    let mut upstream = upstream(&[]);
    upstream.servers.push(Server { host: "$remote_addr".to_owned(), port: 1, socket: None });
    insta::assert_snapshot!(NginxText::new().upstream(&upstream, Version(1, 22, 1)).unwrap_err(), @"cannot write the nginx configuration of shop+master+web: `$remote_addr:1` holds a `$`, which nginx cannot take as plain text");
}

#[test]
fn an_extra_that_would_swallow_what_follows_is_refused() {
    insta::assert_snapshot!(refusal_of(with_extra(app("/"), "gzip on")), @"cannot write the nginx configuration of shop.example: location `/`: `nginx_extra_config` has a directive without `;` at its end");
    insta::assert_snapshot!(refusal_of(with_extra(app("/api"), "} location /x { return 200;")), @"cannot write the nginx configuration of shop.example: location `/api`: `nginx_extra_config` closes a block that it did not open");
    let mut host = Machine::usual().domain("shop.example", vec![app("/")]);
    host.frontend.http_extra = Some("if ($host) {".to_owned());
    insta::assert_snapshot!(refusal(&host), @"cannot write the nginx configuration of shop.example: `nginx_http_extra_config` does not close a block that it opened");
    host.frontend.http_extra = None;
    host.frontend.extra_listen_options = Some("backlog=1; return 200".to_owned());
    insta::assert_snapshot!(refusal(&host), @"cannot write the nginx configuration of shop.example: `extra_listen_options` holds more than options of one `listen`");
}

#[test]
fn what_nginx_cannot_do_is_refused_in_the_words_of_the_configuration() {
    insta::assert_snapshot!(refusal_of(location("~ ^/a", proxy(Protocol::Http, Some("/b")))), @"cannot write the nginx configuration of shop.example: location `~ ^/a`: `nginx_proxy_path` cannot replace the part that a regular expression matched");
    insta::assert_snapshot!(refusal_of(location("/a", proxy(Protocol::Http, Some("b")))), @"cannot write the nginx configuration of shop.example: location `/a`: `nginx_proxy_path` does not begin with `/`");
    insta::assert_snapshot!(refusal_of(location("/a", proxy(Protocol::Uwsgi, Some("/b")))), @"cannot write the nginx configuration of shop.example: location `/a`: `nginx_proxy_path` means nothing to a uwsgi server");
    insta::assert_snapshot!(NginxText::new().upstream(&upstream(&[]), Version(1, 22, 1)).unwrap_err(), @"cannot write the nginx configuration of shop+master+web: it has no server, and nginx takes no upstream without one");
    let old = Machine { version: Version(1, 18, 0), ..Machine::usual() }.edge(10, 1);
    insta::assert_snapshot!(NginxText::new().edge(&old).unwrap_err(), @"cannot write the nginx configuration of the edge: nginx 1.18.0 cannot refuse unknown names over TLS, 1.19.4 or newer can");
}

#[test]
fn two_locations_that_are_one_for_nginx_are_refused() {
    let machine = Machine::usual();
    let host = machine.domain("shop.example", vec![machine.files("/public", "a"), app("^~ /public/")]);
    insta::assert_snapshot!(refusal(&host), @"cannot write the nginx configuration of shop.example: location `^~ /public/` is there twice for nginx");
}

#[test]
fn a_domain_that_is_away_needs_no_correct_extras() {
    let away = Route::Unavailable(pypaas_core::Unavailable::NotDeployed);
    let host = Machine::usual().domain("shop.example", vec![with_extra(location("/", away), "gzip on")]);
    assert!(NginxText::new().router_domain(&host).is_ok());
}
