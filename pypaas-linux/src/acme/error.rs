//! Why there is no certificate.

use std::io;

use pypaas_config::DomainName;

/// Says why an authority issued no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AcmeError {
    /// The authority was not asked: it would not find this host under a name.
    #[error("`{name}` does not lead to this host: {reason}")]
    Unreachable {
        /// The name.
        name: DomainName,
        /// What was found instead.
        reason: String,
    },
    /// The authority does not accept the answers.
    #[error("the authority refuses: {0}")]
    Refused(String),
    /// The authority cannot be asked, or answers with an error.
    #[error("the authority issues no certificate: {0}")]
    Authority(#[from] instant_acme::Error),
    /// Files cannot be read or written.
    #[error("cannot keep what belongs to certificates: {0}")]
    Files(#[from] io::Error),
    /// The file with the account cannot be understood.
    #[error("cannot understand the account at the authority: {0}")]
    Account(#[from] serde_json::Error),
}
