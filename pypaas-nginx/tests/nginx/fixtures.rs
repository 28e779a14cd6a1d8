//! One virtual host of each kind.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::{
    BranchName, BranchRef, DomainName, LocationPath, Protocol, RepoName, RunnerName, RunnerRef,
};
use pypaas_core::host::Version;
use pypaas_core::{
    EdgeConfig, Frontend, Linked, Route, RoutedLocation, RouterConfig, RouterSockets, Server, Tls,
    Unavailable, Upstream, UpstreamName, VirtualHost,
};

/// A machine that virtual hosts are made for.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) listen: Vec<String>,
    pub(crate) http_port: u16,
    pub(crate) https_port: u16,
    pub(crate) version: Version,
    /// The directory of certificates and checkouts.
    pub(crate) root: Utf8PathBuf,
}

impl Machine {
    /// What most machines are like.
    pub(crate) fn usual() -> Self {
        Self {
            listen: vec!["0.0.0.0".to_owned(), "[::]".to_owned()],
            http_port: 80,
            https_port: 443,
            version: Version(1, 22, 1),
            root: Utf8PathBuf::from("/srv"),
        }
    }

    pub(crate) fn sockets(&self) -> RouterSockets {
        RouterSockets { http: self.root.join("router-http.sock"), https: self.root.join("router-https.sock") }
    }

    pub(crate) fn edge(&self, longest_name: usize, names: usize) -> EdgeConfig {
        EdgeConfig {
            pid_file: self.root.join("edge.pid"),
            sockets: self.sockets(),
            listen: self.listen.clone(),
            http_port: self.http_port,
            https_port: Some(self.https_port),
            trusted_proxies: Vec::new(),
            resolver: vec!["127.0.0.53".to_owned()],
            tls_config: None,
            longest_name,
            names,
            version: self.version,
        }
    }

    pub(crate) fn router(&self, longest_name: usize, names: usize) -> RouterConfig {
        RouterConfig {
            pid_file: self.root.join("router.pid"),
            sockets: self.sockets(),
            shutdown_timeout: Duration::from_secs(30),
            longest_name,
            names,
        }
    }

    /// Makes a domain without TLS.
    pub(crate) fn domain(&self, name: &str, locations: Vec<RoutedLocation>) -> VirtualHost {
        let frontend = Frontend {
            aliases: Vec::new(),
            redirects: Vec::new(),
            listen: self.listen.clone(),
            http_port: self.http_port,
            https_port: self.https_port,
            tls: None,
            acme_answers: None,
            extra_listen_options: None,
            http_extra: None,
            https_extra: None,
        };
        VirtualHost {
            name: DomainName::new(name).unwrap(),
            file: format!("domains/{name}.yml").into(),
            frontend,
            sockets: self.sockets(),
            max_body: 100 * 1024 * 1024,
            request_timeout: Duration::from_secs(60),
            websocket_timeout: Duration::from_secs(3600),
            locations,
            gzip_static: false,
            version: self.version,
        }
    }

    /// Makes a domain with TLS.
    pub(crate) fn secure_domain(&self, name: &str, locations: Vec<RoutedLocation>) -> VirtualHost {
        let mut host = self.domain(name, locations);
        host.frontend.tls = Some(self.tls());
        host
    }

    pub(crate) fn tls(&self) -> Tls {
        Tls {
            certificate: self.root.join("test.crt"),
            certificate_key: self.root.join("test.key"),
            chain: None,
            config: None,
        }
    }

    /// Makes a location that serves the files of a checkout.
    pub(crate) fn files(&self, path: &str, directory: &str) -> RoutedLocation {
        location(path, files(&self.root.join(directory)))
    }
}

pub(crate) fn location(path: &str, route: Route) -> RoutedLocation {
    RoutedLocation { path: LocationPath::new(path).unwrap(), route, max_body: None, extra: None }
}

pub(crate) fn with_extra(mut location: RoutedLocation, extra: &str) -> RoutedLocation {
    location.extra = Some(extra.to_owned());
    location
}

pub(crate) fn app(path: &str) -> RoutedLocation {
    location(path, proxy(Protocol::Http, None))
}

pub(crate) fn proxy(protocol: Protocol, path: Option<&str>) -> Route {
    let upstream = upstream_name("shop", "master", "web");
    Route::Proxy { upstream, protocol, path: path.map(str::to_owned), extra: None }
}

