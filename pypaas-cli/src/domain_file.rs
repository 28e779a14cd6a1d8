//! The file of a new domain.

use pypaas_config::{AcmeSettings, DomainName, RunnerRef};

/// Whether a new domain is served over https.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Https {
    /// With a certificate of the authority of `acme`.
    Auto,
    /// Not at all.
    No,
}

impl Https {
    /// Decides for `name`: a certificate is asked for unless `http_only` says otherwise, or the authority issues none for it.
    pub(crate) fn of(acme: &AcmeSettings, name: &DomainName, http_only: bool) -> Self {
        if http_only || !acme.may_issue(name) { Self::No } else { Self::Auto }
    }

    /// Returns the address of `name`.
    pub(crate) fn url(self, name: &DomainName) -> String {
        match self {
            Self::Auto => {
                format!("https://{name}/, and at http://{name}/ until it has its certificate")
            }
            Self::No => format!("http://{name}/"),
        }
    }
}

/// Writes the file of a domain whose location `path` is served by `upstream`.
pub(crate) fn text(upstream: &RunnerRef, path: &str, https: Https) -> String {
    let ssl = if https == Https::Auto { "ssl: auto\n" } else { "" };
    let RunnerRef { repo, branch, runner } = upstream;
    let [path, repo, branch, runner] = [path, repo.as_str(), branch.as_str(), runner.as_str()].map(scalar);
    format!(
        "{ssl}locations:\n  {path}:\n    upstream: {{repo: {repo}, branch: {branch}, runner: {runner}}}\n"
    )
}

/// Writes a string as YAML, in quotes only where it needs some. YAML reads JSON's strings.
pub(crate) fn scalar(text: &str) -> String {
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "._/+-".contains(c));
    match is_plain && !text.starts_with(['-', '+']) && !text.is_empty() {
        true => text.to_owned(),
        false => serde_json::Value::from(text).to_string(),
    }
}
