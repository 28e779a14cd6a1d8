//! What nginx's files should say, as the records are or will be.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use pypaas_config::{BranchRef, Domain, DomainName, Location, RunnerRef};

use super::{own_runners, upstream_file};
use crate::host::Version;
use crate::plan::{PlanError, services};
use crate::{
    EdgeConfig, Frontend, Linked, Observed, Placement, Platform, Process, Record, Route, RouteTarget,
    RoutedLocation, RouterConfig, Tls, Unavailable, Upstream, UpstreamName, VirtualHost, WebFile,
    WebFileName, WebInstance,
};

/// The oldest nginx whose syntax is written when none could be asked.
const OLDEST: Version = Version(1, 22, 0);

/// The records as they will be, with that of one branch replaced.
pub(super) struct RoutingModel<'a> {
    pub(super) platform: &'a Platform,
    pub(super) observed: &'a Observed,
    pub(super) replaced: Option<(&'a BranchRef, &'a Record)>,
    /// Whether a domain stays as it is while it is configured to lead to processes that only the next deploy starts.
    pub(super) keep_until_deployed: bool,
}

impl<'a> RoutingModel<'a> {
    fn record(&self, branch: &BranchRef) -> Option<&Record> {
        match self.replaced {
            Some((replaced, record)) if replaced == branch => Some(record),
            _ => self.observed.records.get(branch),
        }
    }

    /// Says what the files that concern `branch` should say. A domain that leads to it and is not configured any more goes. An
    /// upstream of its own that a file is there for is kept right even when no configured domain leads to it: a domain's
    /// file that is not rewritten yet may still do.
    pub(super) fn of_branch(
        &self,
        branch: &'a BranchRef,
    ) -> Result<BTreeMap<WebFileName, Option<WebFile>>, PlanError> {
        let mut own = own_runners(self.platform, branch, self.observed.records.get(branch));
        let found = self.observed.web_files.keys().filter_map(WebFileName::as_upstream);
        own.extend(found.filter(|runner| runner.is_of(branch)));
        let on_disk = |runner: &RunnerRef| self.observed.web_files.contains_key(&upstream_file(runner));
        let mut files =
            self.texts(self.platform.domains(branch), own.into_iter().filter(on_disk).collect())?;
        let is_removed =
            |file: &WebFileName| file.as_domain().is_some_and(|name| !self.platform.is_known(&name));
        let removed = self.observed.web_files.iter().filter(|(file, _)| is_removed(file));
        let led_here = removed.filter(|(_, file)| file.routes_to(branch));
        let gone = led_here.filter_map(|(file, _)| file.as_domain());
        let gone = gone.flat_map(|name| WebInstance::ALL.map(|it| WebFileName::domain_of(it, &name)));
        files.extend(gone.map(|file| (file, None)));
        Ok(files)
    }

    pub(super) fn texts(
        &self,
        domains: impl Iterator<Item = (&'a DomainName, &'a Domain)>,
        mut runners: BTreeSet<RunnerRef>,
    ) -> Result<BTreeMap<WebFileName, Option<WebFile>>, PlanError> {
        let web = self.platform.web.as_ref();
        let mut files = BTreeMap::new();
        let (mut any, mut any_awaits) = (false, false);
        for (name, domain) in domains {
            any = true;
            runners.extend(domain.targets().cloned());
            let file = WebFileName::domain(name);
            let there = self.observed.web_files.get(&file).filter(|_| self.keep_until_deployed);
            if there.is_some_and(|there| self.awaits_deploy(domain, there)) {
                any_awaits = true;
            } else {
                let (host, routes) = self.virtual_host(name, domain);
                files.insert(file, Some(WebFile { text: web.router_domain(&host)?, routes }));
                let edge = WebFile { text: web.edge_domain(&host)?, routes: BTreeSet::new() };
                files.insert(WebFileName::domain_of(WebInstance::Edge, name), Some(edge));
            }
        }
        if any {
            files.extend(self.mains()?);
        }
        for runner in runners {
            let print = |upstream: Upstream| {
                let routes = upstream.servers.iter().cloned().map(RouteTarget::Server).collect();
                Ok::<_, PlanError>(WebFile { text: web.upstream(&upstream, self.version())?, routes })
            };
            let upstream = self.upstream(&runner).map(print).transpose()?;
            // A domain that stays as it is may name an upstream that is on its way out.
            if upstream.is_some() || !any_awaits {
                files.insert(upstream_file(&runner), upstream);
            }
        }
        Ok(files)
    }

