//! The origin under which clients request an app.

use pypaas_config::{Domain, DomainName, NginxSettings};
use serde::Serialize;

/// The scheme and host of the URLs that clients use for an app (RFC 6454). A health check asks under it, because frameworks
/// reject requests for unknown hosts and redirect requests that are not https.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// Whether the scheme is https.
    pub https: bool,
    /// The value of the `Host` header: a name, and the port if it is not the default one.
    pub host: String,
}

impl Origin {
    /// Creates the origin of an app without a domain.
    pub fn localhost() -> Self {
        Self { https: false, host: "localhost".to_owned() }
    }

    /// Returns the origin of the first of `domains` that has a name without `*`; else of a name below the first one.
    pub(crate) fn of<'a>(
        domains: impl Iterator<Item = (&'a DomainName, &'a Domain)> + Clone,
        nginx: &NginxSettings,
    ) -> Self {
        let names = |(name, domain): (&'a DomainName, &'a Domain)| {
            std::iter::once(name).chain(&domain.aliases).map(move |name| (name.as_str(), domain.ssl))
        };
        let mut exact = domains.clone().flat_map(names).filter(|(name, _)| !name.starts_with('*'));
        let below = || {
            let (name, domain) = domains.clone().next()?;
            Some((name.as_str(), domain.ssl))
        };
        match exact.next().or_else(below) {
            Some((name, https)) => Self { https, host: host(&name.replacen('*', "www", 1), https, nginx) },
            None => Self::localhost(),
        }
    }

    /// Returns `https` or `http`.
    pub fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }
}

fn host(name: &str, https: bool, nginx: &NginxSettings) -> String {
    match (https, nginx.http_port, nginx.https_port) {
        (false, 80, _) | (true, _, 443) => name.to_owned(),
        (false, port, _) | (true, _, port) => format!("{name}:{port}"),
    }
}
