//! Where certificates are that are issued to this host, and what issuing them needs.

use camino::Utf8PathBuf;
use pypaas_config::DomainName;

use super::Layout;
use crate::encode;

impl Layout {
    /// The directory of the certificates that were issued for `domain`, one directory for each.
    pub fn certificates(&self, domain: &DomainName) -> Utf8PathBuf {
        self.all_certificates().join(encode(domain.as_str()))
    }

    /// What is known of failed attempts to get a certificate for `domain`.
    pub fn failed_renewal(&self, domain: &DomainName) -> Utf8PathBuf {
        self.certificates(domain).join("+failed.json")
    }

    /// The directory of what belongs to certificates that are issued to this host.
    pub fn all_certificates(&self) -> Utf8PathBuf {
        self.home.join("certificates")
    }

    /// The account at the authority that issues certificates.
    pub fn acme_account(&self) -> Utf8PathBuf {
        self.all_certificates().join("+account.json")
    }

    /// The lock held while certificates are issued.
    pub fn certificates_lock(&self) -> Utf8PathBuf {
        self.all_certificates().join("+lock")
    }

    /// The directory of the answers by which an authority sees that domains are of this host. The edge serves it.
    pub fn acme_answers(&self) -> Utf8PathBuf {
        self.web.join("acme")
    }
}
