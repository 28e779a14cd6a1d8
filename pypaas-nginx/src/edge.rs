//! The edge: the nginx that clients connect to. It knows domains and certificates, and passes everything on to the router.

use minijinja::{Value, context};
use pypaas_core::EdgeConfig;
use pypaas_core::host::Version;

use crate::directive::Directive;
use crate::listen::{endpoint, names_hash, tls_options};
use crate::snippet::Snippet;
use crate::templates::Templates;
use crate::tls::PROFILE;
use crate::unprintable::Unprintable;

/// The first version with `ssl_reject_handshake`.
const REJECT_HANDSHAKE: Version = Version(1, 19, 4);

/// The first version that keeps connections to upstreams open unless it is told otherwise.
pub(crate) const KEEPALIVE_BY_DEFAULT: Version = Version(1, 29, 7);

/// The upstream of the edge that is the router's socket for requests that came over plain http.
pub(crate) const ROUTER_HTTP: &str = "pypaas_http";

/// The same for requests that came over TLS.
pub(crate) const ROUTER_HTTPS: &str = "pypaas_https";

/// Headers by which a proxy in front says who the client is and what it asked for; an app may believe them. From anybody but a
/// trusted proxy they are emptied. (`Proxy` always is: CGI programs take it for a setting.)
const FRONT_HEADERS: [&str; 17] = [
    "Forwarded",
    "X-Forwarded",
    "X-Forwarded-Ssl",
    "X-Forwarded-Scheme",
    "X-Forwarded-Prefix",
    "X-Forwarded-Server",
    "X-Scheme",
    "X-Url-Scheme",
    "Front-End-Https",
    "X-Original-Host",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "Client-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
];

/// Prints what is common to all domains, with the server that refuses unknown hosts and unknown SNI.
///
/// A client that named a configured domain over TLS and asks for an unknown one over the same connection gets 421, which
/// tells it to make another connection (RFC 9110, 15.5.20).
///
/// TLS directives are in the default server, because a client's connection begins in it: nginx takes the protocols and the
/// session settings from there until the client has named its domain. So the admin's directives for all domains are in it.
pub(crate) fn print(templates: &Templates, edge: &EdgeConfig) -> Result<String, Unprintable> {
    if edge.https_port.is_some() && edge.version < REJECT_HANDSHAKE {
        let reason = format!(
            "nginx {} cannot refuse unknown names over TLS, {REJECT_HANDSHAKE} or newer can",
            edge.version
        );
        return Err(Unprintable(reason));
    }
    let all = |port: u16| edge.listen.iter().map(|host| endpoint(host, port)).collect::<Vec<_>>();
    let config = Snippet::read("ssl_config", edge.tls_config.as_deref())?;
    let upstream = |name: &str, socket: &camino::Utf8Path| {
        context! { name, server => format!("unix:{socket}") }
    };
    let upstreams =
        vec![upstream(ROUTER_HTTP, &edge.sockets.http), upstream(ROUTER_HTTPS, &edge.sockets.https)];
    let values = context! {
        pid => edge.pid_file.as_str(),
        defaults => keepalive_min_timeout(edge.version).into_iter().collect::<Vec<_>>(),
        trusted_proxies => &edge.trusted_proxies,
        resolver => edge.resolver.join(" "),
        front => FRONT_HEADERS.iter().map(|name| front_header(name)).collect::<Vec<_>>(),
        upstreams,
        once => edge.version >= KEEPALIVE_BY_DEFAULT,
        http => all(edge.http_port),
        https => edge.https_port.map(all),
        tls_options => tls_options(edge.version),
        profile => if config.text.is_empty() { PROFILE.to_vec() } else { Vec::new() },
        config => config.text,
        hash => names_hash(edge.longest_name, edge.names),
    };
    templates.print("edge", values)
}

fn front_header(name: &str) -> Value {
    let variable = name.to_lowercase().replace('-', "_");
    context! { name, variable }
}

/// How long nginx keeps an idle connection open that it would otherwise close at once, when its configuration is loaded
/// anew: a client may be about to send a request on it. The first version that can be told so is 1.27.4.
fn keepalive_min_timeout(version: Version) -> Option<Directive> {
    (version >= Version(1, 27, 4)).then_some(Directive::new("keepalive_min_timeout", "2s"))
}
