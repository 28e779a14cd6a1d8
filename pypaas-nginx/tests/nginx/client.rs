//! A client that sends exactly what it is told.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// Asks for `path` of `host`; the path is sent as it is. `None`: the server closed the connection without an answer.
pub(crate) fn get(port: u16, host: &str, path: &str) -> Option<Answer> {
    ask(port, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
}

/// Sends `request` and reads until the server closes.
pub(crate) fn ask(port: u16, request: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    parse(&bytes)
}

/// Asks over TLS, naming `name` while connecting and `host` in the request. Errors are openssl's words.
pub(crate) fn get_securely(port: u16, name: Option<&str>, host: &str, path: &str) -> Result<Answer, String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let output = openssl(port, name, &["-quiet"], &request);
    parse(&output.stdout).ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Connects with `options` of openssl's `s_client`; returns the cipher and the protocol above, or `None` if refused.
pub(crate) fn negotiate(port: u16, name: &str, options: &[&str]) -> Option<String> {
    let output = openssl(port, Some(name), &[options, &["-alpn", "h2,http/1.1"]].concat(), "");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let after = |mark: &str| {
        said.lines().find_map(|line| line.trim().split_once(mark)).map(|(_, rest)| rest.to_owned())
    };
    let cipher = after("Cipher is ").filter(|it| it != "(NONE)")?;
    Some(format!("{cipher} {}", after("ALPN protocol: ").unwrap_or_default()))
}

fn openssl(port: u16, name: Option<&str>, options: &[&str], input: &str) -> Output {
    let mut openssl = Command::new("openssl");
    openssl.args(["s_client", "-connect", &format!("127.0.0.1:{port}")]).args(options);
    match name {
        Some(name) => openssl.args(["-servername", name]),
        None => openssl.arg("-noservername"),
    };
    openssl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = openssl.spawn().expect("this test needs openssl");
    // Where the server refuses at once, nobody reads this.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Reads an answer from its bytes; `None` when they hold none.
pub(crate) fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    Some(Answer { status, headers: lines.filter_map(header).collect(), body: bytes[end + 4..].to_vec() })
}

/// Waits until something accepts on `port`.
pub(crate) fn wait_for(port: u16) {
    let begin = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begin.elapsed() < Duration::from_secs(120), "nothing accepts on port {port}");
        std::thread::yield_now();
    }
}

/// Waits until somebody listens at a unix socket.
pub(crate) fn wait_for_socket(path: &camino::Utf8Path) {
    let began = std::time::Instant::now();
    while std::os::unix::net::UnixStream::connect(path).is_err() {
        assert!(began.elapsed() < std::time::Duration::from_secs(20), "nobody listens at {path}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
