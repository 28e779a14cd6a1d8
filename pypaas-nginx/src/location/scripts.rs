//! Locations of which nginx serves the files, and one script answers all other requests.

use std::time::Duration;

use camino::Utf8Path;
use minijinja::{Value, context};
use pypaas_core::{Linked, UpstreamName};

use super::{LocationContext, static_files};
use crate::unprintable::Unprintable;

/// What answers, and what is served beside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scripts<'a> {
    pub(super) upstream: &'a UpstreamName,
    pub(super) root: &'a Utf8Path,
    pub(super) script: &'a str,
    /// Whether requests for another PHP file in the directory run that one.
    pub(super) all_scripts: bool,
    pub(super) checkout: &'a Utf8Path,
    /// Links of the checkout into the data directory.
    pub(super) linked: &'a [Linked],
    pub(super) cache: Option<Duration>,
}

/// nginx's `fastcgi_params`; what it cannot know behind a socket it has from the edge's headers. An empty `HTTP_PROXY` hides a
/// client's `Proxy`, which PHP programs take for a setting. There is no `PATH_INFO`: the script reads `REQUEST_URI`.
const PARAMETERS: [(&str, &str); 16] = [
    ("QUERY_STRING", "$query_string"),
    ("REQUEST_METHOD", "$request_method"),
    ("CONTENT_TYPE", "$content_type"),
    ("CONTENT_LENGTH", "$content_length"),
    ("REQUEST_URI", "$request_uri"),
    ("DOCUMENT_URI", "$document_uri"),
    ("GATEWAY_INTERFACE", "CGI/1.1"),
    ("SERVER_PROTOCOL", "$server_protocol"),
    ("SERVER_SOFTWARE", "nginx"),
    ("REQUEST_SCHEME", "$http_x_forwarded_proto"),
    ("HTTPS", "$pypaas_https if_not_empty"),
    ("REMOTE_ADDR", "$remote_addr"),
    ("REMOTE_PORT", "$remote_port"),
    ("SERVER_PORT", "$http_x_forwarded_port"),
    ("SERVER_NAME", "$server_name"),
    ("HTTP_PROXY", "\"\""),
];

/// What names a requested script. `$request_filename` is without the prefix of the location.
const REQUESTED: [(&str, &str); 2] =
    [("SCRIPT_FILENAME", "$request_filename"), ("SCRIPT_NAME", "$fastcgi_script_name")];

/// Paths of PHP source, under the names that servers run, editors leave and people give to copies of it.
const SOURCE: &str = r"\.(?:php\d*|pht|phtml|phar|phps|inc)(?:[^a-z0-9]|$)";

/// Paths that only the project needs. They are not served where the document root is the checkout itself.
const PROJECT: &str = r"/(?:vendor|node_modules|tests?)/|\.(?:ya?ml|lock|sql|db|ini|sh|log|neon|twig|dist|bak)$|/(?:composer|package)[^/]*\.json$|/(?:Procfile|Dockerfile|Makefile)$";

/// Prints a location that serves the files in `root`, and lets `script` answer all other requests.
///
/// `SCRIPT_FILENAME` is that one file, whatever is asked for: no path of a client's ever names what is run. So neither an uploaded
/// file nor a path behind its name (`/uploads/x.jpg/y.php`) can become a program. With `all_scripts` it is the requested file if its name
/// ends in `.php` and nginx finds it, and it is in no linked directory.
///
/// An exact path or a regular expression has no files: the script answers.
pub(super) fn print(
    context: &LocationContext<'_>,
    scripts: &Scripts<'_>,
    is_free: impl Fn(&str) -> bool,
) -> Result<String, Unprintable> {
    let Scripts { upstream, root, script, all_scripts, checkout, linked, cache } = *scripts;
    let pattern = &context.pattern;
    let prefix = pattern.is_prefix();
    let base = if prefix { pattern.path.trim_end_matches('/') } else { "" };
    let script_path = format!("{base}/{script}");
    if prefix && script_path.contains('$') {
        return Err(Unprintable(format!(
            "`{script_path}` holds a `$`, which nginx cannot take as plain text"
        )));
    }
    let (place, directory, trimmed) = static_files::place(pattern, root);
    let own = |directive: &str| context.extra.sets(directive) || context.server.extra.sets(directive);
    let is_own = |name: &str| context.extra.sets_for("fastcgi_param", name);
    let ours = |table: &[(&'static str, &str)]| {
        let ours = table.iter().filter(|(name, _)| !is_own(name));
        ours.map(|(name, value)| context! { name => *name, value => *value }).collect::<Vec<Value>>()
    };
    let file = format!("{trimmed}/{script}");
    let names = [("SCRIPT_FILENAME", file.as_str()), ("SCRIPT_NAME", &script_path)];
    let is_source = |it: &Linked| it.link.extension().is_some_and(|extension| extension.starts_with("ph"));
    let linked: Vec<Linked> = linked.iter().filter(|it| it.is_directory || !is_source(it)).cloned().collect();
    let values = context! {
        pattern,
        max_body => &context.max_body,
        upstream => upstream.to_string(),
        place,
        directory,
        page => prefix.then(|| format!("{script_path}$is_args$args")),
        script_path => &script_path,
        links_from => (!own("disable_symlinks")).then(|| format!("from={checkout}")),
        cache => cache.filter(|_| !own("expires")).map(|it| format!("{}s", it.as_secs())),
        all_scripts => all_scripts && prefix,
        script,
        names => ours(&names),
        requested => ours(&REQUESTED),
        document_root => ours(&[("DOCUMENT_ROOT", trimmed)]),
        passed => ours(&PARAMETERS),
        linked => if prefix { static_files::linked_locations(&pattern.path, trimmed, &linked) } else { Vec::new() },
        hidden => static_files::hidden_files(if prefix { &pattern.path } else { "" }),
        source => SOURCE,
        project => (root == checkout).then_some(PROJECT),
        extra => &context.extra.text,
    };
    let location = context.templates.print("location_scripts", values)?;
    static_files::with_slash(context, location, is_free)
}
