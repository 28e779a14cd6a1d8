//! A domain as the router serves it: its locations, and where clients are sent on to.

use std::collections::BTreeSet;

use minijinja::context;
use pypaas_config::DomainName;
use pypaas_core::{Frontend, VirtualHost};

use crate::location::{self, ServerContext};
use crate::max_body::{self, Limit};
use crate::snippet::Snippet;
use crate::templates::Templates;
use crate::unprintable::Unprintable;

/// Prints a domain's server blocks. One with TLS has two, plain http only redirects; names that are redirected have their
/// own.
pub(crate) fn print(templates: &Templates, host: &VirtualHost) -> Result<String, Unprintable> {
    let frontend = &host.frontend;
    let http_extra = Snippet::read("nginx_http_extra_config", frontend.http_extra.as_deref())?;
    let https_extra = Snippet::read("nginx_https_extra_config", frontend.https_extra.as_deref())?;
    let (names, redirected) = (names(host), frontend.redirects.iter().collect::<Vec<_>>());
    let print = Printer { templates, host };
    let mut servers = Vec::new();
    if !redirected.is_empty() {
        servers.push(print.redirecting_server(
            Scheme::Http,
            &redirected,
            &print.own_address(),
            &http_extra,
        )?);
    }
    if frontend.tls.is_some() {
        if !redirected.is_empty() {
            let none = Snippet::default();
            servers.push(print.redirecting_server(
                Scheme::Https,
                &redirected,
                &print.own_address(),
                &none,
            )?);
        }
        servers.push(print.redirecting_server(Scheme::Http, &names, &print.same_name(), &http_extra)?);
        servers.push(print.server(Scheme::Https, &names, &https_extra)?);
    } else {
        servers.push(print.server(Scheme::Http, &names, &http_extra)?);
    }
    Ok(format!("{}\n\n{}", comment_of(host), servers.join("\n\n")))
}

/// The comment at the top of a domain's files.
pub(crate) fn comment_of(host: &VirtualHost) -> String {
    // Nothing in a comment may end it.
    let file = host.file.as_str().replace(char::is_control, " ");
    format!("# written by pypaas from {file}; changes are overwritten")
}

/// Lists the names under which the locations are served.
fn names(host: &VirtualHost) -> Vec<&DomainName> {
    std::iter::once(&host.name).chain(&host.frontend.aliases).collect()
}

/// How a request came to the edge, which passes it on through a socket for each.
#[derive(Debug, Clone, Copy)]
enum Scheme {
    Http,
    Https,
}

/// Prints the server blocks of one domain.
struct Printer<'a> {
    templates: &'a Templates,
    host: &'a VirtualHost,
}

impl Printer<'_> {
    fn server(&self, scheme: Scheme, names: &[&DomainName], extra: &Snippet) -> Result<String, Unprintable> {
        let context = ServerContext { gzip_static: self.host.gzip_static, extra };
        let locations = location::print(self.templates, &self.host.locations, &context)?;
        self.print(scheme, names, extra, locations)
    }

    /// Prints a server that sends clients elsewhere. Its redirect is a location, so that the admin's own locations (such as
    /// an ACME client's) come first; one of his for `/` replaces it.
    fn redirecting_server(
        &self,
        scheme: Scheme,
        names: &[&DomainName],
        to: &str,
        extra: &Snippet,
    ) -> Result<String, Unprintable> {
        let blocks = if extra.sets_for("location", "/") { Vec::new() } else { vec![self.redirect(to)?] };
        self.print(scheme, names, extra, blocks)
    }

    /// Prints the pages for requests that are too large.
    fn pages(&self, extra: &Snippet) -> Result<Vec<String>, Unprintable> {
        if extra.sets("error_page") {
            return Ok(Vec::new());
        }
        let own = (!extra.sets(max_body::DIRECTIVE)).then_some(self.host.max_body);
        let limits = own.into_iter().chain(self.host.locations.iter().filter_map(|it| it.max_body));
        let limits: BTreeSet<Limit> = limits.map(Limit::new).collect();
        limits.iter().filter_map(|limit| limit.page(self.templates).transpose()).collect()
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

    fn print(
        &self,
        scheme: Scheme,
        names: &[&DomainName],
        extra: &Snippet,
        mut locations: Vec<String>,
    ) -> Result<String, Unprintable> {
        locations.extend(self.pages(extra)?);
        let socket = match scheme {
            Scheme::Http => &self.host.sockets.http,
            Scheme::Https => &self.host.sockets.https,
        };
        let limit = Limit::new(self.host.max_body);
        let max_body = (!extra.sets(max_body::DIRECTIVE)).then(|| limit.values(&[extra]));
        let values = context! {
            socket => format!("unix:{socket}"),
            names => names.iter().map(ToString::to_string).collect::<Vec<_>>(),
            max_body,
            extra => &extra.text,
            locations,
        };
        self.templates.print("server", values)
    }
}

fn port_if_unusual(port: u16, usual: u16) -> String {
    if port == usual { String::new() } else { format!(":{port}") }
}
