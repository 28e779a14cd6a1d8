//! Virtual hosts: how clients reach a domain.

use minijinja::{Value, context};
use pypaas_core::host::Version;
use pypaas_core::{Face, Tls, VirtualHost};

use crate::directive::{Directive, unless_set};
use crate::location::{self, HSTS, Locations, Surroundings};
use crate::snippet::Snippet;
use crate::templates::Templates;
use crate::tls;
use crate::unprintable::Unprintable;
use crate::upstream::endpoint;

/// The first version with `http2 on;`. It warns about the older `listen … http2`.
pub(crate) const HTTP2_DIRECTIVE: Version = Version(1, 25, 1);

/// The first version with `keepalive_min_timeout`.
const KEEPALIVE_MIN_TIMEOUT: Version = Version(1, 27, 4);

/// Prints a domain's server blocks. One with TLS has two: plain http only redirects.
pub(crate) fn print(templates: &Templates, host: &VirtualHost) -> Result<String, Unprintable> {
    let face = &host.face;
    let extra = Snippet::read("nginx_http_extra_config", face.http_extra.as_deref())?;
    let servers = match &face.tls {
        None => vec![http_server(templates, host, &extra)?],
        Some(tls) => vec![redirecting_server(templates, host, &extra)?, https_server(templates, host, tls)?],
    };
    // Nothing in a comment may end it.
    let file = host.file.as_str().replace(char::is_control, " ");
    let servers = servers.join("\n\n");
    Ok(format!("# written by pypaas from {file}; changes are overwritten\n\n{servers}"))
}

fn http_server(templates: &Templates, host: &VirtualHost, extra: &Snippet) -> Result<String, Unprintable> {
    let authority = authority(host.face.http_port, 80);
    let surroundings = Surroundings { authority, hsts: false, extra };
    let locations = location::print(templates, &host.locations, &surroundings)?;
    print_server(templates, host, &listen(&host.face, host.face.http_port, "")?, None, extra, locations)
}

/// Prints the server that sends clients to https. Its redirect is a location, so that the admin's own locations (such as
/// an ACME client's) come first; one of his for `/` replaces it.
fn redirecting_server(
    templates: &Templates,
    host: &VirtualHost,
    extra: &Snippet,
) -> Result<String, Unprintable> {
    let port = if host.face.https_port == 443 { String::new() } else { format!(":{}", host.face.https_port) };
    let target = format!("https://$host{port}$request_uri");
    let pattern = context! { modifier => "", path => "/" };
    let redirect = templates.print("location_redirect", context! { pattern, target })?;
    let blocks = if extra.sets_for("location", "/") { Vec::new() } else { vec![redirect] };
    let locations = Locations { defaults: Vec::new(), blocks };
    print_server(templates, host, &listen(&host.face, host.face.http_port, "")?, None, extra, locations)
}

fn https_server(templates: &Templates, host: &VirtualHost, tls: &Tls) -> Result<String, Unprintable> {
    let extra = Snippet::read("nginx_https_extra_config", host.face.https_extra.as_deref())?;
    let hsts = !extra.sets_for("add_header", HSTS) && !tls::config(tls)?.sets_for("add_header", HSTS);
    let surroundings = Surroundings { authority: authority(host.face.https_port, 443), hsts, extra: &extra };
    let locations = location::print(templates, &host.locations, &surroundings)?;
    let listen = listen(&host.face, host.face.https_port, tls_options(host.version))?;
    let block = tls::print(templates, tls, &extra)?;
    print_server(templates, host, &listen, Some((block, hsts)), &extra, locations)
}

fn print_server(
    templates: &Templates,
    host: &VirtualHost,
    listen: &[Value],
    tls: Option<(String, bool)>,
    extra: &Snippet,
    locations: Locations,
) -> Result<String, Unprintable> {
    let mut face = vec![Directive::new("server_tokens", "off")];
    if tls.is_some() && host.version >= HTTP2_DIRECTIVE {
        face.push(Directive::new("http2", "on"));
    }
    if host.version >= KEEPALIVE_MIN_TIMEOUT {
        // Keeps a reload from closing connections that clients are just about to use.
        face.push(Directive::new("keepalive_min_timeout", "2s"));
    }
    let (tls, hsts) = tls.map_or((None, false), |(block, hsts)| (Some(block), hsts));
    let values = context! {
        listen,
        name => host.name.as_str(),
        face => unless_set(&face, &[extra]),
        tls,
        hsts,
        defaults => locations.defaults,
        extra => &extra.text,
        locations => locations.blocks,
    };
    templates.print("server", values)
}

/// Lists what follows each `listen`: the endpoint as data, the options as written. `ssl` and `http2` are pypaas' to say:
/// on the port for plain http the latter would lock browsers out.
fn listen(face: &Face, port: u16, own: &str) -> Result<Vec<Value>, Unprintable> {
    let extra = face.extra_listen_options.as_deref().unwrap_or_default();
    if extra.contains(|c: char| c.is_control() && !c.is_whitespace() || ";{}#\"'".contains(c)) {
        return Err(Unprintable("`extra_listen_options` holds more than options of one `listen`".to_owned()));
    }
    let extra = extra.split_whitespace().filter(|word| !matches!(*word, "ssl" | "http2"));
    let options: String = own.split_whitespace().chain(extra).map(|word| format!(" {word}")).collect();
    Ok(face
        .listen
        .iter()
        .map(|host| context! { endpoint => endpoint(host, port), options => options.as_str() })
        .collect())
}

/// Returns the options of a `listen` for TLS. All servers of a port need the same: nginx warns when they differ.
pub(crate) fn tls_options(version: Version) -> &'static str {
    if version >= HTTP2_DIRECTIVE { "ssl" } else { "ssl http2" }
}

/// Returns what apps see as `Host`. `$host` has no port, so apps behind an unusual one would make links that lead
/// elsewhere.
fn authority(port: u16, usual: u16) -> &'static str {
    if port == usual { "$host" } else { "$host:$server_port" }
}
