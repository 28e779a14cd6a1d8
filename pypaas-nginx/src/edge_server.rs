//! A domain as the edge serves it: its names, where it listens, its TLS.

use minijinja::{Value, context};
use pypaas_core::{Frontend, Tls, VirtualHost};

use crate::directive::{Directive, unless_set};
use crate::edge::{ROUTER_HTTP, ROUTER_HTTPS};
use crate::listen::{HTTP2_DIRECTIVE, endpoint, tls_options};
use crate::max_body;
use crate::templates::Templates;
use crate::timeouts;
use crate::tls;
use crate::unprintable::Unprintable;
use crate::virtual_host::comment_of;

/// The header with which a server that speaks TLS asks clients to keep to it.
const HSTS: &str = "Strict-Transport-Security";

/// Prints a domain's server blocks: one for http, and one for https when it has TLS.
pub(crate) fn print(templates: &Templates, host: &VirtualHost) -> Result<String, Unprintable> {
    let frontend = &host.frontend;
    let common = Common::of(templates, host)?;
    let mut servers = Vec::new();
    let http = context! {
        listen => listen(frontend, frontend.http_port, "")?,
        names => &common.names,
        max_body => common.max_body.clone(),
        too_large => common.too_large.as_deref(),
        timeouts => common.timeouts.clone(),
        frontend => Vec::<Value>::new(),
        tls => None::<String>,
        hsts => false,
        router => ROUTER_HTTP,
        acme_answers => frontend.acme_answers.as_ref().map(|it| it.as_str()),
    };
    servers.push(templates.print("edge_server", http)?);
    if let Some(tls) = &frontend.tls {
        servers.push(https_server(templates, host, tls, &common)?);
    }
    Ok(format!("{}\n\n{}", comment_of(host), servers.join("\n\n")))
}

/// What a domain's server blocks have in common.
struct Common {
    names: Vec<String>,
    max_body: Value,
    /// The page for bodies that are larger.
    too_large: Option<String>,
    timeouts: Value,
}

impl Common {
    fn of(templates: &Templates, host: &VirtualHost) -> Result<Self, Unprintable> {
        let Frontend { aliases, redirects, .. } = &host.frontend;
        let names = std::iter::once(&host.name).chain(aliases).chain(redirects);
        let limit = max_body::of_host(host)?;
        Ok(Self {
            names: names.map(ToString::to_string).collect(),
            max_body: limit.values(&[]),
            too_large: limit.page(templates)?,
            timeouts: timeouts::of_host(host)?,
        })
    }
}

fn https_server(
    templates: &Templates,
    host: &VirtualHost,
    tls: &Tls,
    common: &Common,
) -> Result<String, Unprintable> {
    let frontend = &host.frontend;
    let config = tls::config(tls)?;
    let mut own = Vec::new();
    if host.version >= HTTP2_DIRECTIVE {
        own.push(Directive::new("http2", "on"));
    }
    let values = context! {
        listen => listen(frontend, frontend.https_port, tls_options(host.version))?,
        names => &common.names,
        max_body => common.max_body.clone(),
        too_large => common.too_large.as_deref(),
        timeouts => common.timeouts.clone(),
        frontend => unless_set(&own, &[&config]),
        tls => tls::print(templates, tls)?,
        hsts => !config.sets_for("add_header", HSTS),
        router => ROUTER_HTTPS,
        acme_answers => None::<&str>,
    };
    templates.print("edge_server", values)
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
