//! Certificates: are they there, do they fit, and for how long.
//!
//! They are judged by the `openssl` program, which is of the library that nginx serves them with. nginx reads them as
//! root: where this user may not, nginx itself is asked for what it serves.

mod issued;
mod openssl;

use std::fs::File;
use std::io::{self, ErrorKind};

use camino::Utf8Path;
use jiff::{SignedDuration, Timestamp};
use pypaas_config::{Domain, DomainName, Severity};
use pypaas_core::Layout;

use super::{CheckContext, Diagnostic};
use openssl::{Certificate, OpenSsl};

/// How long before its end a certificate is warned about: Let's Encrypt's are renewed 30 days before.
const EARLY: SignedDuration = SignedDuration::from_hours(30 * 24);

pub use issued::{IssuedState, issued_state, uncertified};

/// Returns when the certificate of a domain ends; `None` when there is none, or it cannot be read.
pub fn end(layout: &Layout, name: &DomainName, domain: &Domain) -> Option<Timestamp> {
    let path = match domain.ssl_auto {
        true => issued::newest(layout, name)?.chain(),
        false => domain.ssl_certificate.clone(),
    };
    OpenSsl::default().certificate(&path).ok().flatten().map(|certificate| certificate.end)
}

pub(super) fn check(now: Timestamp, context: &CheckContext<'_>) -> Vec<Diagnostic> {
    let nginx = &context.platform.configuration.settings.nginx;
    let mut openssl = OpenSsl::default();
    let mut found = Vec::new();
    for (name, domain) in context.domains().filter(|(_, domain)| domain.ssl_auto) {
        found.extend(issued::check(name, domain, now, &context.platform.layout, &mut openssl));
    }
    for (name, domain) in context.domains().filter(|(_, domain)| domain.ssl && !domain.ssl_auto) {
        let place = format!("`{}`", domain.ssl_certificate);
        match inspect_files(name, domain, now, &mut openssl) {
            Ok(more) => found.extend(more),
            // Nothing is said when nginx serves nothing for that name yet; and a deploy shows what nginx makes of the files.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                let served = context.is_of_machine().then(|| OpenSsl::served(name, nginx));
                if let Some(Ok(Some(served))) = served {
                    found.extend(judge(name, domain, &place, &served, now));
                }
            }
            Err(error) => {
                let message = format!("the certificate of `{name}` cannot be examined: {error}");
                found.push(diagnostic(Severity::Warning, message, "install openssl".to_owned()));
                break;
            }
        }
    }
    found
}

fn diagnostic(severity: Severity, message: String, mend: String) -> Diagnostic {
    Diagnostic::new(severity, "certificates", message, mend)
}

/// Examines the two files of a domain; an error means that nothing can be said. A key that only root may read is not
/// compared: nginx refuses one that does not fit.
fn inspect_files(
    name: &DomainName,
    domain: &Domain,
    now: Timestamp,
    openssl: &mut OpenSsl,
) -> io::Result<Vec<Diagnostic>> {
    let Domain { file, ssl_certificate: path, ssl_certificate_key: key, .. } = domain;
    let mut found = Vec::new();
    let mut is_comparable = true;
    let chain = domain.ssl_certificate_chain.as_ref();
    let chain = chain.map(|path| ("chain of trusted certificates", path, "ssl_certificate_chain"));
    let pair = [("certificate", path, "ssl_certificate"), ("private key", key, "ssl_certificate_key")];
    for (what, path, option) in pair.into_iter().chain(chain) {
        match can_read(path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                if option == "ssl_certificate" {
                    return Err(error);
                }
                is_comparable &= option != "ssl_certificate_key";
            }
            Err(error) => found.push(diagnostic(
                Severity::Error,
                format!("the {what} of `{name}` cannot be read: `{path}`: {error}"),
                format!("put it there, or name another file in `{option}` of {file}"),
            )),
        }
    }
    if !found.is_empty() {
        return Ok(found);
    }
    let Some(certificate) = openssl.certificate(path)? else {
        let message = format!("the certificate of `{name}`, `{path}`, is not a certificate in PEM form");
        let mend = format!("put the certificate there, or name another file in `ssl_certificate` of {file}");
        return Ok(vec![diagnostic(Severity::Error, message, mend)]);
    };
    if is_comparable {
        match openssl.public_key(key)? {
            None => found.push(diagnostic(
                Severity::Error,
                format!("the private key of `{name}`, `{key}`, is not a private key without a passphrase"),
                format!("put the key there, or name another file in `ssl_certificate_key` of {file}"),
            )),
            Some(public) if public != certificate.key => found.push(diagnostic(
                Severity::Error,
                format!("the certificate of `{name}`, `{path}`, is not of the key `{key}`"),
                "both must be of one pair; in a file of several certificates the domain's own comes first"
                    .to_owned(),
            )),
            Some(_) => {}
        }
    }
    found.extend(judge(name, domain, &format!("`{path}`"), &certificate, now));
    Ok(found)
}

fn can_read(path: &Utf8Path) -> io::Result<()> {
    io::copy(&mut File::open(path)?, &mut io::sink()).map(drop)
}

fn judge(
    name: &DomainName,
    domain: &Domain,
    place: &str,
    certificate: &Certificate,
    now: Timestamp,
) -> Vec<Diagnostic> {
    let (begin, end) = (certificate.begin, certificate.end);
    let mut found = Vec::new();
    for unnamed in domain.names(name).filter(|name| !certificate.is_for(name)) {
        found.push(diagnostic(
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
    if end <= now {
        let message = format!("the certificate of `{name}`, {place}, ended on {}", day(end));
        found.push(diagnostic(Severity::Error, message, renew.to_owned()));
    } else if end.duration_since(now) < EARLY {
        let days = end.duration_since(now).as_hours() / 24;
        let message = format!("the certificate of `{name}`, {place}, ends on {}, in {days} days", day(end));
        found.push(diagnostic(Severity::Warning, message, renew.to_owned()));
    }
    if begin > now {
        let message = format!("the certificate of `{name}`, {place}, begins on {} only", day(begin));
        found.push(diagnostic(
            Severity::Error,
            message,
            "see whether the clock of this machine is right".to_owned(),
        ));
    }
    found.into_iter().map(Diagnostic::not_blocking).collect()
}
