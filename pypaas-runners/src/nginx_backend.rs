//! `type: NginxBackend`: processes that serve HTTP behind an nginx upstream.

use std::time::Duration;

use pypaas_config::{Field, Finding, HealthCheck, Keys, Overlap, Protocol, Schema, Serves};
use pypaas_core::{
    NginxBase, Placement, Readiness, Route, Runner, RunnerSettings, Server, Site, Upstream, UpstreamName,
};

use crate::NginxUpstream;

/// Runs HTTP servers, each on the port in its `PORT`, and passes requests to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NginxBackend {
    /// The processes.
    pub upstream: NginxUpstream,
    /// `nginx_proxy_path`: appended to the `proxy_pass` address.
    pub nginx_proxy_path: Option<String>,
    /// `healthcheck`. Absent: the port must accept connections.
    pub healthcheck: Option<HealthCheck>,
}

impl RunnerSettings for NginxBackend {
    const TYPE: &'static str = "NginxBackend";
    const SCHEMA: &'static Schema = &Schema {
        name: "an NginxBackend",
        keys: &[
            "type",
            "cmd",
            "process_count",
            "healthcheck",
            "start_timeout",
            "drain_timeout",
            "stop_timeout",
            "overlap",
            "nginx_proxy_path",
            "nginx_extra_config",
            "nginx_extra_upstream_config",
        ],
    };

    fn decode(keys: &mut Keys<'_, '_>) -> Option<Self> {
        let upstream = NginxUpstream::decode(keys);
        let healthcheck = keys.health_check();
        let nginx_proxy_path = keys.optional("nginx_proxy_path", read_proxy_path);
        Some(Self { upstream: upstream?, nginx_proxy_path, healthcheck })
    }

    fn serves(&self) -> Serves {
        if self.nginx_proxy_path.is_some() { Serves::ChangedPaths } else { Serves::Requests }
    }
}

impl Runner for NginxBackend {
    fn command(&self) -> Option<&str> {
        Some(&self.upstream.cmd)
    }

    fn process_count(&self) -> u16 {
        self.upstream.process_count
    }

    fn needs_port(&self) -> bool {
        true
    }

    /// Answering its health check; without one, accepting connections.
    fn readiness(&self) -> Readiness {
        let within = self.upstream.start_timeout;
        match &self.healthcheck {
            Some(check) => Readiness::Healthy { check: check.clone(), within },
            None => Readiness::Accepts { within, http: true },
        }
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

impl NginxBase for NginxBackend {
    fn upstream(&self, name: &UpstreamName, servers: &[Server]) -> Option<Upstream> {
        self.upstream.upstream(name, servers)
    }

    fn route(&self, placement: &Placement) -> Route {
        self.upstream.route(Protocol::Http, self.nginx_proxy_path.clone(), placement)
    }

    fn site(&self) -> Option<Site> {
        None
    }
}

/// Reads a path that is appended to an address in nginx's configuration.
fn read_proxy_path(field: &Field<'_>) -> Result<String, Finding> {
    let expected = "a path such as /app/";
    let path = field.word(expected)?;
    let special = |c: char| c.is_control() || c.is_whitespace() || "\"'\\{};$".contains(c);
    if !path.starts_with('/') {
        Err(field.unexpected(expected))
    } else if path.contains(special) {
        Err(field.unexpected("a path without spaces, quotes or any of `\\{};$`"))
    } else {
        Ok(path.to_owned())
    }
}
