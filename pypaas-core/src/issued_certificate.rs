//! A certificate that was issued to this host.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use pypaas_config::DomainName;

use crate::host::{FileError, Files};
use crate::{Layout, Platform};

/// A certificate with its chain and key, in a directory of their own. nginx's files name it, so that both change together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedCertificate {
    directory: Utf8PathBuf,
}

impl IssuedCertificate {
    /// Names what is in `directory`.
    pub fn at(directory: Utf8PathBuf) -> Self {
        Self { directory }
    }

    /// Finds the newest certificate of `domain`.
    pub fn newest(
        files: &mut dyn Files,
        layout: &Layout,
        domain: &DomainName,
    ) -> Result<Option<Self>, FileError> {
        let all = layout.certificates(domain);
        let names = files.list_directory(&all)?;
        Ok(Self::newest_of(all, names))
    }

    /// Finds the newest of a domain's directory `all`, in which `names` are.
    pub fn newest_of(all: Utf8PathBuf, names: impl IntoIterator<Item = String>) -> Option<Self> {
        // Names are the time; one that is still written begins with a dot.
        let names = names.into_iter();
        let newest = names.filter(|name| name.starts_with(|c: char| c.is_ascii_digit())).max();
        newest.map(|name| Self::at(all.join(name)))
    }

    /// Finds the newest certificates of all domains that have theirs issued.
    pub(crate) fn all(
        files: &mut dyn Files,
        platform: &Platform,
    ) -> Result<BTreeMap<DomainName, Self>, FileError> {
        let mut found = BTreeMap::new();
        for name in platform.issued_domains() {
            let newest = Self::newest(files, &platform.layout, name)?;
            found.extend(newest.map(|certificate| (name.clone(), certificate)));
        }
        Ok(found)
    }

    /// The directory.
    pub fn directory(&self) -> &Utf8PathBuf {
        &self.directory
    }

    /// The file with the certificate and those that vouch for it, in PEM form.
    pub fn chain(&self) -> Utf8PathBuf {
        self.directory.join("fullchain.pem")
    }

    /// The file with its private key, in PEM form.
    pub fn key(&self) -> Utf8PathBuf {
        self.directory.join("key.pem")
    }
}
