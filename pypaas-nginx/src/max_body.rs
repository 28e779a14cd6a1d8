//! How large the body of a request may be.

use pypaas_core::VirtualHost;

use crate::snippet::Snippet;
use crate::unprintable::Unprintable;

/// nginx's directive for it; an admin may have it in directives of his own.
pub(crate) const DIRECTIVE: &str = "client_max_body_size";

/// Returns the largest body that any location of `host` takes, as nginx spells it: the edge reads bodies before the router
/// knows their location. `0` is without limit.
pub(crate) fn of_host(host: &VirtualHost) -> Result<String, Unprintable> {
    let mut snippets = vec![
        Snippet::read("nginx_http_extra_config", host.frontend.http_extra.as_deref())?,
        Snippet::read("nginx_https_extra_config", host.frontend.https_extra.as_deref())?,
    ];
    for location in &host.locations {
        snippets.push(Snippet::read("nginx_extra_config", location.extra.as_deref())?);
        let runners = location.route.extra();
        snippets.push(Snippet::read("nginx_extra_config", runners)?);
    }
    let written = snippets.iter().flat_map(|snippet| snippet.values_of(DIRECTIVE)).map(bytes);
    let own = std::iter::once(host.max_body).chain(host.locations.iter().filter_map(|it| it.max_body));
    let all: Vec<u64> = own.chain(written).collect();
    let unlimited = all.contains(&0);
    Ok(if unlimited { "0".to_owned() } else { spelled(all.into_iter().max().unwrap_or_default()) })
}

/// Spells a number of bytes as nginx does.
pub(crate) fn spelled(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    if bytes >= MIB && bytes.is_multiple_of(MIB) { format!("{}m", bytes / MIB) } else { bytes.to_string() }
}

/// Reads a size as nginx does; what it would not take counts as no limit, and is refused by nginx itself.
fn bytes(text: &str) -> u64 {
    let (number, unit) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 1024),
        Some((at, 'm' | 'M')) => (&text[..at], 1024 * 1024),
        Some((at, 'g' | 'G')) => (&text[..at], 1024 * 1024 * 1024),
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
        assert_eq!((spelled(104_857_600), spelled(1000)), ("100m".to_owned(), "1000".to_owned()));
    }
}
