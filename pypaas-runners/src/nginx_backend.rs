//! `type: NginxBackend`: processes that serve HTTP behind an nginx upstream.

use std::time::Duration;

use pypaas_config::{NginxUpstream, Overlap, Protocol};
use pypaas_core::{NginxBase, Placement, Readiness, Route, Runner, Server, Upstream, UpstreamName};

/// Runs HTTP servers, each on the port in its `PORT`, and passes requests to them.
#[derive(Debug, Clone)]
pub struct NginxBackend(NginxUpstream);

impl NginxBackend {
    /// Makes the runner that `config` describes.
    pub fn new(config: NginxUpstream) -> Self {
        Self(config)
    }
}

impl Runner for NginxBackend {
    fn command(&self) -> Option<&str> {
        Some(&self.0.cmd)
    }

    fn process_count(&self) -> u16 {
        self.0.process_count
    }

    fn needs_port(&self) -> bool {
        true
    }

    /// Answering its health check; without one, accepting connections.
    fn readiness(&self) -> Readiness {
        let within = self.0.start_timeout;
        match &self.0.healthcheck {
            Some(check) => Readiness::Healthy { check: check.clone(), within },
            None => Readiness::Accepts { within },
        }
    }

    fn overlap(&self) -> Overlap {
        self.0.overlap
    }

    fn patience(&self) -> (Duration, Duration) {
        (self.0.drain_timeout, self.0.stop_timeout)
    }

    fn nginx(&self) -> Option<&dyn NginxBase> {
        Some(self)
    }
}

impl NginxBase for NginxBackend {
    fn upstream(&self, name: &UpstreamName, servers: &[Server]) -> Option<Upstream> {
        upstream(&self.0, name, servers)
    }

    fn route(&self, placement: &Placement) -> Route {
        route(&self.0, Protocol::Http, placement)
    }
}

/// Describes the upstream block of `servers`; none without servers, because nginx refuses an empty one.
pub(crate) fn upstream(config: &NginxUpstream, name: &UpstreamName, servers: &[Server]) -> Option<Upstream> {
    let extra = config.nginx_extra_upstream_config.clone();
    (!servers.is_empty()).then(|| Upstream { name: name.clone(), servers: servers.to_vec(), extra })
}

/// Describes the location that passes requests to that upstream.
pub(crate) fn route(config: &NginxUpstream, protocol: Protocol, placement: &Placement) -> Route {
    Route::Proxy {
        upstream: placement.upstream.clone(),
        protocol,
        path: config.nginx_proxy_path.clone(),
        extra: config.nginx_extra_config.clone(),
    }
}
