//! `type: UwsgiNginxBackend`: processes that speak uwsgi behind an nginx upstream.

use std::time::Duration;

use pypaas_config::{NginxUpstream, Overlap, Protocol};
use pypaas_core::{NginxBase, Placement, Readiness, Route, Runner, Server, Upstream, UpstreamName};

use crate::nginx_backend::{route, upstream};

/// Runs uwsgi servers, each on the port in its `PORT`, and passes requests to them by `uwsgi_pass`.
#[derive(Debug, Clone)]
pub struct UwsgiNginxBackend(NginxUpstream);

impl UwsgiNginxBackend {
    /// Makes the runner that `config` describes.
    pub fn new(config: NginxUpstream) -> Self {
        Self(config)
    }
}

impl Runner for UwsgiNginxBackend {
    fn command(&self) -> Option<&str> {
        Some(&self.0.cmd)
    }

    fn process_count(&self) -> u16 {
        self.0.process_count
    }

    fn needs_port(&self) -> bool {
        true
    }

    /// Accepting connections: a health check speaks HTTP, which these processes do not.
    fn readiness(&self) -> Readiness {
        Readiness::Accepts { within: self.0.start_timeout }
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

impl NginxBase for UwsgiNginxBackend {
    fn upstream(&self, name: &UpstreamName, servers: &[Server]) -> Option<Upstream> {
        upstream(&self.0, name, servers)
    }

    fn route(&self, placement: &Placement) -> Route {
        route(&self.0, Protocol::Uwsgi, placement)
    }
}
