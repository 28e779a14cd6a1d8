//! `type: UwsgiNginxBackend`: processes that speak uwsgi behind an nginx upstream.

use std::time::Duration;

use pypaas_config::{Keys, Overlap, Protocol, Schema, Serves};
use pypaas_core::{
    NginxBase, Placement, Readiness, Route, Runner, RunnerSettings, Server, Site, Upstream, UpstreamName,
};

use crate::NginxUpstream;

/// Runs uwsgi servers, each on the port in its `PORT`, and passes requests to them by `uwsgi_pass`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UwsgiNginxBackend {
    /// The processes.
    pub upstream: NginxUpstream,
}

impl RunnerSettings for UwsgiNginxBackend {
    const TYPE: &'static str = "UwsgiNginxBackend";
    /// Without what only HTTP has; nginx refuses a `uwsgi_pass` with a path.
    const SCHEMA: &'static Schema = &Schema {
        name: "a UwsgiNginxBackend",
        keys: &[
            "type",
            "cmd",
            "process_count",
            "start_timeout",
            "drain_timeout",
            "stop_timeout",
            "overlap",
            "nginx_extra_config",
            "nginx_extra_upstream_config",
        ],
    };

    fn decode(keys: &mut Keys<'_, '_>) -> Option<Self> {
        NginxUpstream::decode(keys).map(|upstream| Self { upstream })
    }

    fn serves(&self) -> Serves {
        Serves::Requests
    }
}

impl Runner for UwsgiNginxBackend {
    fn command(&self) -> Option<&str> {
        Some(&self.upstream.cmd)
    }

    fn process_count(&self) -> u16 {
        self.upstream.process_count
    }

    fn needs_port(&self) -> bool {
        true
    }

    /// Accepting connections: a health check speaks HTTP, which these processes do not.
    fn readiness(&self) -> Readiness {
        Readiness::Accepts { within: self.upstream.start_timeout, http: false }
    }

    fn overlap(&self) -> Overlap {
        self.upstream.overlap
    }

    fn patience(&self) -> (Duration, Duration) {
        self.upstream.patience()
    }

    fn nginx(&self) -> Option<&dyn NginxBase> {
        Some(self)
    }
}

impl NginxBase for UwsgiNginxBackend {
    fn upstream(&self, name: &UpstreamName, servers: &[Server]) -> Option<Upstream> {
        self.upstream.upstream(name, servers)
    }

    fn route(&self, placement: &Placement) -> Route {
        self.upstream.route(Protocol::Uwsgi, None, placement)
    }

    fn site(&self) -> Option<Site> {
        None
    }
}
