//! Clients that began a request before a switch and have not sent all of it, and long connections.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use crate::shop::{NODE, Shop};

/// The body of a request, which comes a byte at a time.
const BODY: &str = "a form with a picture, from a telephone in a train";

/// Connects and sends the head of a request.
fn begin(shop: &Shop) -> TcpStream {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, shop.sandbox.http_port())).unwrap();
    let length = BODY.len();
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    stream
}

#[test]
fn a_slow_upload_holds_up_no_deploy_and_the_new_version_answers_it() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let mut slow = begin(&shop);

    // The edge has the request, and asks the router when it has all of it.
    let push = shop.push_version("2").must_succeed();

    assert!(!push.remote().contains("warning"), "{push}");
    for byte in BODY.as_bytes() {
        assert_eq!(shop.page(), "dies-on-sigterm version 2\n");
        slow.write_all(&[*byte]).unwrap();
    }
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains(BODY), "{answer}");
    shop.assert_settled();
}

#[test]
fn a_websocket_to_another_app_holds_up_no_deploy() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    shop.sandbox.write_config(
        "repo/chat.yml",
        "branches: {main: {runners: {web: {type: NginxBackend, cmd: npm start}}}}\n",
    );
    shop.sandbox.domain("chat.example", "chat", "main", "web");
    let chat = shop.sandbox.client("writer").worktree_from_app("node-plain");
    chat.push("chat", &["main"]).must_succeed();
    let mut websocket = shop.sandbox.websocket("chat.example", "/ws");

    let push = shop.push_version("2").must_succeed();

    assert!(!push.remote().contains("warning"), "{push}");
    websocket.send("hello");
    assert_eq!(websocket.receive().as_deref(), Some("1: hello"));
}
