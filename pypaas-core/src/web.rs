//! What nginx is to serve: the model that templates print.
//!
//! A virtual host has two halves that are kept apart: its [`Frontend`] (listen, TLS, redirects) and its routes (locations and
//! upstreams).

use std::fmt;
use std::time::Duration;

use camino::Utf8PathBuf;
use pypaas_config::{DomainName, LocationPath, Protocol, RunnerRef};
use serde::{Deserialize, Serialize};

use crate::host::Version;
use crate::{Layout, Process, encode};

/// Prints the model as nginx configuration, one text a file. Equal models give equal texts.
pub trait WebConfigRenderer {
    /// Prints what all domains of the edge have in common, and the server that refuses unknown hosts.
    fn edge(&self, edge: &EdgeConfig) -> Result<String, WebConfigError>;

    /// Prints a domain's server blocks for the edge: names, ports, TLS.
    fn edge_domain(&self, host: &VirtualHost) -> Result<String, WebConfigError>;

    /// Prints what all domains of the router have in common.
    fn router(&self, router: &RouterConfig) -> Result<String, WebConfigError>;

    /// Prints a domain's server blocks for the router: locations and redirects.
    fn router_domain(&self, host: &VirtualHost) -> Result<String, WebConfigError>;

    /// Prints the upstream blocks of a runner, for a router of that version.
    fn upstream(&self, upstream: &Upstream, version: Version) -> Result<String, WebConfigError>;
}

/// Says what could not be printed, such as a value nginx cannot quote.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the nginx configuration of {subject}: {reason}")]
pub struct WebConfigError {
    /// The domain or upstream.
    pub subject: String,
    /// Why.
    pub reason: String,
}

/// One of the two nginx of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebInstance {
    /// Passes requests to processes and files.
    Router,
    /// Clients connect to it: domains, TLS.
    Edge,
}

impl WebInstance {
    /// Both, in the order in which a change of both is loaded: the router knows a domain before clients may ask for it.
    pub const ALL: [Self; 2] = [Self::Router, Self::Edge];

    /// Returns its name in the names of its files and its service.
    pub fn name(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::Edge => "edge",
        }
    }
}

/// The sockets by which the edge passes requests to the router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterSockets {
    /// For requests that came over plain http.
    pub http: Utf8PathBuf,
    /// For requests that came over TLS.
    pub https: Utf8PathBuf,
}

/// What all domains of the edge have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeConfig {
    /// Where its master notes its process id.
    pub pid_file: Utf8PathBuf,
    /// The router's.
    pub sockets: RouterSockets,
    /// Addresses without port.
    pub listen: Vec<String>,
    /// The port for http.
    pub http_port: u16,
    /// The port for https; `None` when no domain uses TLS.
    pub https_port: Option<u16>,
    /// Addresses and networks of proxies in front whose word on the client is believed.
    pub trusted_proxies: Vec<String>,
    /// Addresses of DNS servers.
    pub resolver: Vec<String>,
    /// TLS directives in place of the default ones, verbatim: those for all domains.
    pub tls_config: Option<String>,
    /// The length in bytes of the longest configured domain name.
    pub longest_name: usize,
    /// How many domains there are.
    pub names: usize,
    /// The nginx the text is for.
    pub version: Version,
}

/// What all domains of the router have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterConfig {
    /// Where its master notes its process id.
    pub pid_file: Utf8PathBuf,
    /// Where it listens.
    pub sockets: RouterSockets,
    /// How long a worker may go on by an older configuration.
    pub shutdown_timeout: Duration,
    /// The length in bytes of the longest configured domain name.
    pub longest_name: usize,
    /// How many domains there are.
    pub names: usize,
}

/// One domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualHost {
    /// Its name.
    pub name: DomainName,
    /// The configuration file it is from, for the comment at the top.
    pub file: Utf8PathBuf,
    /// How clients reach it.
    pub frontend: Frontend,
    /// Where the router listens for it.
    pub sockets: RouterSockets,
    /// How large the body of a request may be, in bytes, unless its location says otherwise; 0: as large as it likes.
    pub max_body: u64,
    /// How long the answer to a request may take to begin, and to go on.
    pub request_timeout: Duration,
    /// How long a websocket may be quiet.
    pub websocket_timeout: Duration,
    /// What they find. Of regular expressions nginx takes the first that matches.
    pub locations: Vec<RoutedLocation>,
    /// Whether nginx can serve files that are compressed already, beside the plain ones.
    pub gzip_static: bool,
    /// The nginx the text is for.
    pub version: Version,
}

/// How clients reach a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frontend {
    /// Other names it is served under.
    pub aliases: Vec<DomainName>,
    /// Names whose clients are sent to it.
    pub redirects: Vec<DomainName>,
    /// Addresses without port.
    pub listen: Vec<String>,
    /// The port for http.
    pub http_port: u16,
    /// The port for https.
    pub https_port: u16,
    /// TLS; `None` for plain http.
    pub tls: Option<Tls>,
    /// The directory of the answers that an authority for certificates asks for over http (RFC 8555, 8.3).
    pub acme_answers: Option<Utf8PathBuf>,
    /// Appended to every `listen`, verbatim.
    pub extra_listen_options: Option<String>,
    /// In the server block for http, verbatim.
    pub http_extra: Option<String>,
    /// In the server block for https, verbatim.
    pub https_extra: Option<String>,
}

