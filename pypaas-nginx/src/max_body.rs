//! How large the body of a request may be.

use minijinja::{Value, context};
use pypaas_core::VirtualHost;

use crate::snippet::Snippet;
use crate::templates::Templates;
use crate::unprintable::Unprintable;

/// nginx's directive for it; an admin may have it in directives of his own.
pub(crate) const DIRECTIVE: &str = "client_max_body_size";

const MIB: u64 = 1024 * 1024;

/// The page that says what is too large. Its name holds the limit, so that each limit of a domain has its own.
const PAGE: &str = "@larger_than_";

/// A limit as templates print it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Limit(u64);

impl Limit {
    /// Limits bodies to `bytes`; 0 is without limit.
    pub(crate) fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// Returns what a template prints: `size` as nginx spells it, and `page`, the named location that answers, unless there is no
    /// limit or `snippets` hold pages of the admin's. One `error_page` in a block would drop those of the blocks around it.
    pub(crate) fn values(&self, snippets: &[&Snippet]) -> Value {
        let has_page = self.0 > 0 && !snippets.iter().any(|it| it.sets("error_page"));
        context! { size => self.spelled(), page => has_page.then(|| format!("{PAGE}{}", self.spelled())) }
    }

    /// Prints the location with its page; none without a limit.
    pub(crate) fn page(&self, templates: &Templates) -> Result<Option<String>, Unprintable> {
        if self.0 == 0 {
            return Ok(None);
        }
        let text = format!(
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
             <title>Too large</title><h1>Too large</h1><p>At most {} can be sent to this page in one request.</p></html>",
            self.readable()
        );
        templates.print("body_too_large", context! { limit => self.values(&[]), text }).map(Some)
    }

    /// Spells it as nginx does.
    fn spelled(&self) -> String {
        match self.0 {
            bytes if bytes >= MIB && bytes.is_multiple_of(MIB) => format!("{}m", bytes / MIB),
            bytes => bytes.to_string(),
        }
    }

    fn readable(&self) -> String {
        match self.0 {
            bytes if bytes >= MIB && bytes.is_multiple_of(MIB) => format!("{} MB", bytes / MIB),
            bytes if bytes >= 1024 && bytes.is_multiple_of(1024) => format!("{} kB", bytes / 1024),
            bytes => format!("{bytes} bytes"),
        }
    }
}

/// Returns the largest body that any location of `host` takes: the edge reads bodies before the router knows their location.
pub(crate) fn of_host(host: &VirtualHost) -> Result<Limit, Unprintable> {
    let snippets = Snippet::all_of(host)?;
    let written = snippets.iter().flat_map(|snippet| snippet.values_of(DIRECTIVE)).map(bytes);
    let own = std::iter::once(host.max_body).chain(host.locations.iter().filter_map(|it| it.max_body));
    let all: Vec<u64> = own.chain(written).collect();
    Ok(Limit(if all.contains(&0) { 0 } else { all.into_iter().max().unwrap_or_default() }))
}

/// Reads a size as nginx does; what it would not take counts as no limit, and is refused by nginx itself.
fn bytes(text: &str) -> u64 {
    let (number, unit) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 1024),
        Some((at, 'm' | 'M')) => (&text[..at], MIB),
        Some((at, 'g' | 'G')) => (&text[..at], 1024 * MIB),
        _ => (text, 1),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_spelled_as_nginx_does() {
        for (text, size) in [("0", 0), ("512", 512), ("8k", 8192), ("1M", 1_048_576), ("2g", 2_147_483_648)] {
            assert_eq!(bytes(text), size, "{text}");
        }
        assert_eq!(
            (Limit(104_857_600).spelled(), Limit(1000).spelled()),
            ("100m".to_owned(), "1000".to_owned())
        );
    }
}
