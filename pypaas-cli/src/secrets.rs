//! Secrets: values of a branch's environment that are in no configuration file and are shown nowhere.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};

use camino::Utf8PathBuf;
use pypaas_config::BranchRef;
use pypaas_core::{Layout, Platform};

use pypaas_linux::durable;

/// The secrets of one branch, by name.
pub(crate) type Secrets = BTreeMap<String, String>;

/// Says that the secrets of a branch cannot be read. The values are not shown, nor what of them was not understood.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the secrets in `{path}`")]
pub(crate) struct SecretsError {
    path: Utf8PathBuf,
    #[source]
    source: io::Error,
}

/// Reads the secrets of all configured branches.
pub(crate) fn read_all(platform: &Platform) -> Result<BTreeMap<BranchRef, Secrets>, SecretsError> {
    let mut all = BTreeMap::new();
    for (branch, _) in platform.configuration.branches() {
        let secrets = read(&platform.layout, &branch)?;
        if !secrets.is_empty() {
            all.insert(branch, secrets);
        }
    }
    Ok(all)
}

/// Reads the secrets of one branch.
pub(crate) fn read(layout: &Layout, branch: &BranchRef) -> Result<Secrets, SecretsError> {
    let path = layout.secrets(branch);
    let failed = |source| SecretsError { path: path.clone(), source };
    match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Secrets::new()),
        Err(error) => Err(failed(error)),
        Ok(text) => serde_json::from_str(&text)
            .map_err(|_| failed(io::Error::new(ErrorKind::InvalidData, "the file is corrupt"))),
    }
}

/// Replaces the secrets of one branch, for the deploy user's eyes only.
pub(crate) fn write(layout: &Layout, branch: &BranchRef, secrets: &Secrets) -> io::Result<()> {
    let path = layout.secrets(branch);
    if secrets.is_empty() {
        return match fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        };
    }
    durable::replace(&path, serde_json::to_string(secrets)?.as_bytes(), 0o600)
}