    /// Says what the files should say that the edge and the router are started with.
    pub(super) fn mains(&self) -> Result<BTreeMap<WebFileName, Option<WebFile>>, PlanError> {
        let web = self.platform.web.as_ref();
        let texts = [
            (WebInstance::Edge, web.edge(&self.edge())?),
            (WebInstance::Router, web.router(&self.router())?),
        ];
        let file =
            |(instance, text)| (WebFileName::main(instance), Some(WebFile { text, routes: BTreeSet::new() }));
        Ok(texts.into_iter().map(file).collect())
    }

    /// Returns whether `domain`, whose file is `there`, leads to a runner whose branch is live, but without processes of that
    /// runner, or without the directory that it serves.
    fn awaits_deploy(&self, domain: &Domain, there: &WebFile) -> bool {
        let awaits = |runner: &RunnerRef| {
            let branch = runner.branch_ref();
            let Some(live) = self.record(&branch).and_then(|record| record.live.as_ref()) else {
                return false;
            };
            let is_missing = self.observed.missing_sites.contains_key(runner);
            self.route(runner) == Err(Unavailable::NotDeployed)
                || is_missing && there.serves_checkout(&branch, &live.checkout)
        };
        domain.locations.values().any(|location| awaits(&location.upstream))
    }

    fn version(&self) -> Version {
        self.observed.web_version.unwrap_or(OLDEST)
    }

    fn virtual_host(&self, name: &DomainName, domain: &Domain) -> (VirtualHost, BTreeSet<RouteTarget>) {
        let settings = &self.platform.configuration.settings;
        let files = self.certificate_files(name, domain);
        let tls = files.map(|(certificate, certificate_key)| Tls {
            certificate,
            certificate_key,
            chain: domain.ssl_certificate_chain.clone().filter(|_| !domain.ssl_auto),
            config: domain.ssl_config.clone().or_else(|| settings.ssl_config.clone()),
        });
        let frontend = Frontend {
            aliases: domain.aliases.clone(),
            redirects: domain.redirects.clone(),
            listen: settings.nginx.listen.clone(),
            http_port: settings.nginx.http_port,
            https_port: settings.nginx.https_port,
            tls,
            acme_answers: domain.ssl_auto.then(|| self.platform.layout.acme_answers()),
            extra_listen_options: domain.extra_listen_options.clone(),
            http_extra: domain.nginx_http_extra_config.clone(),
            https_extra: domain.nginx_https_extra_config.clone(),
        };
        let mut routes = BTreeSet::new();
        let location = |(path, location): (&_, &Location)| {
            let (route, targets) = self.location_route(location);
            routes.extend(targets);
            RoutedLocation {
                path: Clone::clone(path),
                route,
                max_body: location.max_body,
                extra: location.nginx_extra_config.clone(),
            }
        };
        let mut written: Vec<_> = domain.locations.iter().collect();
        written.sort_by_key(|(_, location)| location.position);
        let locations = written.into_iter().map(location).collect();
        let host = VirtualHost {
            name: name.clone(),
            file: domain.file.clone(),
            frontend,
            sockets: self.platform.layout.router_sockets(),
            max_body: domain.max_body,
            request_timeout: domain.request_timeout,
            websocket_timeout: domain.websocket_timeout,
            locations,
            gzip_static: self.observed.web_gzip_static,
            version: self.version(),
        };
        (host, routes)
    }

    /// Returns the files of a domain's certificate and of its key; `None` while it is not served over https.
    fn certificate_files(&self, name: &DomainName, domain: &Domain) -> Option<(Utf8PathBuf, Utf8PathBuf)> {
        if domain.ssl_auto {
            return self.observed.certificates.get(name).map(|issued| (issued.chain(), issued.key()));
        }
        domain.ssl.then(|| (domain.ssl_certificate.clone(), domain.ssl_certificate_key.clone()))
    }

    fn edge(&self) -> EdgeConfig {
        let settings = &self.platform.configuration.settings;
        let nginx = &settings.nginx;
        let (longest_name, names) = self.names();
        let domains = &self.platform.configuration.domains;
        let any_ssl = domains.iter().any(|(name, domain)| self.certificate_files(name, domain).is_some());
        EdgeConfig {
            pid_file: self.platform.layout.web_pid_file(WebInstance::Edge),
            sockets: self.platform.layout.router_sockets(),
            listen: nginx.listen.clone(),
            http_port: nginx.http_port,
            https_port: any_ssl.then_some(nginx.https_port),
            trusted_proxies: nginx.trusted_proxies.clone(),
            resolver: nginx.resolver.clone(),
            tls_config: settings.ssl_config.clone(),
            longest_name,
            names,
            version: self.version(),
        }
    }

