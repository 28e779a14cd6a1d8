//! Each kind of file, as it is printed.

use pypaas_core::host::Version;
use pypaas_core::{Server, Upstream, WebConfigRenderer};
use pypaas_nginx::NginxText;

use crate::fixtures::{self, Machine, upstream};

fn print(host: &pypaas_core::VirtualHost) -> String {
    let text = NginxText::new();
    format!("{}\n{}", text.edge_domain(host).unwrap(), text.router_domain(host).unwrap())
}

#[test]
fn an_app_and_its_files() {
    insta::assert_snapshot!(print(&fixtures::app_and_files(&Machine::usual())));
}

#[test]
fn tls_with_extras_everywhere() {
    insta::assert_snapshot!(print(&fixtures::secure_with_extras(&Machine::usual())));
}

#[test]
fn tls_as_the_admin_wants_it() {
    insta::assert_snapshot!(print(&fixtures::secure_with_own_tls(&Machine::usual())));
}

#[test]
fn what_the_admin_sets_is_not_set_by_us() {
    insta::assert_snapshot!(print(&fixtures::overridden(&Machine::usual())));
}

#[test]
fn every_kind_of_location() {
    insta::assert_snapshot!(print(&fixtures::every_location(&Machine::usual())));
}

#[test]
fn an_app_that_speaks_uwsgi() {
    insta::assert_snapshot!(print(&fixtures::uwsgi(&Machine::usual())));
}

#[test]
fn an_app_of_scripts() {
    let on = Machine::usual();
    insta::assert_snapshot!(print(&fixtures::scripts(&on)));
    let upstream = fixtures::socket_upstream(&on);
    insta::assert_snapshot!(NginxText::new().upstream(&upstream, Version(1, 22, 1)).unwrap(), @"
    # written by pypaas for runner php of shop master; changes are overwritten

    upstream shop+master+php {
        server unix:/srv/run/sockets/61500/app.sock max_fails=0;
    }

    upstream shop+master+php+kept {
        server unix:/srv/run/sockets/61500/app.sock max_fails=0;
        keepalive 16;
        keepalive_timeout 4s;
    }
    ");
}

#[test]
fn in_maintenance_and_not_deployed() {
    insta::assert_snapshot!(print(&fixtures::unavailable(&Machine::usual())));
}

#[test]
fn a_newer_nginx_on_unusual_ports() {
    let machine =
        Machine { http_port: 8080, https_port: 8443, version: Version(1, 27, 4), ..Machine::usual() };
    insta::assert_snapshot!(print(&fixtures::wildcard(&machine)));
}

#[test]
fn single_page_applications() {
    insta::assert_snapshot!(print(&fixtures::single_page(&Machine::usual())));
}

#[test]
fn other_names_with_and_without_tls() {
    let on = Machine::usual();
    let both = [true, false].map(|tls| print(&fixtures::many_names(&on, tls)));
    insta::assert_snapshot!(both.join("\n"));
}

#[test]
fn an_upstream() {
    let upstream = Upstream {
        name: fixtures::upstream_name("shop", "feature/Login", "web"),
        servers: [("::1", 61501), ("127.0.0.1", 61500)]
            .map(|(host, port)| Server { host: host.to_owned(), port, socket: None })
            .to_vec(),
        extra: Some("keepalive 8;\n".to_owned()),
    };
    insta::assert_snapshot!(NginxText::new().upstream(&upstream, Version(1, 22, 1)).unwrap(), @"
    # written by pypaas for runner web of shop feature/Login; changes are overwritten

    upstream shop+feature%2f%4cogin+web {
        server 127.0.0.1:61500 max_fails=0;
        server [::1]:61501 max_fails=0;
        keepalive 8;
    }

    upstream shop+feature%2f%4cogin+web+kept {
        server 127.0.0.1:61500 max_fails=0;
        server [::1]:61501 max_fails=0;
        keepalive 8;
        keepalive_timeout 4s;
    }
    ");

    let print = |extra: Option<&str>| {
        let upstream = Upstream { extra: extra.map(str::to_owned), ..upstream.clone() };
        [Version(1, 29, 6), Version(1, 29, 7)].map(|it| NginxText::new().upstream(&upstream, it).unwrap())
    };
    let [before, since] = print(None);
    assert!(!before.contains("keepalive 0") && since.contains("    keepalive 0;\n"), "{since}");
    let [before, since] = print(Some("keepalive 8;\n"));
    assert!(before.contains("keepalive 8;") && before == since, "{since}");
}

#[test]
fn the_edge() {
    let server = Machine::usual().edge(12, 3);
    insta::assert_snapshot!(NginxText::new().edge(&server).unwrap());
}

#[test]
fn the_router() {
    let router = NginxText::new().router(&Machine::usual().router(12, 3)).unwrap();
    let (before, after) = router.split_once("    types {").unwrap();
    let after = after.split_once("    server {").unwrap().1;
    insta::assert_snapshot!(format!("{before}...{after}"));
}

#[test]
fn an_edge_of_many_names_without_tls_behind_a_proxy() {
    let mut server = Machine { version: Version(1, 26, 3), ..Machine::usual() }.edge(60, 1_000);
    server.trusted_proxies = vec!["10.0.0.0/8".to_owned()];
    server.https_port = None;
    insta::assert_snapshot!(NginxText::new().edge(&server).unwrap());
}

#[test]
fn equal_models_give_equal_texts_in_whatever_order_they_are() {
    let machine = Machine::usual();
    let mut host = fixtures::app_and_files(&machine);
    host.locations.reverse();
    assert_eq!(print(&host), print(&fixtures::app_and_files(&machine)));
    let print = |ports: &[u16]| NginxText::new().upstream(&upstream(ports), Version(1, 22, 1)).unwrap();
    assert_eq!(print(&[2, 1]), print(&[1, 2]));
}