pub(crate) fn files(root: &Utf8Path) -> Route {
    Route::Static {
        root: root.to_owned(),
        checkout: root.to_owned(),
        linked: Vec::new(),
        index: "index.html".to_owned(),
        spa: false,
        cache: None,
        extra: None,
    }
}

pub(crate) fn upstream_name(repo: &str, branch: &str, runner: &str) -> UpstreamName {
    let repo = RepoName::new(repo).unwrap();
    let branch = BranchRef { repo, branch: BranchName::new(branch).unwrap() };
    let runner: RunnerRef = branch.runner(&RunnerName::new(runner).unwrap());
    UpstreamName::new(&runner)
}

pub(crate) fn upstream(ports: &[u16]) -> Upstream {
    let server = |&port| Server { host: "127.0.0.1".to_owned(), port, socket: None };
    let servers = ports.iter().map(server).collect();
    Upstream { name: upstream_name("shop", "master", "web"), servers, extra: None }
}

/// The example of the predecessor's documentation: an app and the files of its `public` directory.
pub(crate) fn app_and_files(on: &Machine) -> VirtualHost {
    on.domain("node-js-sample.example.com", vec![app("/"), on.files("/public", "checkout/public")])
}

/// All that a domain with TLS can have, with text of the admin's everywhere.
pub(crate) fn secure_with_extras(on: &Machine) -> VirtualHost {
    let api = with_extra(app("/api"), "client_max_body_size 20m;\nadd_header X-Robots-Tag noindex;");
    let mut host =
        on.secure_domain("shop.example", vec![app("/"), api, on.files("/public", "checkout/public")]);
    host.frontend.tls = Some(Tls { chain: Some(on.root.join("chain.crt")), ..on.tls() });
    host.frontend.http_extra =
        Some("location /.well-known/acme-challenge/ {\n    root /var/www/acme;\n}\n".to_owned());
    host.frontend.https_extra =
        Some("    gzip on;\n    gzip_types\n        text/css\n        application/json;\n".to_owned());
    host
}

/// TLS directives of the admin's own, and his own word on HSTS.
pub(crate) fn secure_with_own_tls(on: &Machine) -> VirtualHost {
    let mut host = on.secure_domain("old.example", vec![app("/")]);
    let config = "ssl_protocols TLSv1.3;\nssl_ciphers DEFAULT;\nadd_header Strict-Transport-Security max-age=31536000 always;\n".to_owned();
    host.frontend.tls =
        Some(Tls { config: Some(config), chain: Some(on.root.join("chain.crt")), ..on.tls() });
    host
}

/// Directives of the admin's in place of each of ours.
pub(crate) fn overridden(on: &Machine) -> VirtualHost {
    let own_headers =
        "proxy_set_header host www.example.com;\nproxy_set_header X-Team blue;\nproxy_read_timeout 10s;";
    let files = with_extra(on.files("/files", "checkout/files"), "disable_symlinks off;\nautoindex on;");
    let mut host = on.domain("own.example", vec![with_extra(app("/"), own_headers), files]);
    host.frontend.http_extra = Some(
        "proxy_http_version 1.0;\nproxy_read_timeout 5m;\nabsolute_redirect on;\nserver_name own;".to_owned(),
    );
    host
}

/// Every kind of location, and no `/`.
pub(crate) fn every_location(on: &Machine) -> VirtualHost {
    let runner_extra = Route::Static {
        root: on.root.join("checkout/dist"),
        checkout: on.root.join("checkout"),
        linked: Vec::new(),
        index: "index.html".to_owned(),
        spa: false,
        cache: None,
        extra: Some("location ~* \\.(?:css|js)$ {\n    expires 1y;\n}".to_owned()),
    };
    on.domain(
        "paths.example",
        vec![
            on.files("~ \\.(?:png|jp(e|)g)$", "checkout/images"),
            location("~* ^/v[0-9]{1,2}/", proxy(Protocol::Http, None)),
            on.files("= /favicon.ico", "checkout"),
            on.files("/.well-known", "checkout/well known"),
            location("^~ /assets/", runner_extra),
            location("/api", proxy(Protocol::Http, Some("/v2/"))),
            location("/status", Route::Verbatim("stub_status;\nallow 127.0.0.1;\ndeny all;".to_owned())),
            location("= /old", Route::Verbatim("return 301 /new;".to_owned())),
        ],
    )
}

pub(crate) fn uwsgi(on: &Machine) -> VirtualHost {
    let django = with_extra(location("/", proxy(Protocol::Uwsgi, None)), "uwsgi_param HTTPS on;");
    on.domain("django.example", vec![django])
}

