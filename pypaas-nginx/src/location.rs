//! Locations: where requests of a domain lead.

mod proxy;
mod static_files;
mod unavailable;

use std::collections::BTreeSet;

use minijinja::{Value, context};
use pypaas_config::{LocationPath, Protocol};
use pypaas_core::{Route, RoutedLocation};

use crate::directive::{Directive, unless_set};
use crate::snippet::Snippet;
use crate::templates::Templates;
use crate::unprintable::Unprintable;

/// The header with which a server that speaks TLS asks clients to keep to it; empty (so that nginx leaves it out) when
/// the app sent one of its own.
pub(crate) const HSTS: &str = "Strict-Transport-Security";

/// The server block a location is printed into, as far as it matters there.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    /// What a client has in its `Host`: the name, and the port when it is not the usual one.
    pub(crate) authority: &'static str,
    /// Whether the server adds [`HSTS`]. A location with headers of its own has to repeat it: in nginx one `add_header`
    /// in a location drops all those of the server.
    pub(crate) hsts: bool,
    /// Whether nginx can serve files that are compressed already.
    pub(crate) gzip_static: bool,
    /// The admin's directives in the server.
    pub(crate) extra: &'a Snippet,
    /// His TLS directives, in which other ones may be.
    pub(crate) tls_config: &'a Snippet,
}

/// The printed locations of a server, and what they need in it.
#[derive(Debug)]
pub(crate) struct Locations {
    /// Directives of the server. They are not in the locations, so that the admin can set them there.
    pub(crate) defaults: Vec<Directive>,
    /// The blocks.
    pub(crate) blocks: Vec<String>,
}

/// What follows `location`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Pattern<'a> {
    modifier: &'a str,
    path: String,
}

impl From<&Pattern<'_>> for Value {
    fn from(Pattern { modifier, path }: &Pattern<'_>) -> Self {
        context! { modifier => *modifier, path => path.as_str() }
    }
}

/// What a route prints its location from.
struct Ground<'a> {
    templates: &'a Templates,
    pattern: Pattern<'a>,
    surroundings: &'a Surroundings<'a>,
    /// The admin's directives: the runner's, then the location's.
    extra: Snippet,
    /// Whether [`HSTS`] must be repeated.
    hsts: bool,
}

/// Prints `locations`: paths in their order, then regular expressions as they come, because nginx takes the first that
/// matches. What no location covers is not found, instead of looked for in nginx's own directory.
pub(crate) fn print(
    templates: &Templates,
    locations: &[RoutedLocation],
    surroundings: &Surroundings<'_>,
) -> Result<Locations, Unprintable> {
    let mut sorted: Vec<&RoutedLocation> = locations.iter().collect();
    sorted.sort_by_key(|it| if it.path.is_regex() { (true, "") } else { (false, it.path.split().1) });
    let mut blocks = Vec::with_capacity(sorted.len() + 1);
    let mut taken = BTreeSet::new();
    for location in &sorted {
        let block = print_one(templates, location, locations, surroundings)
            .map_err(|Unprintable(reason)| Unprintable(format!("location `{}`: {reason}", location.path)))?;
        let pattern = pattern_of(location);
        if !taken.insert((pattern.modifier.replace("^~", ""), pattern.path)) {
            return Err(Unprintable(format!("location `{}` is there twice for nginx", location.path)));
        }
        blocks.push(block);
    }
    let root = (String::new(), "/".to_owned());
    let admin_has_root = surroundings.extra.sets("root") || surroundings.extra.sets_for("location", "/");
    if !taken.contains(&root) && !admin_has_root {
        blocks.insert(0, templates.print("location_not_found", context! {})?);
    }
    Ok(Locations { defaults: defaults(locations, surroundings), blocks })
}

fn print_one(
    templates: &Templates,
    location: &RoutedLocation,
    all: &[RoutedLocation],
    surroundings: &Surroundings<'_>,
) -> Result<String, Unprintable> {
    let ground = |extra: Option<&String>| {
        let runner = Snippet::read("nginx_extra_config", extra.map(String::as_str))?;
        let extra = runner.and(Snippet::read("nginx_extra_config", location.extra.as_deref())?);
        let hsts = surroundings.hsts && extra.sets("add_header") && !extra.sets_for("add_header", HSTS);
        Ok::<_, Unprintable>(Ground { templates, pattern: pattern_of(location), surroundings, extra, hsts })
    };
    match &location.route {
        Route::Proxy { upstream, protocol, path, extra } => {
            proxy::print(&ground(extra.as_ref())?, upstream, *protocol, path.as_deref())
        }
        Route::Static { root, checkout, index, spa, cache, extra } => {
            let (spa, cache, gzip_static) = (*spa, *cache, surroundings.gzip_static);
            let files = static_files::Files { root, checkout, index, spa, cache, gzip_static };
            let exact = |it: &RoutedLocation, path: &str| it.path.split() == ("=", path);
            let free = |path: &str| !all.iter().any(|it| exact(it, path));
            static_files::print(&ground(extra.as_ref())?, &files, free)
        }
        Route::Unavailable(why) => unavailable::print(templates, &pattern_of(location), surroundings, why),
        Route::Verbatim(text) => {
            let ground = ground(Some(text))?;
            let values =
                context! { pattern => &ground.pattern, hsts => ground.hsts, extra => ground.extra.text };
            templates.print("location_verbatim", values)
        }
    }
}

/// Returns the pattern a location is printed with. One with files ends in `/`: `location /public { alias /x/; }` would
/// serve `/public../secret` from beside the directory.
fn pattern_of(location: &RoutedLocation) -> Pattern<'_> {
    let (modifier, path) = location.path.split();
    let directory = matches!(location.route, Route::Static { .. }) && is_prefix(&location.path);
    let slash = if directory && !path.ends_with('/') { "/" } else { "" };
    Pattern { modifier, path: format!("{path}{slash}") }
}

fn is_prefix(path: &LocationPath) -> bool {
    matches!(path.split().0, "" | "^~")
}

/// Lists what a server needs for the locations in it.
///
/// `proxy_read_timeout 1h`: nginx has one timeout for a slow answer and a quiet websocket, and its 60 s cut websockets
/// that send no pings. A request that an app never answers is held until its client gives up; then nginx drops it too.
fn defaults(locations: &[RoutedLocation], surroundings: &Surroundings<'_>) -> Vec<Directive> {
    let http = |it: &RoutedLocation| matches!(it.route, Route::Proxy { protocol: Protocol::Http, .. });
    let files = |it: &RoutedLocation| matches!(it.route, Route::Static { .. });
    let mut defaults = Vec::new();
    if locations.iter().any(files) {
        // A client may know this server under another name, scheme or port than nginx does.
        defaults.push(Directive::new("absolute_redirect", "off"));
    }
    if locations.iter().any(http) {
        defaults.push(Directive::new("proxy_http_version", "1.1"));
        defaults.push(Directive::new("proxy_read_timeout", "1h"));
    }
    unless_set(&defaults, &[surroundings.extra])
}
