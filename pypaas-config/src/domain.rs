//! `domains/<domain>.yml`: an nginx virtual host.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::Utf8PathBuf;

use crate::certificate_files::CertificateFile;
use crate::domain_links::DomainLinks;
use crate::fields::{Field, Fields};
use crate::finding::{Finding, Findings, quote};
use crate::references::Reference;
use crate::schema::Schema;
use crate::server_names::NameUse;
use crate::span::Span;
use crate::tree::Value;
use crate::{DomainName, Location, LocationPath, RunnerRef};

/// A whole domain file.
pub(crate) const DOMAIN: Schema = Schema {
    name: "a domain",
    keys: &[
        "locations",
        "max_body",
        "request_timeout",
        "websocket_timeout",
        "aliases",
        "redirect",
        "ssl",
        "ssl_certificate",
        "ssl_certificate_key",
        "ssl_certificate_chain",
        "ssl_config",
        "extra_listen_options",
        "nginx_http_extra_config",
        "nginx_https_extra_config",
    ],
};

/// The keys that name certificate files.
const CERTIFICATE_KEYS: [&str; 3] = ["ssl_certificate", "ssl_certificate_key", "ssl_certificate_chain"];

/// One domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// The configuration file, relative to the configuration directory.
    pub file: Utf8PathBuf,
    /// `locations`.
    pub locations: BTreeMap<LocationPath, Location>,
    /// `max_body`: how large the body of a request may be, in bytes; 0: no limit. Default 100 MiB.
    pub max_body: u64,
    /// `request_timeout`: how long the answer to a request may take to begin, and to go on. Default 1 minute.
    pub request_timeout: Duration,
    /// `websocket_timeout`: how long a websocket may be quiet. Default 1 hour.
    pub websocket_timeout: Duration,
    /// `aliases`: other names of the domain.
    pub aliases: Vec<DomainName>,
    /// `redirect`: names that redirect to this domain, such as the one with `www.`.
    pub redirects: Vec<DomainName>,
    /// `ssl`: whether it is served over https. Default false.
    pub ssl: bool,
    /// `ssl: auto`: its certificate is issued by the authority of `acme`; until there is one it is served over http.
    pub ssl_auto: bool,
    /// `ssl_certificate`. Default `/etc/ssl/private/httpd/<domain>/<domain>.crt`.
    pub ssl_certificate: Utf8PathBuf,
    /// `ssl_certificate_key`. Default the same with `.key`.
    pub ssl_certificate_key: Utf8PathBuf,
    /// `ssl_certificate_chain`: trusted certificates to verify OCSP responses; stapling is enabled only if it is set.
    pub ssl_certificate_chain: Option<Utf8PathBuf>,
    /// `ssl_config`: nginx directives that replace the default TLS directives.
    pub ssl_config: Option<String>,
    /// `extra_listen_options`: appended to every `listen`.
    pub extra_listen_options: Option<String>,
    /// `nginx_http_extra_config`: verbatim, in the server block for http.
    pub nginx_http_extra_config: Option<String>,
    /// `nginx_https_extra_config`: verbatim, in the server block for https.
    pub nginx_https_extra_config: Option<String>,
}

impl Domain {
    /// Returns the runners that its locations route to, including maintenance upstreams.
    pub fn targets(&self) -> impl Iterator<Item = &RunnerRef> {
        let locations = self.locations.values();
        locations.flat_map(|it| [Some(&it.upstream), it.maintenance_upstream.as_ref()]).flatten()
    }

    /// Returns its names: `own`, then its aliases and redirects.
    pub fn names<'a>(&'a self, own: &'a DomainName) -> impl Iterator<Item = &'a DomainName> {
        std::iter::once(own).chain(&self.aliases).chain(&self.redirects)
    }

