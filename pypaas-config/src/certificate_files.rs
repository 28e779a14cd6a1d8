//! Checks of the certificate files that domains name.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::finding::{Finding, Findings, quote};
use crate::span::Span;
use crate::{DomainName, NginxSettings};

/// The key of a domain that enables OCSP stapling.
const CHAIN: &str = "ssl_certificate_chain";

/// A path of a certificate or a key in a domain file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CertificateFile {
    pub(crate) domain: DomainName,
    pub(crate) key: &'static str,
    pub(crate) path: Utf8PathBuf,
    pub(crate) span: Span,
}

/// Warns about files in `files` whose path names another one of `domains`, which is a mistake of copy and paste.
pub(crate) fn check_owners(
    files: &[CertificateFile],
    domains: &BTreeSet<&DomainName>,
    findings: &mut Findings,
) {
    for file in files {
        let Some(other) = owner(&file.path, domains).filter(|other| !are_related(other, &file.domain)) else {
            continue;
        };
        let message = format!("{} names a file of the domain {}", quote(file.key), quote(other.as_str()));
        findings.add(
            Finding::warning(file.span, message)
                .label(format!("expected a file of {}", file.domain))
                .help("clients reject a certificate that does not include the name of the domain"),
        );
    }
}

/// Warns about chains for OCSP stapling in `files` that nginx cannot use because it knows no DNS server.
pub(crate) fn check_stapling(
    files: &[CertificateFile],
    nginx: &NginxSettings,
    has_own_tls: impl Fn(&DomainName) -> bool,
    findings: &mut Findings,
) {
    for file in files.iter().filter(|file| file.key == CHAIN && !has_own_tls(&file.domain)) {
        if nginx.resolver.is_empty() {
            findings.add(
                Finding::warning(file.span, format!("{} has no effect", quote(CHAIN)))
                    .label("for OCSP stapling, nginx must find the server of the certificate authority")
                    .help("set `resolver` below `nginx` in pypaas.yml to the address of a DNS server, or remove the key"),
            );
        }
    }
}

/// Returns the domain that a directory or the file of `path` is named after.
fn owner<'a>(path: &Utf8Path, domains: &BTreeSet<&'a DomainName>) -> Option<&'a DomainName> {
    let names: BTreeSet<&str> = path.components().map(|component| component.as_str()).collect();
    let stem = path.file_stem().unwrap_or_default();
    domains.iter().copied().find(|domain| names.contains(domain.as_str()) || domain.as_str() == stem)
}

/// Returns whether one certificate probably includes both names: they end in the same two labels.
fn are_related(one: &DomainName, other: &DomainName) -> bool {
    let parent = |name: &DomainName| {
        let mut labels: Vec<String> = name.as_str().rsplit('.').take(2).map(str::to_owned).collect();
        labels.reverse();
        labels
    };
    parent(one) == parent(other)
}