/// A PHP app at `/`, whose document root is the checkout, one below a prefix, and all paths of a regular expression.
pub(crate) fn scripts(on: &Machine) -> VirtualHost {
    let checkout = on.root.join("checkout");
    let linked = |name: &str, is_directory| Linked {
        link: on.root.join("checkout/public").join(name),
        target: on.root.join("data").join(name),
        data: on.root.join("data"),
        is_directory,
    };
    let scripts = |directory: &str, linked: Vec<Linked>| Route::Scripts {
        upstream: upstream_name("shop", "master", "php"),
        root: checkout.join(directory),
        script: "index.php".to_owned(),
        all_scripts: directory == "wordpress",
        checkout: checkout.clone(),
        linked,
        cache: Some(Duration::from_secs(3600)),
        extra: None,
    };
    let public = scripts("public", vec![linked("uploads", true), linked("robots.txt", false)]);
    let locations = vec![
        with_extra(location("/", scripts("", Vec::new())), "fastcgi_param SERVER_NAME shop;"),
        location("/blog", public),
        location("/press/", scripts("wordpress", Vec::new())),
        location("~ ^/v[0-9]+/", scripts("public", Vec::new())),
    ];
    on.domain("php.example", locations)
}

/// The upstream of [`scripts`].
pub(crate) fn socket_upstream(on: &Machine) -> Upstream {
    let server = Server {
        host: "127.0.0.1".to_owned(),
        port: 61500,
        socket: Some(on.root.join("run/sockets/61500/app.sock")),
    };
    Upstream { name: upstream_name("shop", "master", "php"), servers: vec![server], extra: None }
}

pub(crate) fn unavailable(on: &Machine) -> VirtualHost {
    let new = location("/new", Route::Unavailable(Unavailable::NotDeployed));
    on.secure_domain(
        "away.example",
        vec![location("/", Route::Unavailable(Unavailable::Maintenance(None))), new],
    )
}

pub(crate) fn wildcard(on: &Machine) -> VirtualHost {
    let mut host = on.secure_domain("*.example.org", vec![app("/")]);
    host.frontend.extra_listen_options = Some("http2 backlog=1024".to_owned());
    host
}

/// A single-page application at `/` and one below a prefix, both cached.
pub(crate) fn single_page(on: &Machine) -> VirtualHost {
    let page = |directory: &str, index: &str| Route::Static {
        root: on.root.join(directory),
        checkout: on.root.clone(),
        linked: Vec::new(),
        index: index.to_owned(),
        spa: true,
        cache: Some(Duration::from_secs(3600)),
        extra: None,
    };
    let locations = vec![
        location("/", page("site", "index.html")),
        location("/admin", page("site/admin app", "home.html")),
        app("/api/"),
    ];
    let mut host = on.secure_domain("spa.example", locations);
    host.gzip_static = true;
    host
}

/// A domain with other names: with and without TLS.
pub(crate) fn many_names(on: &Machine, tls: bool) -> VirtualHost {
    let name = |text: &str| DomainName::new(text).unwrap();
    let (own, suffix) = if tls { ("names.example", "") } else { ("plain.example", "-plain") };
    let mut host = on.domain(own, vec![app("/")]);
    host.frontend.tls = tls.then(|| on.tls());
    host.frontend.aliases =
        vec![name(&format!("alias{suffix}.example")), name(&format!("*.alias{suffix}.example"))];
    host.frontend.redirects = vec![name(&format!("www.{own}"))];
    host.frontend.http_extra =
        Some("location /.well-known/acme-challenge/ {\n    root /var/www/acme;\n}".to_owned());
    host
}

/// All of the above, by the name of the file they are in.
pub(crate) fn all(on: &Machine) -> Vec<(&'static str, VirtualHost)> {
    vec![
        ("app_and_files", app_and_files(on)),
        ("secure_with_extras", secure_with_extras(on)),
        ("secure_with_own_tls", secure_with_own_tls(on)),
        ("overridden", overridden(on)),
        ("every_location", every_location(on)),
        ("uwsgi", uwsgi(on)),
        ("scripts", scripts(on)),
        ("unavailable", unavailable(on)),
        ("wildcard", wildcard(on)),
        ("single_page", single_page(on)),
        ("many_names", many_names(on, true)),
        ("many_names_plain", many_names(on, false)),
    ]
}
