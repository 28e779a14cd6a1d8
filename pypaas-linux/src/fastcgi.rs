//! FastCGI, as far as one `GET` needs it (the FastCGI Specification 1.0).

use std::io::{self, ErrorKind, Read};

use camino::Utf8Path;
use pypaas_core::Origin;
use pypaas_core::host::HealthRequest;

const VERSION: u8 = 1;
const BEGIN_REQUEST: u8 = 1;
const END_REQUEST: u8 = 3;
const PARAMS: u8 = 4;
const STDIN: u8 = 5;
const STDOUT: u8 = 6;

/// The role of a responder, and no flag to keep the connection.
const RESPONDER: [u8; 8] = [0, 1, 0, 0, 0, 0, 0, 0];

/// How much of an answer is read in search of its status.
const LONGEST_HEAD: usize = 64 * 1024;

/// Writes `request` for `script` as nginx does.
pub(super) fn request(request: HealthRequest<'_>, script: &Utf8Path) -> Vec<u8> {
    let mut parameters = Vec::new();
    for (name, value) in parameters_of(request, script) {
        for length in [name.len(), value.len()] {
            // Lengths from 128 on have four bytes, the first bit of which is set.
            match u8::try_from(length) {
                Ok(short @ 0..128) => parameters.push(short),
                _ => parameters.extend((length as u32 | 1 << 31).to_be_bytes()),
            }
        }
        parameters.extend(name.as_bytes());
        parameters.extend(value.as_bytes());
    }
    let mut bytes = record(BEGIN_REQUEST, &RESPONDER);
    for piece in parameters.chunks(usize::from(u16::MAX)) {
        bytes.extend(record(PARAMS, piece));
    }
    bytes.extend(record(PARAMS, &[]));
    bytes.extend(record(STDIN, &[]));
    bytes
}

fn parameters_of(request: HealthRequest<'_>, script: &Utf8Path) -> Vec<(&'static str, String)> {
    let HealthRequest { origin, path, .. } = request;
    let Origin { host, .. } = origin;
    let (name, port) = host.rsplit_once(':').unwrap_or((host, if origin.https { "443" } else { "80" }));
    let (document, query) = path.split_once('?').unwrap_or((path, ""));
    let mut parameters = vec![
        ("SCRIPT_FILENAME", script.to_string()),
        ("SCRIPT_NAME", format!("/{}", script.file_name().unwrap_or_default())),
        ("DOCUMENT_ROOT", script.parent().map(ToString::to_string).unwrap_or_default()),
        ("DOCUMENT_URI", document.to_owned()),
        ("QUERY_STRING", query.to_owned()),
        ("REQUEST_METHOD", "GET".to_owned()),
        ("REQUEST_URI", path.to_owned()),
        ("REQUEST_SCHEME", origin.scheme().to_owned()),
        ("GATEWAY_INTERFACE", "CGI/1.1".to_owned()),
        ("SERVER_PROTOCOL", "HTTP/1.1".to_owned()),
        ("SERVER_NAME", name.to_owned()),
        ("SERVER_PORT", port.to_owned()),
        ("REMOTE_ADDR", "127.0.0.1".to_owned()),
        ("HTTP_HOST", host.clone()),
        ("HTTP_USER_AGENT", "pypaas-healthcheck".to_owned()),
        ("HTTP_ACCEPT", "*/*".to_owned()),
        ("HTTP_X_FORWARDED_PROTO", origin.scheme().to_owned()),
        ("HTTP_X_FORWARDED_HOST", host.clone()),
        ("HTTP_X_FORWARDED_PORT", port.to_owned()),
    ];
    if origin.https {
        parameters.push(("HTTPS", "on".to_owned()));
    }
    parameters
}

/// Makes a record of the one request that a connection has.
fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut bytes = vec![VERSION, kind, 0, 1, high, low, 0, 0];
    bytes.extend(content);
    bytes
}

/// Reads an answer to its end, or until its status is known, and returns the status.
pub(super) fn status(connection: &mut dyn Read) -> io::Result<u16> {
    let mut answer = Vec::new();
    loop {
        let mut header = [0; 8];
        connection.read_exact(&mut header)?;
        let [version, kind, _, _, high, low, padding, _] = header;
        if version != VERSION {
            return Err(not_fastcgi());
        }
        let length = u16::from_be_bytes([high, low]);
        let mut content = vec![0; usize::from(length) + usize::from(padding)];
        connection.read_exact(&mut content)?;
        content.truncate(usize::from(length));
        if kind == STDOUT {
            answer.extend(content);
        }
        let is_last = kind == END_REQUEST || answer.len() > LONGEST_HEAD;
        if let Some(status) = status_of(&answer, is_last) {
            return status;
        }
    }
}

/// Finds the status in the head of a CGI answer, which is complete at its blank line (RFC 3875, 6.3.3).
fn status_of(answer: &[u8], is_last: bool) -> Option<io::Result<u16>> {
    let text = String::from_utf8_lossy(answer);
    let end = ["\r\n\r\n", "\n\n"].iter().filter_map(|blank| text.find(blank)).min();
    let Some(head) = end.and_then(|end| text.get(..end)) else {
        return is_last.then(|| Err(not_fastcgi()));
    };
    let value = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("Status").then(|| value.trim().get(..3)?.parse().ok())
    };
    let status = head.lines().find_map(value);
    Some(status.unwrap_or(Some(200)).ok_or_else(not_fastcgi))
}

fn not_fastcgi() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "the answer is not FastCGI")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(head: &str) -> io::Result<u16> {
        let mut bytes = record(7, b"PHP message: hello");
        let (begin, rest) = head.split_at(head.len() / 2);
        bytes.extend(record(STDOUT, begin.as_bytes()));
        bytes.extend(record(STDOUT, rest.as_bytes()));
        bytes.extend(record(END_REQUEST, &[0; 8]));
        status(&mut bytes.as_slice())
    }

    #[test]
    fn a_status_is_read_from_the_head_of_an_answer() {
        assert_eq!(answer("Content-type: text/html\r\n\r\nStatus: 404").unwrap(), 200);
        assert_eq!(answer("Status: 503 Service Unavailable\r\nX-A: b\r\n\r\n").unwrap(), 503);
        assert_eq!(answer("Content-type: text/html\nstatus: 302 Found\n\nx").unwrap(), 302);
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for head in ["", "Status: 200", "Status: abc\r\n\r\n", "Status: \r\n\r\n"] {
            assert!(answer(head).is_err(), "{head:?}");
        }
        for bytes in [&b""[..], b"HTTP/1.1 200 OK\r\n\r\n", &[1, 6, 0, 1, 0, 9, 0, 0, 1]] {
            assert!(status(&mut &*bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn long_values_are_sent_whole() {
        let origin = Origin::localhost();
        let path = format!("/{}?a=b", "x".repeat(200));
        let asked = HealthRequest { origin: &origin, path: &path, script: None };
        let bytes = request(asked, Utf8Path::new("/srv/public/index.php"));
        let name = b"REQUEST_URI";
        let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
        assert_eq!(bytes[at - 5..at], [11, 0x80, 0, 0, 205]);
        assert!(bytes[at + name.len()..].starts_with(path.as_bytes()));
    }
}
