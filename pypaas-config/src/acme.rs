//! `acme` of `pypaas.yml`: the authority that issues certificates for domains with `ssl: auto`.

use camino::Utf8PathBuf;

use crate::DomainName;
use crate::fields::Field;
use crate::finding::{Finding, Findings};
use crate::schema::Schema;

/// `acme`.
pub(crate) const ACME: Schema = Schema { name: "acme", keys: &["email", "directory", "ca_file"] };

/// Where Let's Encrypt answers.
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// Ends of names that no public authority issues certificates for: the special-use domains of RFC 6761, 6762, 7686, 8375, 9476
/// and the one that ICANN reserved for private networks.
const PRIVATE: [&str; 9] =
    ["alt", "example", "home.arpa", "internal", "invalid", "local", "localhost", "onion", "test"];

/// `acme` of `pypaas.yml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcmeSettings {
    /// `email`: where the authority writes about problems; `None`: nowhere.
    pub email: Option<String>,
    /// `directory`: the URL at which the authority describes itself. Default: Let's Encrypt's.
    pub directory: String,
    /// `ca_file`: certificates, in PEM form, of which one vouches for the authority's own. Default: the system's.
    pub ca_file: Option<Utf8PathBuf>,
}

impl Default for AcmeSettings {
    fn default() -> Self {
        Self { email: None, directory: LETS_ENCRYPT.to_owned(), ca_file: None }
    }
}

impl AcmeSettings {
    /// Returns whether the authority may issue a certificate for `name`. One of your own issues them for private names, too.
    pub fn may_issue(&self, name: &DomainName) -> bool {
        let name = name.as_str();
        let is_within = |end: &&str| name.strip_suffix(*end).is_some_and(|rest| rest.ends_with('.'));
        let is_private = !name.contains('.') || PRIVATE.iter().any(is_within);
        !name.starts_with("*.") && (self.directory != LETS_ENCRYPT || !is_private)
    }

    pub(crate) fn decode(field: Field<'_>, findings: &mut Findings) -> Option<Self> {
        let fields = field.fields(&ACME, findings)?;
        Some(Self {
            email: fields.optional("email", findings, read_email),
            directory: fields
                .optional("directory", findings, read_url)
                .unwrap_or_else(|| LETS_ENCRYPT.to_owned()),
            ca_file: fields.optional("ca_file", findings, Field::absolute_path),
        })
    }
}

fn read_email(field: &Field<'_>) -> Result<String, Finding> {
    const EXPECTED: &str = "an email address";
    let text = field.text()?;
    let is_address = text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    let has_odd = text.chars().any(|c| c.is_whitespace() || c.is_control() || c == ',');
    if is_address && !has_odd { Ok(text) } else { Err(field.unexpected(EXPECTED)) }
}

fn read_url(field: &Field<'_>) -> Result<String, Finding> {
    const EXPECTED: &str = "a URL that begins with https://";
    let text = field.text()?;
    let is_url = text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty());
    let has_odd = text.chars().any(|c| c.is_whitespace() || c.is_control());
    if is_url && !has_odd { Ok(text) } else { Err(field.unexpected(EXPECTED)) }
}
