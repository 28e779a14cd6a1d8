//! Asking over https, as a client would: the certificate that the server shows is not judged here, `check` does that.

use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Returns the status with which `address` answers `GET path` for `host` over TLS; the error says why there is none.
///
/// TLS is openssl's, which is on every host that serves https.
pub(super) fn status(address: SocketAddr, host: &str, path: &str, timeout: Duration) -> Result<u16, String> {
    let (seconds, address) = (timeout.as_secs().to_string(), address.to_string());
    let mut child = Command::new("timeout")
        .args([&seconds, "openssl", "s_client", "-quiet", "-connect", &address, "-servername", host])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot run openssl: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        // One that has ended already says why below.
        let _ = write!(
            input,
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: pypaas-healthcheck\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        );
        let output = child.wait_with_output();
        drop(input);
        return read(&output.map_err(|error| error.to_string())?, &seconds);
    }
    Err("openssl reads nothing".to_owned())
}

fn read(output: &std::process::Output, seconds: &str) -> Result<u16, String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let status = text.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse().ok());
    let errors = String::from_utf8_lossy(&output.stderr);
    status.ok_or_else(|| match (output.status.code(), errors.lines().find(|line| line.contains("error"))) {
        (Some(124), _) => format!("no answer within {seconds} s"),
        (_, Some(line)) => format!("the TLS handshake failed: {line}"),
        (_, None) => "the connection was closed without an answer".to_owned(),
    })
}
