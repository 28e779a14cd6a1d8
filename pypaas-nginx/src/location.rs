//! Locations: where requests of a domain lead.

mod proxy;
mod scripts;
mod static_files;
mod unavailable;

use std::collections::BTreeSet;

use minijinja::{Value, context};
use pypaas_config::LocationPath;
use pypaas_core::{Route, RoutedLocation};

use crate::max_body::{self, Limit};
use crate::snippet::Snippet;
use crate::templates::Templates;
use crate::unprintable::Unprintable;

/// The server block a location is printed into, as far as it matters there.
#[derive(Debug)]
pub(crate) struct ServerContext<'a> {
    /// Whether nginx can serve files that are compressed already.
    pub(crate) gzip_static: bool,
    /// The admin's directives in the server.
    pub(crate) extra: &'a Snippet,
}

/// What follows `location`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct LocationMatch<'a> {
    modifier: &'a str,
    path: String,
}

impl LocationMatch<'_> {
    /// Returns whether it is the beginning of paths.
    fn is_prefix(&self) -> bool {
        matches!(self.modifier, "" | "^~")
    }
}

impl From<&LocationMatch<'_>> for Value {
    fn from(LocationMatch { modifier, path }: &LocationMatch<'_>) -> Self {
        context! { modifier => *modifier, path => path.as_str() }
    }
}

/// What a route prints its location from.
struct LocationContext<'a> {
    templates: &'a Templates,
    pattern: LocationMatch<'a>,
    server: &'a ServerContext<'a>,
    /// The admin's directives: the runner's, then the location's.
    extra: Snippet,
    /// How large a body may be; see [`Limit::values`].
    max_body: Option<Value>,
}

/// Prints `locations`: paths in their order, then regular expressions as they come, because nginx takes the first that
/// matches. What no location covers is not found, instead of looked for in nginx's own directory.
pub(crate) fn print(
    templates: &Templates,
    locations: &[RoutedLocation],
    server: &ServerContext<'_>,
) -> Result<Vec<String>, Unprintable> {
    let mut sorted: Vec<&RoutedLocation> = locations.iter().collect();
    sorted.sort_by_key(|it| if it.path.is_regex() { (true, "") } else { (false, it.path.split().1) });
    let mut blocks = Vec::with_capacity(sorted.len() + 1);
    let mut taken = BTreeSet::new();
    for location in &sorted {
        let block = print_one(templates, location, locations, server)
            .map_err(|Unprintable(reason)| Unprintable(format!("location `{}`: {reason}", location.path)))?;
        let pattern = pattern_of(location);
        if !taken.insert((pattern.modifier.replace("^~", ""), pattern.path)) {
            return Err(Unprintable(format!("location `{}` is there twice for nginx", location.path)));
        }
        blocks.push(block);
    }
    let root = (String::new(), "/".to_owned());
    let admin_has_root = server.extra.sets("root") || server.extra.sets_for("location", "/");
    if !taken.contains(&root) && !admin_has_root {
        blocks.insert(0, templates.print("location_not_found", context! {})?);
    }
    Ok(blocks)
}

fn print_one(
    templates: &Templates,
    location: &RoutedLocation,
    all: &[RoutedLocation],
    server: &ServerContext<'_>,
) -> Result<String, Unprintable> {
    let context = |extra: Option<&String>| {
        let runner = Snippet::read("nginx_extra_config", extra.map(String::as_str))?;
        let extra = runner.and(Snippet::read("nginx_extra_config", location.extra.as_deref())?);
        let own = location.max_body.filter(|_| !extra.sets(max_body::DIRECTIVE));
        let max_body = own.map(|bytes| Limit::new(bytes).values(&[server.extra, &extra]));
        Ok::<_, Unprintable>(LocationContext {
            templates,
            pattern: pattern_of(location),
            server,
            extra,
            max_body,
        })
    };
    let is_free = |path: &str| !all.iter().any(|it| it.path.split() == ("=", path));
    match &location.route {
        Route::Proxy { upstream, protocol, path, extra } => {
            proxy::print(&context(extra.as_ref())?, upstream, *protocol, path.as_deref())
        }
        Route::Static { root, checkout, linked, index, spa, cache, extra } => {
            let (spa, cache, gzip_static) = (*spa, *cache, server.gzip_static);
            let files = static_files::Files { root, checkout, linked, index, spa, cache, gzip_static };
            static_files::print(&context(extra.as_ref())?, &files, is_free)
        }
        Route::Scripts { upstream, root, script, all_scripts, checkout, linked, cache, extra } => {
            let (all_scripts, cache) = (*all_scripts, *cache);
            let scripts = scripts::Scripts { upstream, root, script, all_scripts, checkout, linked, cache };
            scripts::print(&context(extra.as_ref())?, &scripts, is_free)
        }
        Route::Unavailable(why) => unavailable::print(templates, &pattern_of(location), server, why),
        Route::Verbatim(text) => {
            let context = context(Some(text))?;
            let values = context! { pattern => &context.pattern, max_body => context.max_body, extra => context.extra.text };
            templates.print("location_verbatim", values)
        }
    }
}

/// Returns the pattern a location is printed with. One with files ends in `/`: `location /public { alias /x/; }` would
/// serve `/public../secret` from beside the directory.
fn pattern_of(location: &RoutedLocation) -> LocationMatch<'_> {
    let (modifier, path) = location.path.split();
    let directory =
        matches!(location.route, Route::Static { .. } | Route::Scripts { .. }) && is_prefix(&location.path);
    let slash = if directory && !path.ends_with('/') { "/" } else { "" };
    LocationMatch { modifier, path: format!("{path}{slash}") }
}

fn is_prefix(path: &LocationPath) -> bool {
    matches!(path.split().0, "" | "^~")
}
