//! Certificates: are they there, do they fit, and for how long.
//!
//! They are judged by the `openssl` program, which is of the library that nginx serves them with. nginx reads them as
//! root: where this user may not, nginx itself is asked for what it serves.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::time::Duration;

use camino::Utf8Path;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use pypaas_config::{Domain, DomainName, NginxSettings, Severity};

use super::{Defect, Demand};
use crate::host::program::{self, Answer};

/// How long openssl may take.
const ANSWER: Duration = Duration::from_secs(10);

/// How long before its end a certificate is warned about: Let's Encrypt's are renewed 30 days before.
const EARLY: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What one certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Facts {
    begin: Timestamp,
    end: Timestamp,
    key: String,
    /// The names of the domain that it does not have.
    unnamed: Vec<DomainName>,
}

/// Returns when the certificate of a domain ends; `None` when it cannot be read.
pub(crate) fn end(name: &DomainName, domain: &Domain) -> Option<Timestamp> {
    read_certificate(&domain.ssl_certificate, name, domain).ok().flatten().map(|facts| facts.end)
}

pub(super) fn inspect(now: Timestamp, demand: &Demand<'_>) -> Vec<Defect> {
    let mut defects = Vec::new();
    for (name, domain) in demand.domains().filter(|(_, domain)| domain.ssl) {
        match inspect_files(name, domain, now) {
            Ok(found) => defects.extend(found),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                // A deploy shows what nginx makes of them.
                if demand.is_of_machine() {
                    defects.extend(inspect_served(
                        name,
                        domain,
                        now,
                        &demand.platform.configuration.settings.nginx,
                    ));
                }
            }
            Err(error) => {
                let message = format!("the certificate of `{name}` cannot be examined: {error}");
                defects.push(defect(Severity::Warning, message, "install openssl".to_owned()));
                break;
            }
        }
    }
    defects
}

fn defect(severity: Severity, message: String, mend: String) -> Defect {
    Defect::new(severity, "certificates", message, mend)
}

/// Examines the two files of a domain; an error means that nothing can be said.
fn inspect_files(name: &DomainName, domain: &Domain, now: Timestamp) -> io::Result<Vec<Defect>> {
    let Domain { file, ssl_certificate: certificate, ssl_certificate_key: key, .. } = domain;
    let mut defects = Vec::new();
    for (what, path, option) in
        [("certificate", certificate, "ssl_certificate"), ("private key", key, "ssl_certificate_key")]
    {
        match File::open(path).and_then(|mut file| io::copy(&mut file, &mut io::sink())) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Err(error),
            Err(error) => defects.push(defect(
                Severity::Error,
                format!("the {what} of `{name}` cannot be read: `{path}`: {error}"),
                format!("put it there, or name another file in `{option}` of {file}"),
            )),
        }
    }
    if !defects.is_empty() {
        return Ok(defects);
    }
    let Some(facts) = read_certificate(certificate, name, domain)? else {
        let message =
            format!("the certificate of `{name}`, `{certificate}`, is not a certificate in PEM form");
        let mend = format!("put the certificate there, or name another file in `ssl_certificate` of {file}");
        return Ok(vec![defect(Severity::Error, message, mend)]);
    };
    match read_public_key(key)? {
        None => defects.push(defect(
            Severity::Error,
            format!("the private key of `{name}`, `{key}`, is not a private key without a passphrase"),
            format!("put the key there, or name another file in `ssl_certificate_key` of {file}"),
        )),
        Some(public) if public != facts.key => defects.push(defect(
            Severity::Error,
            format!("the certificate of `{name}`, `{certificate}`, is not of the key `{key}`"),
            "both must be of one pair; in a file of several certificates the domain's own comes first"
                .to_owned(),
        )),
        Some(_) => {}
    }
    defects.extend(judge(name, &format!("`{certificate}`"), &facts, now));
    Ok(defects)
}

/// Examines what nginx serves; nothing is said when it serves nothing for that name yet.
fn inspect_served(name: &DomainName, domain: &Domain, now: Timestamp, nginx: &NginxSettings) -> Vec<Defect> {
    let served = fetch(name, nginx).and_then(|pem| {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(pem.as_bytes())?;
        let path = Utf8Path::from_path(file.path()).ok_or(ErrorKind::InvalidInput)?;
        read_certificate(path, name, domain)
    });
    match served {
        Ok(Some(facts)) => judge(name, &format!("`{}`", domain.ssl_certificate), &facts, now),
        _ => Vec::new(),
    }
}

