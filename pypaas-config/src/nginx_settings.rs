//! `nginx` of `pypaas.yml`: how to run and reload nginx.

use std::net::{Ipv4Addr, Ipv6Addr};

use camino::Utf8PathBuf;

use crate::fields::Field;
use crate::finding::{Finding, Findings};
use crate::schema::Schema;
use crate::tree::Value;

/// `nginx`.
pub(crate) const NGINX: Schema = Schema {
    name: "nginx",
    keys: &["command", "pid_file", "config_dir", "http_port", "https_port", "listen"],
};

/// `nginx` of `pypaas.yml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NginxSettings {
    /// `command`, split into words; `-t` and `-s reload` are appended. Default `sudo /usr/sbin/nginx`.
    pub command: Vec<String>,
    /// `pid_file`: where the master process of nginx writes its process id. Default `/run/nginx.pid`.
    pub pid_file: Utf8PathBuf,
    /// `config_dir`: the directory that nginx's http block includes; `~` is the deploy user's home. Default `~/nginx.d`.
    pub config_dir: String,
    /// `http_port`. Default 80.
    pub http_port: u16,
    /// `https_port`. Default 443.
    pub https_port: u16,
    /// `listen`: addresses without port, IPv6 ones in brackets. Default `0.0.0.0` and `[::]`.
    pub listen: Vec<String>,
}

impl Default for NginxSettings {
    fn default() -> Self {
        Self {
            command: vec!["sudo".to_owned(), "/usr/sbin/nginx".to_owned()],
            pid_file: "/run/nginx.pid".into(),
            config_dir: "~/nginx.d".to_owned(),
            http_port: 80,
            https_port: 443,
            listen: vec!["0.0.0.0".to_owned(), "[::]".to_owned()],
        }
    }
}

impl NginxSettings {
    pub(crate) fn decode(field: Field<'_>, findings: &mut Findings) -> Option<Self> {
        let fields = field.fields(&NGINX, findings)?;
        let default = Self::default();
        let port = |field: &Field<'_>| field.number(1, u16::MAX);
        let command = fields.optional("command", findings, read_command);
        let pid_file = fields.optional("pid_file", findings, Field::absolute_path);
        let config_dir = fields.optional("config_dir", findings, Field::path_from_home);
        let settings = Self {
            command: command.unwrap_or(default.command),
            pid_file: pid_file.unwrap_or(default.pid_file),
            config_dir: config_dir.unwrap_or(default.config_dir),
            http_port: fields.optional("http_port", findings, port).unwrap_or(default.http_port),
            https_port: fields.optional("https_port", findings, port).unwrap_or(default.https_port),
            listen: fields.optional("listen", findings, read_listen).unwrap_or(default.listen),
        };
        if settings.http_port == settings.https_port {
            let written = fields.get("https_port").or(fields.get("http_port")).unwrap_or(field);
            let message = format!("`http_port` and `https_port` are both {}", settings.http_port);
            findings.add(Finding::error(written.node.span, message).label("expected two different ports"));
        }
        Some(settings)
    }
}

/// Decodes a command line, or a list of its words.
fn read_command(field: &Field<'_>) -> Result<Vec<String>, Finding> {
    let expected = "a command such as sudo /usr/sbin/nginx";
    let words = match &field.node.value {
        Value::Sequence(_) => field.texts()?,
        _ => {
            field.scalar(expected)?;
            shlex::split(&field.text()?)
                .ok_or_else(|| field.unexpected("a command without unclosed quotes"))?
        }
    };
    match words.first() {
        Some(program) if !program.is_empty() => Ok(words),
        _ => Err(field.unexpected(expected)),
    }
}

fn read_listen(field: &Field<'_>) -> Result<Vec<String>, Finding> {
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

/// Decodes an address for nginx's `listen`.
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