    /// Decodes a domain file. What it refers to is added to `links`, which are checked when all files are read.
    pub(crate) fn decode(
        name: &DomainName,
        path: &Utf8PathBuf,
        field: Field<'_>,
        links: &mut DomainLinks,
        findings: &mut Findings,
    ) -> Option<Self> {
        let fields = field.fields(&DOMAIN, findings)?;
        let aliases = read_names(&fields, "aliases", &mut links.name_uses, findings);
        let redirects = read_names(&fields, "redirect", &mut links.name_uses, findings);
        if let (true, Some(redirect)) = (name.as_str().starts_with("*."), fields.get("redirect")) {
            let finding = Finding::error(
                redirect.key,
                format!("`redirect` would redirect to {}", quote(name.as_str())),
            );
            findings.add(finding.label("a name with `*` cannot be the target of a redirect"));
        }
        let locations = fields.require("locations", findings);
        let locations =
            locations.map(|field| read_locations(field, &mut links.references, findings)).unwrap_or_default();
        let ssl = fields.optional("ssl", findings, read_ssl).unwrap_or(Ssl::No);
        match ssl {
            Ssl::No => warn_without_ssl(&fields, findings),
            Ssl::Auto => check_auto(name, &fields, findings),
            Ssl::OwnFiles => {}
        }
        for key in CERTIFICATE_KEYS {
            if let Some((field, Ok(path))) = fields.get(key).map(|field| (field, field.absolute_path())) {
                let (domain, span) = (name.clone(), field.node.span);
                links.certificate_files.push(CertificateFile { domain, key, path, span });
            }
        }
        let timeout = |key, seconds, findings: &mut Findings| {
            fields.optional(key, findings, Field::positive_duration).unwrap_or(Duration::from_secs(seconds))
        };
        let certificate = fields.optional("ssl_certificate", findings, Field::absolute_path);
        let key = fields.optional("ssl_certificate_key", findings, Field::absolute_path);
        Some(Self {
            file: path.clone(),
            locations,
            max_body: fields.optional("max_body", findings, Field::size).unwrap_or(100 * 1024 * 1024),
            request_timeout: timeout("request_timeout", 60, findings),
            websocket_timeout: timeout("websocket_timeout", 60 * 60, findings),
            aliases,
            redirects,
            ssl: ssl != Ssl::No,
            ssl_auto: ssl == Ssl::Auto,
            ssl_certificate: certificate.unwrap_or_else(|| default_certificate(name, "crt")),
            ssl_certificate_key: key.unwrap_or_else(|| default_certificate(name, "key")),
            ssl_certificate_chain: fields.optional("ssl_certificate_chain", findings, Field::absolute_path),
            ssl_config: fields.verbatim("ssl_config", findings),
            extra_listen_options: fields.optional("extra_listen_options", findings, read_listen_options),
            nginx_http_extra_config: fields.verbatim("nginx_http_extra_config", findings),
            nginx_https_extra_config: fields.verbatim("nginx_https_extra_config", findings),
        })
    }
}

/// What `ssl` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ssl {
    No,
    OwnFiles,
    Auto,
}

fn read_ssl(field: &Field<'_>) -> Result<Ssl, Finding> {
    const EXPECTED: &str = "true, false or auto";
    match field.scalar(EXPECTED)?.text.to_ascii_lowercase().as_str() {
        "auto" => Ok(Ssl::Auto),
        "true" | "yes" | "on" | "false" | "no" | "off" => {
            Ok(if field.boolean()? { Ssl::OwnFiles } else { Ssl::No })
        }
        _ => Err(field.unexpected(EXPECTED)),
    }
}

/// Checks what `ssl: auto` cannot be used with.
fn check_auto(name: &DomainName, fields: &Fields<'_>, findings: &mut Findings) {
    let names = ["aliases", "redirect"].iter().filter_map(|key| fields.get(key));
    let has_wildcard = |field: &Field<'_>| field.text().is_ok_and(|text| text.starts_with("*."));
    let wildcard = names.into_iter().find(has_wildcard);
    let own = fields.get("ssl").filter(|_| name.as_str().starts_with("*."));
    if let Some(field) = own.or(wildcard) {
        let finding =
            Finding::error(field.key, "`ssl: auto` cannot be used with a name that begins with `*.`");
        findings.add(
            finding
                .label("the authority would not issue a certificate this way")
                .help("use `ssl: true` with a certificate of your own, or list the names one by one"),
        );
    }
    for field in CERTIFICATE_KEYS.iter().filter_map(|key| fields.get(key)) {
        let finding = Finding::warning(field.key, format!("{} has no effect", quote(field.name)));
        findings.add(
            finding
                .label("with `ssl: auto` pypaas keeps the certificate")
                .help("say `ssl: true` to use your own files, or remove the key"),
        );
    }
}

