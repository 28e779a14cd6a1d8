//! TLS of a server.

use minijinja::context;
use pypaas_core::Tls;

use crate::directive::Directive;
use crate::snippet::Snippet;
use crate::templates::Templates;
use crate::unprintable::Unprintable;

/// Mozilla's intermediate profile, guideline 6.0, without the suites that need a file of Diffie-Hellman parameters and
/// without `ssl_ecdh_curve`, whose first value OpenSSL 3.0 does not know.
pub(crate) const PROFILE: [Directive; 6] = [
    Directive::new("ssl_protocols", "TLSv1.2 TLSv1.3"),
    Directive::new(
        "ssl_ciphers",
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:\
         ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:\
         ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305",
    ),
    Directive::new("ssl_prefer_server_ciphers", "off"),
    Directive::new("ssl_session_cache", "shared:pypaas:10m"),
    Directive::new("ssl_session_timeout", "1d"),
    Directive::new("ssl_session_tickets", "off"),
];

/// Let's Encrypt no longer answers OCSP, so nothing is stapled unless the admin gave a chain to verify answers with.
const STAPLING: [Directive; 2] =
    [Directive::new("ssl_stapling", "on"), Directive::new("ssl_stapling_verify", "on")];

/// Prints the TLS directives of a server.
pub(crate) fn print(templates: &Templates, tls: &Tls) -> Result<String, Unprintable> {
    let config = config(tls)?;
    let stapling: &[Directive] = if tls.chain.is_some() { &STAPLING } else { &[] };
    let defaults = if config.text.is_empty() { [PROFILE.as_slice(), stapling].concat() } else { Vec::new() };
    let values = context! {
        certificate => tls.certificate.as_str(),
        certificate_key => tls.certificate_key.as_str(),
        chain => tls.chain.as_ref().filter(|_| !config.sets("ssl_trusted_certificate")).map(|it| it.as_str()),
        defaults,
        config => config.text,
    };
    templates.print("tls", values)
}

/// Reads the admin's `ssl_config`.
pub(crate) fn config(tls: &Tls) -> Result<Snippet, Unprintable> {
    Snippet::read("ssl_config", tls.config.as_deref())
}
