//! The `openssl` program: what it says of certificates and keys.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Write};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use pypaas_config::{DomainName, NginxSettings};

use crate::program::{self, Answer};

/// How long openssl may take.
const ANSWER: Duration = Duration::from_secs(10);

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    pub(super) begin: Timestamp,
    pub(super) end: Timestamp,
    pub(super) key: String,
    /// The names it is for, such as `*.example.com`. The common name counts for no client any more (RFC 9110, 4.3.4).
    names: Vec<String>,
}

/// Asks openssl, of each file once: many domains may share a certificate.
#[derive(Debug, Default)]
pub(super) struct OpenSsl {
    certificates: BTreeMap<Utf8PathBuf, Option<Certificate>>,
    keys: BTreeMap<Utf8PathBuf, Option<String>>,
}

impl Certificate {
    /// Returns whether clients take it for `name`. A `*` in it stands for one label.
    pub(super) fn is_for(&self, name: &DomainName) -> bool {
        let below = name.as_str().split_once('.').map(|(_, rest)| rest).filter(|rest| rest.contains('.'));
        self.names.iter().any(|own| {
            let own = own.to_ascii_lowercase();
            own == name.as_str() || own.strip_prefix("*.").is_some_and(|rest| Some(rest) == below)
        })
    }
}

impl OpenSsl {
    /// Reads a certificate, the first one of its file; `None` when it is none.
    pub(super) fn certificate(&mut self, path: &Utf8Path) -> io::Result<Option<Certificate>> {
        if let Some(known) = self.certificates.get(path) {
            return Ok(known.clone());
        }
        let told = openssl(&[
            "x509",
            "-in",
            path.as_str(),
            "-noout",
            "-startdate",
            "-enddate",
            "-pubkey",
            "-ext",
            "subjectAltName",
        ])?;
        let read = told.status.success().then(|| certificate(&told.text)).flatten();
        self.certificates.insert(path.to_owned(), read.clone());
        Ok(read)
    }

    /// Returns the public key of a private one; `None` when it is none, or encrypted.
    pub(super) fn public_key(&mut self, path: &Utf8Path) -> io::Result<Option<String>> {
        if let Some(known) = self.keys.get(path) {
            return Ok(known.clone());
        }
        let told = openssl(&["pkey", "-in", path.as_str(), "-pubout", "-passin", "pass:"])?;
        let read = told.status.success().then(|| public_key(&told.text)).flatten();
        self.keys.insert(path.to_owned(), read.clone());
        Ok(read)
    }

    /// Returns the certificate that nginx serves under `name`; `None` when it serves none.
    pub(super) fn served(name: &DomainName, nginx: &NginxSettings) -> io::Result<Option<Certificate>> {
        let host = match nginx.listen.first().map(String::as_str) {
            None | Some("0.0.0.0") => "127.0.0.1",
            Some("[::]") => "[::1]",
            Some(address) => address,
        };
        let address = format!("{host}:{}", nginx.https_port);
        let name = name.as_str().replacen('*', "any", 1);
        let told = openssl(&["s_client", "-connect", &address, "-servername", &name])?;
        if !told.status.success() {
            return Ok(None);
        }
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(told.text.as_bytes())?;
        let path = Utf8Path::from_path(file.path()).ok_or(ErrorKind::InvalidInput)?;
        Self::default().certificate(path)
    }
}

fn openssl(arguments: &[&str]) -> io::Result<Answer> {
    let words: Vec<&str> = ["openssl"].into_iter().chain(arguments.iter().copied()).collect();
    program::ask(program::command(&words)?, ANSWER)
}

fn certificate(text: &str) -> Option<Certificate> {
    let time = |key: &str| {
        let written = text.lines().find_map(|line| line.strip_prefix(key))?;
        // The day is padded with a space.
        let written = written.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        let time = DateTime::strptime("%b %d %H:%M:%S %Y GMT", written).ok()?;
        Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    let names = text.split([',', '\n']).filter_map(|part| part.trim().strip_prefix("DNS:"));
    Some(Certificate {
        begin: time("notBefore=")?,
        end: time("notAfter=")?,
        key: public_key(text)?,
        names: names.map(str::to_owned).collect(),
    })
}

fn public_key(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("-----BEGIN PUBLIC KEY-----")?;
    Some(rest.split_once("-----END PUBLIC KEY-----")?.0.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "notBefore=Nov 24 20:33:15 2026 GMT\nnotAfter=Dec  4 20:33:15 2026 GMT\n\
                        -----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n\
                        X509v3 Subject Alternative Name: \n    DNS:a.example, IP Address:10.0.0.1, DNS:*.B.example\n";

    #[test]
    fn what_openssl_says_is_understood() {
        let expected = Certificate {
            begin: "2026-11-24T20:33:15Z".parse().unwrap(),
            end: "2026-12-04T20:33:15Z".parse().unwrap(),
            key: "MFkw".to_owned(),
            names: vec!["a.example".to_owned(), "*.B.example".to_owned()],
        };
        assert_eq!(certificate(TEXT), Some(expected));
        assert_eq!(certificate("Could not read certificate from g.crt\n"), None);
    }

    #[test]
    fn a_star_stands_for_one_label() {
        let certificate = certificate(TEXT).unwrap();
        let is_for = |name: &str| certificate.is_for(&DomainName::new(name).unwrap());
        for name in ["a.example", "x.b.example", "*.b.example"] {
            assert!(is_for(name), "{name}");
        }
        for name in ["b.example", "x.y.b.example", "x.a.example", "example", "c.example", "*.a.example"] {
            assert!(!is_for(name), "{name}");
        }
    }
}
