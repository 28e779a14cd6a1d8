//! Virtual hosts: how clients reach a domain.

use std::time::Duration;

use minijinja::{Value, context};
use pypaas_config::DomainName;
use pypaas_core::host::Version;
use pypaas_core::{Frontend, Tls, VirtualHost};

use crate::directive::{Directive, unless_set};
use crate::location::{self, HSTS, Locations, Surroundings};
use crate::snippet::Snippet;
use crate::templates::Templates;
use crate::tls;
use crate::unprintable::Unprintable;
use crate::upstream::endpoint;

/// The first version with `http2 on;`. It warns about the older `listen … http2`.
pub(crate) const HTTP2_DIRECTIVE: Version = Version(1, 25, 1);

/// How long nginx keeps an idle connection open that it would otherwise close at once, when its configuration is loaded
/// anew: a client may be about to send a request on it.
pub const KEEPALIVE_MIN_TIMEOUT: Duration = Duration::from_secs(2);

/// The first version of nginx that can be told so.
pub const KEEPALIVE_MIN_TIMEOUT_SINCE: Version = Version(1, 27, 4);

/// Prints a domain's server blocks. One with TLS has two, plain http only redirects; names that are redirected have their
/// own.
pub(crate) fn print(templates: &Templates, host: &VirtualHost) -> Result<String, Unprintable> {
    let frontend = &host.frontend;
    let extra = Snippet::read("nginx_http_extra_config", frontend.http_extra.as_deref())?;
    let (names, redirected) = (names(host), host.frontend.redirects.iter().collect::<Vec<_>>());
    let print = Printer { templates, host };
    let servers = match (&frontend.tls, redirected.as_slice()) {
        (None, []) => vec![print.http_server(&names, &extra)?],
        (None, redirected) => {
            vec![
                print.redirecting_server(redirected, &print.own_address(), &extra)?,
                print.http_server(&names, &extra)?,
            ]
        }
        (Some(tls), []) => {
            vec![
                print.redirecting_server(&names, &print.same_name(), &extra)?,
                print.https_server(&names, tls)?,
            ]
        }
        (Some(tls), redirected) => vec![
            print.redirecting_server(redirected, &print.own_address(), &extra)?,
            print.redirecting_https_server(redirected, tls)?,
            print.redirecting_server(&names, &print.same_name(), &extra)?,
            print.https_server(&names, tls)?,
        ],
    };
    // Nothing in a comment may end it.
    let file = host.file.as_str().replace(char::is_control, " ");
    let servers = servers.join("\n\n");
    Ok(format!("# written by pypaas from {file}; changes are overwritten\n\n{servers}"))
}

/// Lists the names under which the locations are served.
fn names(host: &VirtualHost) -> Vec<&DomainName> {
    std::iter::once(&host.name).chain(&host.frontend.aliases).collect()
}

/// Prints the server blocks of one domain.
struct Printer<'a> {
    templates: &'a Templates,
    host: &'a VirtualHost,
}

/// What is in one server block, besides what every one has.
struct Parts<'a> {
    names: &'a [&'a DomainName],
    listen: Vec<Value>,
    /// The printed TLS directives, and whether HSTS is added.
    tls: Option<(String, bool)>,
    extra: &'a Snippet,
    locations: Locations,
}

