//! Certificates that an authority issues to this host.

use std::collections::BTreeSet;
use std::fs;
use std::io;

use jiff::Timestamp;
use pypaas_config::{Diagnostic, Domain, DomainName, Severity};
use pypaas_core::{FailedRenewal, IssuedCertificate, Layout, Platform, Renewal};

use super::openssl::OpenSsl;
use super::{diagnostic, inspect_files};

/// What is known of the certificate of one domain.
#[derive(Debug, Clone)]
pub struct IssuedState {
    /// From when until when it is valid; `None` when there is none.
    pub validity: Option<(Timestamp, Timestamp)>,
    /// Whether clients take it for every name of the domain.
    pub is_for_all_names: bool,
    /// The attempts that failed since.
    pub failed: Option<FailedRenewal>,
}

impl IssuedState {
    /// Returns when the next attempt is due.
    pub fn due_at(&self) -> Timestamp {
        let validity = self.validity.filter(|_| self.is_for_all_names);
        Renewal { validity, failed: self.failed.as_ref() }.due_at()
    }
}

/// Looks at what there is for `domain`.
pub fn issued_state(layout: &Layout, name: &DomainName, domain: &Domain) -> IssuedState {
    let newest = newest(layout, name);
    let read = newest.map(|it| OpenSsl::default().certificate(&it.chain())).transpose();
    // What cannot be seen is no reason to ask an authority.
    let unseen = read.as_ref().err().map(|error| FailedRenewal {
        at: Timestamp::now(),
        failures: 1,
        reason: format!("the certificate cannot be examined: {error}"),
        asked: false,
    });
    let certificate = read.ok().flatten().flatten();
    let failed = unseen.or_else(|| read_failed(layout, name));
    IssuedState {
        validity: certificate.as_ref().map(|it| (it.begin, it.end)),
        is_for_all_names: certificate.is_some_and(|it| domain.names(name).all(|name| it.is_for(name))),
        failed,
    }
}

/// Reads what is known of failed attempts. What cannot be understood counts as one.
fn read_failed(layout: &Layout, name: &DomainName) -> Option<FailedRenewal> {
    let path = layout.failed_renewal(name);
    let now = Timestamp::now();
    let text = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        text => text,
    };
    let read = text.and_then(|text| Ok(serde_json::from_slice::<FailedRenewal>(&text)?));
    let written = || fs::metadata(&path).and_then(|it| it.modified()).ok()?.try_into().ok();
    let failed = read.unwrap_or_else(|error| FailedRenewal {
        at: written().unwrap_or(now),
        failures: 1,
        reason: format!("`{path}` cannot be understood: {error}"),
        asked: true,
    });
    // A clock that was wrong stops nothing for longer than a pause.
    Some(FailedRenewal { at: failed.at.min(now), ..failed })
}

/// Lists the domains that have their certificates issued and have none yet.
pub fn uncertified(platform: &Platform) -> BTreeSet<DomainName> {
    let domains = platform.issued_domains();
    domains.filter(|name| newest(&platform.layout, name).is_none()).cloned().collect()
}

/// Finds the newest certificate; what cannot be listed is not there.
pub(super) fn newest(layout: &Layout, name: &DomainName) -> Option<IssuedCertificate> {
    let all = layout.certificates(name);
    let names = fs::read_dir(&all).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    IssuedCertificate::newest_of(all, names)
}

pub(super) fn check(
    name: &DomainName,
    domain: &Domain,
    now: Timestamp,
    layout: &Layout,
    openssl: &mut OpenSsl,
) -> Vec<Diagnostic> {
    let state = issued_state(layout, name, domain);
    let fix = || format!("run `pypaas certificates renew {name}`, which says what is wrong");
    let because = state.failed.as_ref().map(|failed| failed.reason.clone());
    let Some(issued) = newest(layout, name) else {
        let found = diagnostic(
            Severity::Warning,
            format!("`{name}` has no certificate yet, and is served over http"),
            fix(),
        );
        return vec![found.because(because.iter().map(String::as_str)).not_blocking()];
    };
    let files =
        Domain { ssl_certificate: issued.chain(), ssl_certificate_key: issued.key(), ..domain.clone() };
    let mut found = inspect_files(name, &files, now, openssl).unwrap_or_default();
    // An authority may issue certificates for a few days: one is late when renewing it has failed.
    found.retain(|it| it.is_error() || because.is_some());
    let renamed = found.into_iter().map(|it| it.fix(fix()).because(because.iter().map(String::as_str)));
    renamed.map(Diagnostic::not_blocking).collect()
}