/// A domain's TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate, with its intermediates.
    pub certificate: Utf8PathBuf,
    /// Its private key.
    pub certificate_key: Utf8PathBuf,
    /// Trusted certificates for OCSP stapling; without them nothing is stapled.
    pub chain: Option<Utf8PathBuf>,
    /// Directives in place of the default ones, verbatim.
    pub config: Option<String>,
}

/// One location and where it leads now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutedLocation {
    /// Its path.
    pub path: LocationPath,
    /// Where it leads.
    pub route: Route,
    /// How large the body of a request may be, in bytes, when not as the domain says.
    pub max_body: Option<u64>,
    /// In the location, verbatim.
    pub extra: Option<String>,
}

/// What a location does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Passes requests to an upstream.
    Proxy {
        /// The upstream.
        upstream: UpstreamName,
        /// What it speaks.
        protocol: Protocol,
        /// Appended to the address.
        path: Option<String>,
        /// In the location, verbatim.
        extra: Option<String>,
    },
    /// Serves files.
    Static {
        /// The directory they are in.
        root: Utf8PathBuf,
        /// The checkout it is in: no symbolic link below is followed, which may lead anywhere.
        checkout: Utf8PathBuf,
        /// Links of the checkout into the data directory, which may be followed.
        linked: Vec<Linked>,
        /// The file that is served for a directory.
        index: String,
        /// Whether the root's index is served in place of files that are not there.
        spa: bool,
        /// How long clients may keep a file without asking again.
        cache: Option<Duration>,
        /// In the location, verbatim.
        extra: Option<String>,
    },
    /// Serves files, and lets one script answer all other requests, by FastCGI.
    Scripts {
        /// The upstream.
        upstream: UpstreamName,
        /// The directory of the files.
        root: Utf8PathBuf,
        /// The name of the script, in that directory.
        script: String,
        /// Whether requests for another PHP file in that directory run that one.
        all_scripts: bool,
        /// The checkout it is in: no symbolic link below is followed, which may lead anywhere.
        checkout: Utf8PathBuf,
        /// Links of the checkout into the data directory, which may be followed.
        linked: Vec<Linked>,
        /// How long clients may keep a file without asking again.
        cache: Option<Duration>,
        /// In the location, verbatim.
        extra: Option<String>,
    },
    /// Answers 503 with a page and `Retry-After`.
    Unavailable(Unavailable),
    /// Directives of the runner's own, verbatim.
    Verbatim(String),
}

/// A path of `persist`: a link from the checkout into the data directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Linked {
    /// The link.
    pub link: Utf8PathBuf,
    /// What it leads to.
    pub target: Utf8PathBuf,
    /// The data directory: no link below it is followed.
    pub data: Utf8PathBuf,
    /// Whether it is a directory.
    pub is_directory: bool,
}

impl Route {
    /// Returns the directives that the runner's configuration has for its locations, verbatim.
    pub fn extra(&self) -> Option<&str> {
        match self {
            Self::Proxy { extra, .. } | Self::Static { extra, .. } | Self::Scripts { extra, .. } => {
                extra.as_deref()
            }
            Self::Verbatim(text) => Some(text),
            Self::Unavailable(_) => None,
        }
    }
}

/// Why a location cannot be served now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unavailable {
    /// Its branch is in maintenance and has no `maintenance_upstream`; with the admin's words, if there are any.
    Maintenance(Option<String>),
    /// The admin stopped its branch.
    Stopped,
    /// Nothing has been deployed yet.
    NotDeployed,
}

/// An upstream block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Its name.
    pub name: UpstreamName,
    /// The processes behind it; at least one.
    pub servers: Vec<Server>,
    /// In the block, verbatim.
    pub extra: Option<String>,
}

/// Where a process listens: a host and a port, because it may one day be on another machine, or a socket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Server {
    /// A host name or address.
    pub host: String,
    /// A port, or the number of the socket.
    pub port: u16,
    /// The Unix socket it listens on, on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<Utf8PathBuf>,
}

impl Server {
    /// Names the place on this machine where `process` listens; `None` if it takes no requests.
    pub fn of(process: &Process, layout: &Layout) -> Option<Self> {
        let port = process.number()?;
        let socket = process.socket.map(|number| layout.socket(number));
        Some(Self { host: LOOPBACK.to_owned(), port, socket })
    }
}

/// Where processes on this machine listen.
const LOOPBACK: &str = "127.0.0.1";

/// An upstream's name, such as `shop+master+web`: safe in nginx and distinct for every runner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UpstreamName(RunnerRef);

impl UpstreamName {
    /// Names the upstream of `runner`.
    pub fn new(runner: &RunnerRef) -> Self {
        Self(runner.clone())
    }

    /// Returns the runner whose upstream it is.
    pub fn runner(&self) -> &RunnerRef {
        &self.0
    }
}

impl fmt::Display for UpstreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RunnerRef { repo, branch, runner } = &self.0;
        let (repo, branch, runner) =
            (encode(repo.as_str()), encode(branch.as_str()), encode(runner.as_str()));
        write!(f, "{repo}+{branch}+{runner}")
    }
}