impl Printer<'_> {
    fn http_server(&self, names: &[&DomainName], extra: &Snippet) -> Result<String, Unprintable> {
        let frontend = &self.host.frontend;
        let surroundings = Surroundings {
            authority: authority(frontend.http_port, 80),
            hsts: false,
            gzip_static: self.host.gzip_static,
            extra,
            tls_config: &Snippet::default(),
        };
        let locations = location::print(self.templates, &self.host.locations, &surroundings)?;
        let listen = listen(frontend, frontend.http_port, "")?;
        self.print(Parts { names, listen, tls: None, extra, locations })
    }

    /// Prints the server that sends clients of plain http elsewhere. Its redirect is a location, so that the admin's own
    /// locations (such as an ACME client's) come first; one of his for `/` replaces it.
    fn redirecting_server(
        &self,
        names: &[&DomainName],
        to: &str,
        extra: &Snippet,
    ) -> Result<String, Unprintable> {
        let blocks = if extra.sets_for("location", "/") { Vec::new() } else { vec![self.redirect(to)?] };
        let locations = Locations { defaults: Vec::new(), blocks };
        let listen = listen(&self.host.frontend, self.host.frontend.http_port, "")?;
        self.print(Parts { names, listen, tls: None, extra, locations })
    }

    /// Prints the server that sends clients of names that are redirected to the domain's own, over TLS.
    fn redirecting_https_server(&self, names: &[&DomainName], tls: &Tls) -> Result<String, Unprintable> {
        let extra = Snippet::default();
        let hsts = !tls::config(tls)?.sets_for("add_header", HSTS);
        let block = tls::print(self.templates, tls, &extra)?;
        let locations = Locations { defaults: Vec::new(), blocks: vec![self.redirect(&self.own_address())?] };
        let listen = self.https_listen()?;
        self.print(Parts { names, listen, tls: Some((block, hsts)), extra: &extra, locations })
    }

    fn https_server(&self, names: &[&DomainName], tls: &Tls) -> Result<String, Unprintable> {
        let frontend = &self.host.frontend;
        let extra = Snippet::read("nginx_https_extra_config", frontend.https_extra.as_deref())?;
        let tls_config = tls::config(tls)?;
        let hsts = !extra.sets_for("add_header", HSTS) && !tls_config.sets_for("add_header", HSTS);
        let surroundings = Surroundings {
            authority: authority(frontend.https_port, 443),
            hsts,
            gzip_static: self.host.gzip_static,
            extra: &extra,
            tls_config: &tls_config,
        };
        let locations = location::print(self.templates, &self.host.locations, &surroundings)?;
        let block = tls::print(self.templates, tls, &extra)?;
        let listen = self.https_listen()?;
        self.print(Parts { names, listen, tls: Some((block, hsts)), extra: &extra, locations })
    }

    fn https_listen(&self) -> Result<Vec<Value>, Unprintable> {
        listen(&self.host.frontend, self.host.frontend.https_port, tls_options(self.host.version))
    }

    fn redirect(&self, to: &str) -> Result<String, Unprintable> {
        let pattern = context! { modifier => "", path => "/" };
        let target = format!("{to}$request_uri");
        self.templates.print("location_redirect", context! { pattern, target })
    }

    /// Where clients of plain http go on over TLS: under the name they came by.
    fn same_name(&self) -> String {
        format!("https://$host{}", port_if_unusual(self.host.frontend.https_port, 443))
    }

    /// Where the domain itself is.
    fn own_address(&self) -> String {
        let Frontend { http_port, https_port, tls, .. } = &self.host.frontend;
        let (scheme, port, usual) = match tls {
            Some(_) => ("https", *https_port, 443),
            None => ("http", *http_port, 80),
        };
        format!("{scheme}://{}{}", self.host.name, port_if_unusual(port, usual))
    }

    fn print(&self, parts: Parts<'_>) -> Result<String, Unprintable> {
        let Parts { names, listen, tls, extra, locations } = parts;
        let mut frontend = vec![Directive::new("server_tokens", "off")];
        if tls.is_some() && self.host.version >= HTTP2_DIRECTIVE {
            frontend.push(Directive::new("http2", "on"));
        }
        if self.host.version >= KEEPALIVE_MIN_TIMEOUT_SINCE {
            const { assert!(KEEPALIVE_MIN_TIMEOUT.as_secs() == 2) };
            frontend.push(Directive::new("keepalive_min_timeout", "2s"));
        }
        let (tls, hsts) = tls.map_or((None, false), |(block, hsts)| (Some(block), hsts));
        let values = context! {
            listen,
            names => names.iter().map(ToString::to_string).collect::<Vec<_>>(),
            frontend => unless_set(&frontend, &[extra]),
            tls,
            hsts,
            defaults => locations.defaults,
            extra => &extra.text,
            locations => locations.blocks,
        };
        self.templates.print("server", values)
    }
}

fn port_if_unusual(port: u16, usual: u16) -> String {
    if port == usual { String::new() } else { format!(":{port}") }
}

/// Lists what follows each `listen`: the endpoint as data, the options as written. `ssl` and `http2` are pypaas' to say:
/// on the port for plain http the latter would lock browsers out.
fn listen(frontend: &Frontend, port: u16, own: &str) -> Result<Vec<Value>, Unprintable> {
    let extra = frontend.extra_listen_options.as_deref().unwrap_or_default();
    if extra.contains(|c: char| c.is_control() && !c.is_whitespace() || ";{}#\"'".contains(c)) {
        return Err(Unprintable("`extra_listen_options` holds more than options of one `listen`".to_owned()));
    }
    let extra = extra.split_whitespace().filter(|word| !matches!(*word, "ssl" | "http2"));
    let options: String = own.split_whitespace().chain(extra).map(|word| format!(" {word}")).collect();
    Ok(frontend
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
