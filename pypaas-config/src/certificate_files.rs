//! The check that no domain uses the certificate files of another one, which is a mistake of copy and paste.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::DomainName;
use crate::finding::{Finding, Findings, quote};
use crate::span::Span;

/// A path of a certificate or a key in a domain file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CertificateFile {
    pub(crate) domain: DomainName,
    pub(crate) key: &'static str,
    pub(crate) path: Utf8PathBuf,
    pub(crate) span: Span,
}

/// Warns about files in `files` whose path names another one of `domains`.
pub(crate) fn check(files: &[CertificateFile], domains: &BTreeSet<&DomainName>, findings: &mut Findings) {
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
