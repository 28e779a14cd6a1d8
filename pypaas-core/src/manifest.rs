//! Manifests: what an app itself says of how it is run.

use pypaas_config::Diagnostic;
use serde::{Deserialize, Serialize};

use crate::host::Commit;

/// What the files of a commit say of how it is run. It is read once and kept with the release, so that going back to an
/// earlier release runs it as it was run then.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Manifest {
    /// The file that says it, such as `Procfile`.
    pub file: String,
    /// YAML with the keys of a branch.
    pub text: String,
}

/// Reads one kind of file that says how an app is run. Pure.
pub trait ManifestFormat {
    /// The name of the file, in the root of a checkout.
    fn file(&self) -> &'static str;

    /// Whether the file says nothing but how an app is run: then the push says where it is not used.
    fn has_no_other_use(&self) -> bool {
        true
    }

    /// Reads the file of `commit`, which holds it.
    fn read(&self, commit: &Commit) -> Result<Manifest, ManifestError>;
}

/// Says why a commit cannot be run as its own files say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// No file says it.
    #[error("nothing says how this app is run: it has no {}", files.iter().map(|file| format!("`{file}`")).collect::<Vec<_>>().join(" and no "))]
    Missing {
        /// The files that could.
        files: Vec<&'static str>,
    },
    /// A line of a file is wrong.
    #[error("{file}:{line}: {reason}")]
    Line {
        /// The file.
        file: &'static str,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A file is wrong as a whole.
    #[error("`{file}` {reason}")]
    File {
        /// The file.
        file: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// What a file says is no configuration of a branch.
    #[error("`{file}` cannot be used: {}", problems.iter().map(|it| it.message.as_str()).collect::<Vec<_>>().join("; "))]
    Unusable {
        /// The file.
        file: String,
        /// All that is wrong.
        problems: Vec<Diagnostic>,
    },
}
