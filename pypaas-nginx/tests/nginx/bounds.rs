//! How long an answer may take, how large a body may be, and what is compressed.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use pypaas_core::{RoutedLocation, VirtualHost};

use crate::client::{ask, get};
use crate::fixtures::{app, with_extra};
use crate::instance::Instance;
use crate::served::{NAME, started};

/// Long enough for an answer that comes at once, short enough to wait for.
const SHORT: Duration = Duration::from_millis(500);

fn bounded(location: RoutedLocation, bound: impl FnOnce(&mut VirtualHost)) -> Instance {
    started(|it| {
        let mut host = it.machine.domain(NAME, vec![location]);
        bound(&mut host);
        host
    })
}

/// Opens a websocket that the app has accepted.
fn websocket(port: u16) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let request =
        format!("GET /chat HTTP/1.1\r\nHost: {NAME}\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    stream
}

#[test]
fn a_hung_app_costs_its_client_the_bound_and_websockets_have_one_of_their_own() {
    let instance = bounded(app("/"), |host| host.request_timeout = SHORT);
    let port = instance.machine.http_port;
    let mut chat = websocket(port);
    assert_eq!(get(port, NAME, "/hung").unwrap().status, 504);
    // The websocket was quiet for all that time.
    chat.write_all(b"ping").unwrap();
    let mut echo = String::new();
    chat.read_to_string(&mut echo).unwrap();
    assert_eq!(echo, "ping");
}

#[test]
fn a_quiet_websocket_is_closed_when_its_bound_is_over() {
    let instance = bounded(app("/"), |host| host.websocket_timeout = SHORT);
    let mut echo = Vec::new();
    websocket(instance.machine.http_port).read_to_end(&mut echo).unwrap();
    assert_eq!(echo, b"");
}

#[test]
fn what_the_admin_wrote_for_a_location_raises_the_bound() {
    // The router gives up first, and knows what the admin wants then.
    let slow =
        with_extra(app("/"), "proxy_read_timeout 700ms;\nproxy_intercept_errors on;\nerror_page 504 =203 /;");
    let instance = bounded(slow, |host| host.request_timeout = Duration::from_millis(100));
    assert_eq!(get(instance.machine.http_port, NAME, "/hung").unwrap().status, 203);
}

#[test]
fn a_body_that_is_too_large_is_answered_with_the_limit() {
    let upload = RoutedLocation { max_body: Some(1 << 20), ..app("/upload") };
    let instance = started(|it| {
        let mut host = it.machine.domain(NAME, vec![app("/"), upload]);
        host.max_body = 2 << 20;
        host
    });
    let send = |path: &str, length: usize| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        let answer = ask(instance.machine.http_port, &(head + &"a".repeat(length))).unwrap();
        assert_eq!((answer.status, answer.header("Content-Type")), (413, Some("text/html")), "{path}");
        answer.text().to_owned()
    };
    let larger = send("/upload/a.json", (1 << 20) + 1);
    assert!(larger.contains("<p>At most 1 MB can be sent to this page in one request.</p>"), "{larger}");
    let larger = send("/form", (2 << 20) + 1);
    assert!(larger.contains("<p>At most 2 MB can be sent to this page in one request.</p>"), "{larger}");
}

#[test]
fn answers_of_an_app_are_compressed_for_clients_that_ask() {
    let instance = bounded(app("/"), |_| {});
    let ask_for = |encoding: &str| {
        let request =
            format!("GET /page.css HTTP/1.1\r\nHost: {NAME}\r\n{encoding}Connection: close\r\n\r\n");
        ask(instance.machine.http_port, &request).unwrap()
    };
    let (plain, small) = (ask_for(""), ask_for("Accept-Encoding: gzip\r\n"));
    assert_eq!((plain.header("Content-Encoding"), small.header("Content-Encoding")), (None, Some("gzip")));
    assert_eq!(
        (plain.header("Vary"), small.header("Vary")),
        (Some("Accept-Encoding"), Some("Accept-Encoding"))
    );
    assert!(small.body.len() * 4 < plain.body.len());
}