/// Warns about keys that have no effect because the domain is not served over https.
fn warn_without_ssl(fields: &Fields<'_>, findings: &mut Findings) {
    const HTTPS_ONLY: [&str; 5] = [
        "ssl_certificate",
        "ssl_certificate_key",
        "ssl_certificate_chain",
        "ssl_config",
        "nginx_https_extra_config",
    ];
    for field in HTTPS_ONLY.iter().filter_map(|key| fields.get(key)) {
        let finding = Finding::warning(field.key, format!("{} has no effect", quote(field.name)));
        findings.add(
            finding.label("the domain is not served over https").help("add `ssl: true`, or remove the key"),
        );
    }
}

/// Warns about a name that looks like something else than a host name.
pub(crate) fn check_name(name: &DomainName, span: Span) -> Option<Finding> {
    const CATCH_ALL: [&str; 8] =
        ["all", "any", "catch-all", "catch_all", "catchall", "default", "default-server", "default_server"];
    const EXTENSIONS: [&str; 5] = [".bak", ".conf", ".old", ".yaml", ".yml"];
    let text = name.as_str();
    let finding = Finding::warning(span, format!("{} is probably not the name of a domain", quote(text)));
    if CATCH_ALL.contains(&text) {
        return Some(finding.help("there is no catch-all domain; requests for unknown hosts get no answer"));
    }
    let stem = EXTENSIONS.iter().find_map(|extension| text.strip_suffix(extension))?;
    Some(finding.help(format!("the file for the domain `{stem}` is `domains/{stem}.yml`")))
}

fn default_certificate(name: &DomainName, extension: &str) -> Utf8PathBuf {
    format!("/etc/ssl/private/httpd/{name}/{name}.{extension}").into()
}

/// Decodes a name or a list of names, and adds each to `name_uses`.
fn read_names(
    fields: &Fields<'_>,
    key: &str,
    name_uses: &mut Vec<NameUse>,
    findings: &mut Findings,
) -> Vec<DomainName> {
    let mut names = Vec::new();
    let Some(field) = fields.get(key) else { return names };
    let items = match &field.node.value {
        Value::Sequence(items) => items.iter().map(|item| field.item(item)).collect(),
        _ => vec![field],
    };
    for item in items {
        let name = item.scalar("a domain's name").and_then(|scalar| {
            let name = DomainName::new(scalar.text.to_lowercase());
            name.map_err(|error| Finding::invalid_name(item.node.span, &error))
        });
        if let Some(name) = findings.take(name) {
            name_uses.push(NameUse { name: name.clone(), span: item.node.span });
            names.push(name);
        }
    }
    names
}

fn read_locations(
    field: Field<'_>,
    references: &mut Vec<Reference>,
    findings: &mut Findings,
) -> BTreeMap<LocationPath, Location> {
    let mut locations = BTreeMap::new();
    let written = field.named("locations", findings);
    if matches!(&field.node.value, Value::Mapping(entries) if entries.is_empty()) {
        findings.add(field.unexpected("at least one location, or nginx would serve nothing"));
    }
    for (position, field) in written.into_iter().enumerate() {
        let path = LocationPath::new(field.name).map_err(|error| error.finding(field.key));
        let path = findings.take(path);
        let location = Location::decode(field, position, references, findings);
        if let (Some(path), Some(location)) = (path, location) {
            locations.insert(path, location);
        }
    }
    locations
}

/// Decodes options that are appended to every `listen`; they must not end the directive.
fn read_listen_options(field: &Field<'_>) -> Result<String, Finding> {
    let text = field.text()?;
    let ends = |c: char| c.is_control() || matches!(c, ';' | '{' | '}' | '#');
    if text.contains(ends) {
        Err(field.unexpected("options of nginx's `listen`, on one line, without `;`, `#` or braces"))
    } else {
        Ok(text)
    }
}
