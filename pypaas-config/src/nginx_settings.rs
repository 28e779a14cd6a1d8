//! `nginx` of `pypaas.yml`: how pypaas runs nginx, and where clients reach it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use camino::Utf8PathBuf;

use crate::fields::Field;
use crate::finding::{Finding, Findings};
use crate::schema::Schema;
use crate::tree::Value;

/// `nginx`.
pub(crate) const NGINX: Schema = Schema {
    name: "nginx",
    keys: &["program", "http_port", "https_port", "listen", "trusted_proxies", "resolver"],
};

/// `nginx` of `pypaas.yml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NginxSettings {
    /// `program`: the nginx that pypaas runs. Default `/usr/sbin/nginx`.
    pub program: Utf8PathBuf,
    /// `http_port`. Default 80.
    pub http_port: u16,
    /// `https_port`. Default 443.
    pub https_port: u16,
    /// `listen`: addresses without port, IPv6 ones in brackets. Default `0.0.0.0` and `[::]`.
    pub listen: Vec<String>,
    /// `trusted_proxies`: addresses and networks of proxies in front of pypaas, whose headers about the client are trusted.
    pub trusted_proxies: Vec<String>,
    /// `resolver`: addresses of DNS servers, IPv6 ones in brackets, by which the edge finds servers for OCSP stapling.
    pub resolver: Vec<String>,
}

impl Default for NginxSettings {
    fn default() -> Self {
        Self {
            program: "/usr/sbin/nginx".into(),
            http_port: 80,
            https_port: 443,
            listen: vec!["0.0.0.0".to_owned(), "[::]".to_owned()],
            trusted_proxies: Vec::new(),
            resolver: Vec::new(),
        }
    }
}

impl NginxSettings {
    pub(crate) fn decode(field: Field<'_>, findings: &mut Findings) -> Option<Self> {
        let fields = field.fields(&NGINX, findings)?;
        let default = Self::default();
        let port = |field: &Field<'_>| field.number(1, u16::MAX);
        let trusted_proxies = fields.optional("trusted_proxies", findings, read_networks);
        let settings = Self {
            program: fields.optional("program", findings, Field::absolute_path).unwrap_or(default.program),
            http_port: fields.optional("http_port", findings, port).unwrap_or(default.http_port),
            https_port: fields.optional("https_port", findings, port).unwrap_or(default.https_port),
            listen: fields.optional("listen", findings, read_addresses).unwrap_or(default.listen),
            trusted_proxies: trusted_proxies.unwrap_or(default.trusted_proxies),
            resolver: fields.optional("resolver", findings, read_addresses).unwrap_or(default.resolver),
        };
        if settings.http_port == settings.https_port {
            let written = fields.get("https_port").or(fields.get("http_port")).unwrap_or(field);
            let message = format!("`http_port` and `https_port` are both {}", settings.http_port);
            findings.add(Finding::error(written.node.span, message).label("expected two different ports"));
        }
        Some(settings)
    }
}

/// Decodes addresses and networks, such as `10.0.0.1` and `10.0.0.0/8`.
fn read_networks(field: &Field<'_>) -> Result<Vec<String>, Finding> {
    let items = match &field.node.value {
        Value::Sequence(items) => items.iter().map(|item| field.item(item)).collect(),
        _ => vec![*field],
    };
    let network = |item: &Field<'_>| {
        let expected = "an address or a network, such as 10.0.0.1 or 10.0.0.0/8";
        let text = item.scalar(expected)?.text.clone();
        if is_network(&text) { Ok(text) } else { Err(item.unexpected(expected)) }
    };
    items.iter().map(network).collect()
}

fn is_network(text: &str) -> bool {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let longest = if address.is_ipv4() { 32 } else { 128 };
    length.is_none_or(|length| length.parse::<u8>().is_ok_and(|length| length <= longest))
}

/// Decodes addresses as nginx writes them, at least one and each once.
fn read_addresses(field: &Field<'_>) -> Result<Vec<String>, Finding> {
    let items = match &field.node.value {
        Value::Sequence(items) => items.iter().map(|item| field.item(item)).collect(),
        _ => vec![*field],
    };
    let mut addresses: Vec<String> = Vec::new();
    for item in &items {
        let address = read_address(item)?;
        if addresses.contains(&address) {
            return Err(item.unexpected("each address once"));
        }
        addresses.push(address);
    }
    if addresses.is_empty() { Err(field.unexpected("at least one address")) } else { Ok(addresses) }
}

/// Decodes an address as nginx writes it, without a port.
fn read_address(field: &Field<'_>) -> Result<String, Finding> {
    let expected = "an IPv4 address, or an IPv6 address in brackets";
    let finding = || field.unexpected(expected);
    let Ok(scalar) = field.scalar(expected) else {
        // `[::]` without quotes is a list that holds a mapping.
        return Err(finding().help(r#"quote IPv6 addresses: "[::]""#));
    };
    let text = &scalar.text;
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if text.parse::<Ipv4Addr>().is_ok() || bracketed.is_some_and(|it| it.parse::<Ipv6Addr>().is_ok()) {
        return Ok(text.clone());
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Err(finding().help(format!("did you mean `\"[{text}]\"`?")));
    }
    match text.rsplit_once(':') {
        Some((address, port)) if address.parse::<Ipv4Addr>().is_ok() && port.parse::<u16>().is_ok() => {
            Err(finding().help("set the port with `http_port` and `https_port`"))
        }
        _ if text == "*" => Err(finding().help("did you mean `0.0.0.0`?")),
        _ => Err(finding()),
    }
}
