//! An app that answers with what it was asked.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// Starts the app and returns its port. It ends with the test's process.
pub(crate) fn start() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            thread::spawn(move || answer(stream));
        }
    });
    port
}

fn answer(mut stream: TcpStream) {
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        asked.extend(byte);
    }
    let text = String::from_utf8(asked).unwrap();
    if text.contains("\r\nUpgrade: websocket\r\nConnection: upgrade\r\n") {
        stream
            .write_all(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
            )
            .unwrap();
        let mut said = [0; 4];
        stream.read_exact(&mut said).unwrap();
        return stream.write_all(&said).unwrap();
    }
    if text.starts_with("GET /hung ") {
        // Until nginx gives up.
        let _ = stream.read(&mut [0]);
        return;
    }
    if text.starts_with("GET /page.css ") {
        let css = "a { color: black }\n".repeat(200);
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/css\r\nContent-Length: {}\r\n\r\n", css.len());
        return stream.write_all(format!("{head}{css}").as_bytes()).unwrap();
    }
    let own = if text.contains("/with-own-hsts") { "Strict-Transport-Security: max-age=5\r\n" } else { "" };
    let answer = format!("HTTP/1.1 200 OK\r\n{own}Content-Length: {}\r\n\r\n{text}", text.len());
    stream.write_all(answer.as_bytes()).unwrap();
}
