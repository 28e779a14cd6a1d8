//! The end of the old version: its requests, its processes, its ports.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::eventually::eventually;
use crate::shop::{NODE, Shop, assert_says};

/// Answers after the seconds its path says; the head of the answer comes at once.
const SLOW: &str = "
const version = require('fs').readFileSync('version.txt', 'utf8');
require('http').createServer((request, response) => {
  response.writeHead(200, {'X-Accel-Buffering': 'no'}).flushHeaders();
  setTimeout(() => response.end(version), Number(request.url.slice(1)) * 1000);
}).listen(process.env.PORT, '127.0.0.1');
";

/// A request to which the app has begun to answer.
struct InFlight(BufReader<TcpStream>);

impl InFlight {
    fn begin(shop: &Shop, path: &str) -> Self {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, shop.sandbox.http_port())).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n").unwrap();
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        assert_eq!(line, "HTTP/1.1 200 OK\r\n");
        Self(stream)
    }

    /// Reads to the end in the background: the rest of the answer, and when it came.
    fn finish(mut self) -> thread::JoinHandle<(String, Instant)> {
        thread::spawn(move || {
            let mut rest = String::new();
            self.0.read_to_string(&mut rest).unwrap();
            (rest, Instant::now())
        })
    }
}

#[test]
fn a_request_under_way_is_answered_by_the_old_version() {
    let shop = Shop::new("dies-on-sigterm", "runners: {web: {type: NginxBackend, cmd: node server.js}}");
    shop.push_file("server.js", SLOW).must_succeed();
    let slow = InFlight::begin(&shop, "/3").finish();

    let push = shop.push_version("2").must_succeed();
    assert_eq!(shop.sandbox.get("shop.example", "/0").text(), "2\n");

    let (answer, _) = slow.join().unwrap();
    assert!(answer.ends_with("\r\n2\r\n1\n\r\n0\r\n\r\n"), "the whole answer of version 1: {answer:?}");
    assert!(!push.remote().contains("warning"), "{push}");
    shop.assert_settled();
}

#[test]
fn a_request_that_outlives_the_drain_timeout_is_cut_and_the_push_succeeds() {
    let shop = Shop::new(
        "dies-on-sigterm",
        "runners: {web: {type: NginxBackend, cmd: node server.js, drain_timeout: 2s}}",
    );
    shop.push_file("server.js", SLOW).must_succeed();
    let endless = InFlight::begin(&shop, "/1000").finish();

    shop.code.commit_version("2");
    let push = shop.code.start_push(&[], "shop", &["main"]);
    push.wait_for("reload the router, until only new workers take connections");
    let switching = Instant::now();
    let push = push.wait().must_succeed();

    let (answer, cut) = endless.join().unwrap();
    assert!(answer.ends_with("\r\n\r\n"), "nothing of the body came: {answer:?}");
    let (earliest, latest) = (Duration::from_secs(2), Duration::from_secs(7));
    assert!((earliest..latest).contains(&(cut - switching)), "{:?}", cut - switching);
    assert_says(&push, "     ! warning: 1 connection to the old version still open after 2s: cut\n");
    assert_eq!(shop.sandbox.get("shop.example", "/0").text(), "2\n");
    shop.assert_settled();
}

#[test]
fn an_app_that_ignores_sigterm_is_killed_after_its_stop_timeout() {
    let shop = Shop::live(
        "ignores-sigterm",
        "runners: {web: {type: NginxBackend, cmd: python3 app.py, stop_timeout: 1s}}",
    );
    let (old, ports) = (shop.pids(), shop.ports("web"));

    let push = shop.push_version("2").must_succeed();

    assert_says(&push, "       stop shop+main+web+0+a, killing what is left after 1s\n");
    assert_says(&push, "     ! warning: shop+main+web+0+a did not end within 1s of SIGTERM and was killed\n");
    assert_eq!(shop.page(), "ignores-sigterm version 2\n");
    assert_gone(&shop, &old, &ports);
}

#[test]
fn the_children_an_app_leaves_behind_are_gone_and_its_port_is_free() {
    let shop = Shop::live(
        "leaves-children",
        "runners: {web: {type: NginxBackend, cmd: python3 app.py, stop_timeout: 1s}}, env: {LEAVE_LISTENER: 1}",
    );
    let (old, ports) = (shop.pids(), shop.ports("web"));
    assert_eq!(old.len(), 5, "the app, two stubborn shells and what they wait for");

    shop.push_version("2").must_succeed();

    assert_eq!(shop.page(), "leaves-children version 2\n");
    assert_gone(&shop, &old, &ports);
}

/// Asserts that of the processes nothing runs and that the ports can be had.
fn assert_gone(shop: &Shop, old: &BTreeSet<u32>, ports: &[u16]) {
    assert!(shop.pids().is_disjoint(old), "{:#?}", shop.sandbox.app_processes());
    for port in ports {
        TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).unwrap();
    }
    shop.assert_settled();
}

#[test]
fn fewer_processes_and_fewer_runners_are_configured_and_the_rest_is_gone() {
    let runners = |count: u16, more: &str| {
        format!("runners: {{web: {{type: NginxBackend, cmd: node server.js, process_count: {count}}}{more}}}")
    };
    let worker = ", worker: {type: SimpleProcess, cmd: exec sleep 1000, process_count: 2}";
    let shop = Shop::live("dies-on-sigterm", &runners(4, worker));
    let commands = || -> Vec<String> {
        shop.sandbox.app_processes().into_iter().map(|process| process.command).collect()
    };
    let count = |command: &str| commands().iter().filter(|it| *it == command).count();
    assert_eq!((count("node server.js"), count("sleep 1000"), shop.ports("web").len()), (4, 2, 4));

    shop.configure(&runners(2, worker));
    shop.push_version("2").must_succeed();
    assert_eq!((count("node server.js"), count("sleep 1000"), shop.ports("web").len()), (2, 2, 2));

    shop.configure(&runners(2, ""));
    shop.push_version("3").must_succeed();
    assert_eq!((count("node server.js"), count("sleep 1000"), shop.ports("web").len()), (2, 0, 2));
    assert_eq!(commands().len(), 2, "{:?}", commands());
    assert_eq!(shop.page(), "dies-on-sigterm version 3\n");
    shop.assert_settled();
    // Two processes, each with its two slots; no directory of the others.
    let services = shop.sandbox.home().join("services").read_dir_utf8().unwrap();
    let mut services: Vec<String> = services.map(|it| it.unwrap().file_name().to_owned()).collect();
    services.retain(|name| !name.starts_with('+'));
    services.sort();
    assert_eq!(
        services,
        ["shop+main+web+0+a", "shop+main+web+0+b", "shop+main+web+1+a", "shop+main+web+1+b"]
    );
}

#[test]
fn after_the_end_of_its_servers_and_after_a_reboot_every_app_is_back_where_it_was() {
    let mut shop = Shop::live("dies-on-sigterm", NODE);
    let is_back = |shop: &Shop| {
        eventually(|| {
            (shop.sandbox.get("shop.example", "/").text() == "dies-on-sigterm version 1\n").then_some(())
        });
    };
    let ports = shop.ports("web");

    shop.sandbox.kill_nginx();
    shop.sandbox.start_nginx();
    is_back(&shop);
    shop.sandbox.kill_supervisors();
    shop.sandbox.start_svscan();
    is_back(&shop);
    shop.sandbox.reboot();
    is_back(&shop);

    assert_eq!(shop.ports("web"), ports);
    shop.push_version("2").must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 2\n");
    shop.assert_settled();
}