fn judge(name: &DomainName, place: &str, facts: &Facts, now: Timestamp) -> Vec<Defect> {
    let mut defects = Vec::new();
    for unnamed in &facts.unnamed {
        defects.push(defect(
            Severity::Error,
            format!(
                "the certificate of `{name}`, {place}, does not name `{unnamed}`: clients will refuse it"
            ),
            format!("get one that names `{unnamed}` among its alternative names"),
        ));
    }
    let day = |time: Timestamp| time.strftime("%Y-%m-%d").to_string();
    let renew =
        "renew it; when that is automatic, see why it does not happen, and that nginx is reloaded afterwards";
    if facts.end <= now {
        let message = format!("the certificate of `{name}`, {place}, ended on {}", day(facts.end));
        defects.push(defect(Severity::Error, message, renew.to_owned()));
    } else if facts.end.duration_since(now) < EARLY {
        let days = facts.end.duration_since(now).as_hours() / 24;
        let message =
            format!("the certificate of `{name}`, {place}, ends on {}, in {days} days", day(facts.end));
        defects.push(defect(Severity::Warning, message, renew.to_owned()));
    }
    if facts.begin > now {
        let message = format!("the certificate of `{name}`, {place}, begins on {} only", day(facts.begin));
        defects.push(defect(
            Severity::Error,
            message,
            "see whether the clock of this machine is right".to_owned(),
        ));
    }
    defects.into_iter().map(Defect::no_matter_for_deploys).collect()
}

/// Reads a certificate; `None` when it is none.
fn read_certificate(path: &Utf8Path, name: &DomainName, domain: &Domain) -> io::Result<Option<Facts>> {
    let told = openssl(&["x509", "-in", path.as_str(), "-noout", "-startdate", "-enddate", "-pubkey"])?;
    let Some(mut facts) = told.status.success().then(|| facts(&told.text)).flatten() else { return Ok(None) };
    for name in domain.names(name) {
        let told = openssl(&["x509", "-in", path.as_str(), "-noout", "-checkhost", &example(name)])?;
        if !told.text.contains(" does match certificate") {
            facts.unnamed.push(name.clone());
        }
    }
    Ok(Some(facts))
}

/// Returns a name that a certificate for `name` has to be good for: `*.example.com` stands for all below.
fn example(name: &DomainName) -> String {
    name.as_str().replacen('*', "any", 1)
}

/// Returns the public key of a private one; `None` when it is none, or encrypted.
fn read_public_key(path: &Utf8Path) -> io::Result<Option<String>> {
    let told = openssl(&["pkey", "-in", path.as_str(), "-pubout", "-passin", "pass:"])?;
    Ok(told.status.success().then(|| public_key(&told.text)).flatten())
}

/// Asks nginx for the certificate it serves under `name`.
fn fetch(name: &DomainName, nginx: &NginxSettings) -> io::Result<String> {
    let address = match nginx.listen.first().map(String::as_str) {
        None | Some("0.0.0.0") => "127.0.0.1",
        Some("[::]") => "[::1]",
        Some(address) => address,
    };
    let (address, host) = (format!("{address}:{}", nginx.https_port), example(name));
    let told = openssl(&["s_client", "-connect", &address, "-servername", &host])?;
    if told.status.success() { Ok(told.text) } else { Err(ErrorKind::ConnectionRefused.into()) }
}

fn openssl(arguments: &[&str]) -> io::Result<Answer> {
    let words: Vec<&str> = ["openssl"].into_iter().chain(arguments.iter().copied()).collect();
    program::ask(program::command(&words)?, ANSWER)
}

fn facts(text: &str) -> Option<Facts> {
    let time = |key: &str| {
        let written = text.lines().find_map(|line| line.strip_prefix(key))?;
        // The day is padded with a space.
        let written = written.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        let time = DateTime::strptime("%b %d %H:%M:%S %Y GMT", written).ok()?;
        Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    Some(Facts {
        begin: time("notBefore=")?,
        end: time("notAfter=")?,
        key: public_key(text)?,
        unnamed: Vec::new(),
    })
}

fn public_key(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("-----BEGIN PUBLIC KEY-----")?;
    Some(rest.split_once("-----END PUBLIC KEY-----")?.0.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_openssl_says_is_understood() {
        let text = "notBefore=Nov 24 20:33:15 2026 GMT\nnotAfter=Dec  4 20:33:15 2026 GMT\n\
                    -----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n";
        let expected = Facts {
            begin: "2026-11-24T20:33:15Z".parse().unwrap(),
            end: "2026-12-04T20:33:15Z".parse().unwrap(),
            key: "MFkw".to_owned(),
            unnamed: Vec::new(),
        };
        assert_eq!(facts(text), Some(expected));
        assert_eq!(facts("Could not read certificate from g.crt\n"), None);
    }
}
