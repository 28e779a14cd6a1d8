//! Upstream blocks.

use minijinja::context;
use pypaas_core::host::Version;
use pypaas_core::{Server, Upstream, UpstreamName};

use crate::directive::{Directive, unless_set};
use crate::edge::KEEPALIVE_BY_DEFAULT;
use crate::listen::endpoint;
use crate::snippet::Snippet;
use crate::templates::Templates;
use crate::unprintable::Unprintable;

/// Prints an upstream block.
///
/// `max_fails=0`: with the default of 1, nginx shuns a server for 10 s after one refused connection, so a pool whose
/// processes all restart answers 502 for 10 s (measured). Which of the servers is tried when one refuses is left to
/// nginx's default, which never sends a POST twice.
///
/// There are two groups of the same servers. Connections of the second are kept, for requests that nginx may send once more
/// when the app has just closed a connection: GET and HEAD (`$pypaas_kept`). A POST always gets a connection of its own. An admin's
/// own `keepalive` replaces the number of the second; `keepalive 0` in the first is for nginx 1.29.7 and newer, which keep
/// connections by default.
pub(crate) fn print(
    templates: &Templates,
    upstream: &Upstream,
    version: Version,
) -> Result<String, Unprintable> {
    if upstream.servers.is_empty() {
        return Err(Unprintable("it has no server, and nginx takes no upstream without one".to_owned()));
    }
    let mut servers: Vec<&Server> = upstream.servers.iter().collect();
    servers.sort_unstable();
    let address = |it: &Server| match &it.socket {
        Some(path) => format!("unix:{path}"),
        None => endpoint(&it.host, it.port),
    };
    let servers: Vec<String> = servers.into_iter().map(address).collect();
    let extra = Snippet::read("nginx_extra_upstream_config", upstream.extra.as_deref())?;
    let once = (version >= KEEPALIVE_BY_DEFAULT).then_some(Directive::new("keepalive", "0"));
    let kept = [Directive::new("keepalive", "16"), Directive::new("keepalive_timeout", "4s")];
    let values = context! {
        once => unless_set(once.as_slice(), &[&extra]),
        kept => unless_set(&kept, &[&extra]),
        owner => owner(&upstream.name),
        name => upstream.name.to_string(),
        servers,
        extra => extra.text,
    };
    templates.print("upstream", values)
}

/// Says in the words of the configuration whose upstream it is.
fn owner(name: &UpstreamName) -> String {
    let runner = name.runner();
    format!("runner {} of {} {}", runner.runner, runner.repo, runner.branch)
}
