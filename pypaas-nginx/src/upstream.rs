//! Upstream blocks.

use minijinja::context;
use pypaas_core::host::Version;
use pypaas_core::{Upstream, UpstreamName, decode};

use crate::directive::{Directive, unless_set};
use crate::snippet::Snippet;
use crate::templates::Templates;
use crate::unprintable::Unprintable;

/// The first version that keeps connections to upstreams open unless it is told otherwise.
const KEEPALIVE_BY_DEFAULT: Version = Version(1, 29, 7);

/// Prints an upstream block.
///
/// `max_fails=0`: with the default of 1, nginx shuns a server for 10 s after one refused connection, so a pool whose
/// processes all restart answers 502 for 10 s (measured). Which of the servers is tried when one refuses is left to
/// nginx's default, which never sends a POST twice.
///
/// `keepalive 0`: where nginx keeps connections to apps open by default, it may send a POST on one that the app (Node, after
/// five seconds) is just closing, and answers 502. Who wants it writes `keepalive 16;` beside a longer time in the app.
pub(crate) fn print(
    templates: &Templates,
    upstream: &Upstream,
    version: Version,
) -> Result<String, Unprintable> {
    if upstream.servers.is_empty() {
        return Err(Unprintable("it has no server, and nginx takes no upstream without one".to_owned()));
    }
    let mut servers: Vec<_> = upstream.servers.iter().map(|it| (it.host.as_str(), it.port)).collect();
    servers.sort_unstable();
    let servers: Vec<String> = servers.into_iter().map(|(host, port)| endpoint(host, port)).collect();
    let extra = Snippet::read("nginx_extra_upstream_config", upstream.extra.as_deref())?;
    let kept = (version >= KEEPALIVE_BY_DEFAULT).then_some(Directive::new("keepalive", "0"));
    let values = context! {
        directives => unless_set(kept.as_slice(), &[&extra]),
        owner => owner(&upstream.name),
        name => upstream.name.to_string(),
        servers,
        extra => extra.text,
    };
    templates.print("upstream", values)
}

/// Joins a host and a port as nginx wants them; an IPv6 address gets its brackets.
pub(crate) fn endpoint(host: &str, port: u16) -> String {
    let bare = host.contains(':') && !host.starts_with('[');
    if bare { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Says in the words of the configuration whose upstream it is.
fn owner(name: &UpstreamName) -> String {
    let name = name.to_string();
    let parts: Vec<String> = name.split('+').filter_map(decode).collect();
    match parts.as_slice() {
        [repo, branch, runner] => format!("runner {runner} of {repo} {branch}"),
        _ => name,
    }
}
