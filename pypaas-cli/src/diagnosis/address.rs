//! The address of a request, as somebody copies it from a browser or types it.

use std::fmt;
use std::str::FromStr;

/// A domain, and what a URL may say besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// `http` or `https`, when it was said.
    pub(crate) scheme: Option<&'static str>,
    /// The domain, in lower case.
    pub(crate) host: String,
    /// The port, when it was said.
    pub(crate) port: Option<u16>,
    /// The path with its query; `/` when nothing was said.
    pub(crate) path: String,
}

impl Address {
    /// Returns whether https was asked for.
    pub(super) fn is_secure(&self) -> bool {
        self.scheme == Some("https")
    }

    /// Returns the path by which nginx chooses a location.
    pub(super) fn path_without_query(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("an address has no spaces or control characters".to_owned());
        }
        let (scheme, rest) = match text.split_once("://") {
            Some(("http", rest)) => (Some("http"), rest),
            Some(("https", rest)) => (Some("https"), rest),
            Some((other, _)) => return Err(format!("`{other}` is neither http nor https")),
            None => (None, text),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| format!("`{port}` is not a port"))?)),
            None => (authority, None),
        };
        let host = host.trim_end_matches('.').to_lowercase();
        if host.is_empty() {
            return Err("write a domain such as `shop.example.com`, or a whole URL".to_owned());
        }
        Ok(Self { scheme, host, port, path })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scheme) = self.scheme {
            write!(f, "{scheme}://")?;
        }
        f.write_str(&self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_and_urls_are_read() {
        for (text, shown) in [
            ("shop.example", "shop.example/"),
            ("Shop.Example.", "shop.example/"),
            ("http://shop.example", "http://shop.example/"),
            ("https://shop.example:8443/a?b=c#d", "https://shop.example:8443/a?b=c"),
            ("shop.example?x", "shop.example/?x"),
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), shown, "{text}");
        }
        for wrong in ["", "ftp://x", "http://", "a b", "x:99999", "/path", "x/\r\nHost: y"] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
