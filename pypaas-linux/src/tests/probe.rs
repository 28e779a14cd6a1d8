//! Ports, looked at through real sockets.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::Duration;

use pypaas_core::host::{HealthRequest, PortHolder, Probe};
use pypaas_core::{Listen, Origin};

use super::machine::{Machine, eventually, service};
use super::supervisor::Supervisor;

/// Nobody waits that long.
const LONG: Duration = Duration::from_secs(24 * 3600);

fn listen(address: &str) -> (TcpListener, u16) {
    let listener = TcpListener::bind(address).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Answers one connection with `pieces`, a moment apart.
fn answer(pieces: &'static [&'static str], pause: Duration) -> u16 {
    let (listener, port) = listen("127.0.0.1:0");
    thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let _ = connection.read(&mut [0; 4096]);
        for piece in pieces {
            thread::sleep(pause);
            if connection.write_all(piece.as_bytes()).is_err() {
                return;
            }
        }
        let _ = connection.read(&mut [0; 4096]);
    });
    port
}

/// A request for a path.
fn ask<'a>(origin: &'a Origin, path: &'a str) -> HealthRequest<'a> {
    HealthRequest { origin, path, script: None }
}

/// A port nobody listens on.
fn free_port() -> u16 {
    listen("127.0.0.1:0").1
}

#[test]
fn a_held_port_is_in_use_over_both_families() {
    let Machine { mut host, .. } = Machine::new();
    let (_four, a) = listen("127.0.0.1:0");
    let (_six, b) = listen("[::1]:0");
    let used = host.ports_in_use().unwrap();
    assert!(used.contains(&a) && used.contains(&b));
    assert!(!used.contains(&free_port()));
}

#[test]
fn a_port_accepts_or_says_why_not() {
    let Machine { mut host, .. } = Machine::new();
    let (_listener, port) = listen("127.0.0.1:0");
    host.accepts(&Listen::Port(port)).unwrap();
    assert_eq!(host.accepts(&Listen::Port(free_port())).unwrap_err().to_string(), "connection refused");
}

#[test]
fn a_socket_is_known_by_its_number() {
    let mut machine = Machine::new();
    let (host, layout) = (&mut machine.host, &machine.layout);
    fs::create_dir_all(layout.socket_directory(7)).unwrap();
    let socket = Listen::Socket(layout.socket(7));
    let gone = host.accepts(&socket).unwrap_err();
    assert_eq!(gone.to_string(), "there is no such socket");
    assert_eq!(host.holder(&service(0), &socket), Ok(PortHolder::Nobody));

    let listener = UnixListener::bind(layout.socket(7)).unwrap();
    host.accepts(&socket).unwrap();
    drop(listener.accept().unwrap());
    assert!(host.ports_in_use().unwrap().contains(&7));
    assert_eq!(host.connections(&[7].into()).unwrap(), 0);
    let _client = UnixStream::connect(layout.socket(7)).unwrap();
    let _accepted = listener.accept().unwrap();
    assert_eq!(host.connections(&[7].into()).unwrap(), 1);
    assert_eq!(host.connections(&[8].into()).unwrap(), 0);
    assert_eq!(host.holder(&service(0), &socket), Ok(PortHolder::Other("another process".to_owned())));
}

#[test]
fn a_script_that_never_answers_is_bounded() {
    let mut machine = Machine::new();
    let (host, layout) = (&mut machine.host, &machine.layout);
    fs::create_dir_all(layout.socket_directory(7)).unwrap();
    let _listener = UnixListener::bind(layout.socket(7)).unwrap();
    let origin = shop();
    let request = HealthRequest { script: Some("/srv/index.php".into()), ..ask(&origin, "/") };
    let error = host.answers(&Listen::Socket(layout.socket(7)), request, Duration::from_millis(300));
    assert_eq!(error.unwrap_err().to_string(), "no answer within 300 ms");
}

#[test]
fn connections_are_counted_over_ipv4_and_mapped() {
    let Machine { mut host, .. } = Machine::new();
    let (four, a) = listen("127.0.0.1:0");
    let (six, b) = listen("[::]:0");
    let mut open = Vec::new();
    for (listener, port) in [(&four, a), (&six, b), (&six, b)] {
        open.push(TcpStream::connect(("127.0.0.1", port)).unwrap());
        open.push(listener.accept().unwrap().0);
    }
    let waiting = TcpStream::connect(("127.0.0.1", b)).unwrap();

    assert_eq!(host.connections(&[a].into()).unwrap(), 1);
    assert_eq!(host.connections(&[a, b].into()).unwrap(), 4);

    drop((open, waiting));
    assert_eq!(host.connections(&[a, b].into()).unwrap(), 0);
    assert_eq!(host.connections(&BTreeSet::new()).unwrap(), 0);
}

fn shop() -> Origin {
    Origin { https: false, host: "shop.example".to_owned() }
}

#[test]
fn the_status_of_an_answer_is_returned() {
    let Machine { mut host, .. } = Machine::new();
    let port = answer(&["HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"], Duration::ZERO);
    assert_eq!(host.answers(&Listen::Port(port), ask(&shop(), "/healthz"), LONG), Ok(204));
    let slow = ["HTTP/1.1 100 Continue\r\n", "\r\nHTTP/1.1 5", "03 Busy\r\n", "\r\n"];
    let port = answer(Box::leak(Box::new(slow)), Duration::from_millis(20));
    assert_eq!(host.answers(&Listen::Port(port), ask(&shop(), "/"), LONG), Ok(503));
}

#[test]
fn an_answer_that_never_ends_or_comes_is_bounded() {
    let Machine { mut host, .. } = Machine::new();
    // It goes on for as long as somebody reads.
    let (listener, port) = listen("127.0.0.1:0");
    thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        while connection.write_all(b"H").is_ok() {
            thread::sleep(Duration::from_millis(10));
        }
    });
    let error = host.answers(&Listen::Port(port), ask(&shop(), "/"), Duration::from_millis(300)).unwrap_err();
    assert_eq!(error.to_string(), "no answer within 300 ms");
    let port = answer(&["SSH-2.0-OpenSSH_9.2\r\n"], Duration::ZERO);
    assert_eq!(
        host.answers(&Listen::Port(port), ask(&shop(), "/"), LONG).unwrap_err().to_string(),
        "the answer is not HTTP"
    );
}

#[test]
fn the_addresses_of_a_service_are_found_wherever_its_process_went() {
    let mut supervisor = Supervisor::new();
    let web = service(0);
    let port = free_port();
    let listen = format!("setsid python3 -m http.server --bind 127.0.0.1 {port} & exec sleep 1000");
    supervisor.run(&web, &listen);
    let expected: SocketAddr = format!("127.0.0.1:{port}").parse().unwrap();

    let found = eventually(|| {
        Some(supervisor.machine.host.listening(&web).unwrap()).filter(|found| !found.is_empty())
    });

    assert_eq!(found, [expected].into());
    assert_eq!(supervisor.machine.host.answers(&Listen::Port(port), ask(&shop(), "/"), LONG), Ok(200));
}
