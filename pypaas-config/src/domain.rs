//! `domains/<domain>.yml`: an nginx virtual host.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use serde::Serialize;

use crate::RunnerRef;

/// One domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// The file that says so, relative to the configuration directory.
    pub file: Utf8PathBuf,
    /// `locations`.
    pub locations: BTreeMap<LocationPath, Location>,
    /// `ssl`. Default false.
    pub ssl: bool,
    /// `ssl_certificate`. Default `/etc/ssl/private/httpd/<domain>/<domain>.crt`.
    pub ssl_certificate: Utf8PathBuf,
    /// `ssl_certificate_key`. Default the same with `.key`.
    pub ssl_certificate_key: Utf8PathBuf,
    /// `ssl_certificate_chain`: trusted certificates to verify OCSP answers; only when it is given are they stapled.
    pub ssl_certificate_chain: Option<Utf8PathBuf>,
    /// `ssl_config`: nginx directives in place of the default TLS directives.
    pub ssl_config: Option<String>,
    /// `extra_listen_options`: appended to every `listen`.
    pub extra_listen_options: Option<String>,
    /// `nginx_http_extra_config`: verbatim, in the server block for http.
    pub nginx_http_extra_config: Option<String>,
    /// `nginx_https_extra_config`: verbatim, in the server block for https.
    pub nginx_https_extra_config: Option<String>,
}

/// A key of `locations`: a prefix such as `/api`, or nginx's `= /exact`, `^~ /prefix`, `~ regex`, `~* regex`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LocationPath(pub(crate) String);

impl LocationPath {
    /// Returns the key as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One location of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// `upstream`: the runner that serves it.
    pub upstream: RunnerRef,
    /// `maintenance_upstream`: the runner that serves it while the other's branch is in maintenance or not deployed.
    pub maintenance_upstream: Option<RunnerRef>,
    /// `nginx_extra_config`: verbatim, in this location.
    pub nginx_extra_config: Option<String>,
}
