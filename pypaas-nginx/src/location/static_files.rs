//! Locations that serve files.

use std::time::Duration;

use camino::Utf8Path;
use minijinja::{Value, context};
use pypaas_core::Linked;

use super::{LocationContext, LocationMatch};
use crate::unprintable::Unprintable;

/// The `index` nginx has by itself.
const NGINX_INDEX: &str = "index.html";

/// What is served, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Files<'a> {
    pub(super) root: &'a Utf8Path,
    pub(super) checkout: &'a Utf8Path,
    /// Links of the checkout into the data directory.
    pub(super) linked: &'a [Linked],
    pub(super) index: &'a str,
    pub(super) spa: bool,
    pub(super) cache: Option<Duration>,
    /// Whether nginx can serve `app.js.gz` for `app.js`.
    pub(super) gzip_static: bool,
}

/// Prints a location that serves the files in `root`. For a prefix the prefix is not part of the file's path; for an
/// exact path or a regular expression the whole path is.
///
/// `disable_symlinks on` refuses every symbolic link below the checkout, the root itself included. nginx has nothing that
/// allows a link inside the checkout and refuses one that leaves it; the weaker `if_not_owner` follows links to any file of the deploy user, such as
/// the configuration or another app's checkout.
///
/// A single-page application answers every path that is no file with the index of its root. That page is asked for anew
/// each time, whatever `cache` says: it names the files of one version.
///
/// `is_free` says whether the domain has no exact location of this path.
pub(super) fn print(
    context: &LocationContext<'_>,
    files: &Files<'_>,
    is_free: impl Fn(&str) -> bool,
) -> Result<String, Unprintable> {
    let Files { root, checkout, linked, index, spa, cache, gzip_static } = *files;
    let LocationMatch { modifier, path } = &context.pattern;
    let prefix = context.pattern.is_prefix();
    let (place, directory, trimmed) = place(&context.pattern, root);
    let own = |directive: &str| context.extra.sets(directive) || context.server.extra.sets(directive);
    let values = context! {
        pattern => &context.pattern,
        max_body => &context.max_body,
        place,
        directory,
        links_from => (!own("disable_symlinks")).then(|| format!("from={checkout}")),
        index => (index != NGINX_INDEX && !own("index")).then_some(index),
        gzip_static => gzip_static && !own("gzip_static"),
        cache => cache.filter(|_| !own("expires")).map(|it| format!("{}s", it.as_secs())),
        page => (spa && prefix && !own("try_files")).then(|| format!("{}/{index}", path.trim_end_matches('/'))),
        page_file => format!("{trimmed}/{index}"),
        linked => if prefix { linked_locations(path, trimmed, linked) } else { Vec::new() },
        hidden => (*modifier != "=").then(|| hidden_files(if prefix { path } else { "" })),
        extra => &context.extra.text,
    };
    let location = context.templates.print("location_static", values)?;
    with_slash(context, location, is_free)
}

/// Says by which directive a location names the directory `root`, with which value, and what that is without a slash at its end.
pub(super) fn place<'a>(pattern: &LocationMatch<'_>, root: &'a Utf8Path) -> (&'static str, String, &'a str) {
    let trimmed = root.as_str().trim_end_matches('/');
    match pattern.is_prefix() && pattern.path != "/" {
        true => ("alias", format!("{trimmed}/"), trimmed),
        false => ("root", trimmed.to_owned(), trimmed),
    }
}

/// Puts a redirect in front of the `location` of a directory, for clients that leave out the slash at its end.
pub(super) fn with_slash(
    context: &LocationContext<'_>,
    location: String,
    is_free: impl Fn(&str) -> bool,
) -> Result<String, Unprintable> {
    let bare = context.pattern.path.trim_end_matches('/');
    if !context.pattern.is_prefix() || bare.is_empty() || !is_free(bare) {
        return Ok(location);
    }
    let pattern = LocationMatch { modifier: "=", path: bare.to_owned() };
    let target = format!("{}/$is_args$args", encode_for_url(bare));
    let redirect = context.templates.print("location_redirect", context! { pattern => &pattern, target })?;
    Ok(format!("{redirect}\n\n{location}"))
}

/// Says where the links below `root`, which is served at `path`, lead to. nginx does not follow the links itself: what an app
/// links to from there is not served.
pub(super) fn linked_locations(path: &str, root: &str, linked: &[Linked]) -> Vec<Value> {
    let below = |it: &Linked| {
        let relative = it.link.as_str().strip_prefix(root)?.trim_start_matches('/').to_owned();
        let slash = if it.is_directory { "/" } else { "" };
        Some(context! {
            modifier => if it.is_directory { "^~" } else { "=" },
            path => format!("{}/{relative}{slash}", path.trim_end_matches('/')),
            target => format!("{}{slash}", it.target),
            from => format!("from={}", it.data),
        })
    };
    linked.iter().filter_map(below).collect()
}

/// Returns the regular expression of paths through a file or directory whose name begins with a dot, below `prefix`; only
/// `.well-known` (RFC 8615) is meant to be seen. It is matched inside of the location, so no other location suffers.
pub(super) fn hidden_files(prefix: &str) -> String {
    if prefix.contains("/.") {
        // The admin serves a hidden directory on purpose: only what is hidden inside of it stays so.
        format!(r"^{}(?:[^/]+/)*\.(?!well-known/)", escape_regex(prefix))
    } else {
        r"/\.(?!well-known/)".to_owned()
    }
}

fn escape_regex(text: &str) -> String {
    let special = |c: char| r"\.+*?()|[]{}^$".contains(c);
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// Encodes a path for a `Location` header, which also leaves nothing for nginx to evaluate.
fn encode_for_url(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~!&()*+,=:@".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_directory_served_on_purpose_hides_only_what_is_hidden_in_it() {
        assert_eq!(hidden_files("/public/"), r"/\.(?!well-known/)");
        assert_eq!(hidden_files("/.well-known/"), r"^/\.well-known/(?:[^/]+/)*\.(?!well-known/)");
    }

    #[test]
    fn nothing_in_a_redirect_is_left_to_evaluate() {
        assert_eq!(encode_for_url("/a-b/ü$x%"), "/a-b/%C3%BC%24x%25");
    }
}