    fn router(&self) -> RouterConfig {
        let (longest_name, names) = self.names();
        RouterConfig {
            pid_file: self.platform.layout.web_pid_file(WebInstance::Router),
            sockets: self.platform.layout.router_sockets(),
            shutdown_timeout: services::longest_drain(self.platform, &self.observed.records),
            longest_name,
            names,
        }
    }

    /// Returns the length of the longest name of a domain, and how many names there are.
    fn names(&self) -> (usize, usize) {
        let domains = &self.platform.configuration.domains;
        let names = || domains.iter().flat_map(|(name, domain)| domain.names(name));
        (names().map(|name| name.as_str().len()).max().unwrap_or(0), names().count())
    }

    /// Finds what a location does, and what it sends requests to.
    pub(super) fn location_route(&self, location: &Location) -> (Route, Vec<RouteTarget>) {
        let why = match self.route(&location.upstream) {
            Ok(route) => return self.with_targets(&location.upstream, route),
            Err(why) => why,
        };
        let instead = location.maintenance_upstream.as_ref();
        let instead = instead.and_then(|runner| Some((runner, self.route(runner).ok()?)));
        instead
            .map_or((Route::Unavailable(why), Vec::new()), |(runner, route)| self.with_targets(runner, route))
    }

    /// Lists what `route`, which is one of `runner`'s, sends requests to. Directives of the runner's own may do either.
    fn with_targets(&self, runner: &RunnerRef, route: Route) -> (Route, Vec<RouteTarget>) {
        let branch = runner.branch_ref();
        let live = self.record(&branch).and_then(|record| record.live.as_ref());
        let checkout = live.map(|live| RouteTarget::Checkout(branch.clone(), live.checkout.clone()));
        let upstream = |name: &UpstreamName| RouteTarget::Upstream(name.runner().clone());
        let targets = match &route {
            Route::Proxy { upstream: name, .. } => vec![upstream(name)],
            Route::Static { .. } => checkout.into_iter().collect(),
            Route::Scripts { .. } | Route::Verbatim(_) => {
                checkout.into_iter().chain([RouteTarget::Upstream(runner.clone())]).collect()
            }
            Route::Unavailable(_) => Vec::new(),
        };
        (route, targets)
    }

    fn route(&self, runner: &RunnerRef) -> Result<Route, Unavailable> {
        let branch = runner.branch_ref();
        let record = self.record(&branch).ok_or(Unavailable::NotDeployed)?;
        if record.maintenance.is_some() {
            return Err(Unavailable::Maintenance(record.message.clone()));
        }
        if record.stopped {
            return Err(Unavailable::Stopped);
        }
        let live = record.live.as_ref().ok_or(Unavailable::NotDeployed)?;
        let known = self.platform.runner(runner, Some(live)).ok_or(Unavailable::NotDeployed)?;
        let nginx = known.nginx().ok_or(Unavailable::NotDeployed)?;
        // What is live may still be of another type than is configured.
        let mut own = live.processes.iter().filter(|it| it.runner == runner.runner).peekable();
        let needs_process = known.needs_port() || known.needs_socket();
        let fits = |it: &Process| {
            it.port.is_some() == known.needs_port() && it.socket.is_some() == known.needs_socket()
        };
        if own.peek().is_some() != needs_process || !own.all(fits) {
            return Err(Unavailable::NotDeployed);
        }
        let checkout = self.platform.layout.checkout(&branch, &live.checkout);
        let data = self.platform.layout.data(&branch);
        let linked = live.persist.iter().map(|it| Linked {
            link: checkout.join(&it.path),
            target: data.join(&it.path),
            data: data.clone(),
            is_directory: it.is_directory,
        });
        let linked = linked.collect();
        Ok(nginx.route(&Placement { upstream: UpstreamName::new(runner), checkout, linked }))
    }

    fn upstream(&self, runner: &RunnerRef) -> Option<Upstream> {
        let live = self.record(&runner.branch_ref())?.live.as_ref()?;
        let servers = live.servers(&runner.runner, &self.platform.layout);
        if servers.is_empty() {
            return None;
        }
        self.platform.runner(runner, Some(live))?.nginx()?.upstream(&UpstreamName::new(runner), &servers)
    }
}
