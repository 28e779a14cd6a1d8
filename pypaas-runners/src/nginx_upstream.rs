//! What the types have in common whose processes stand behind an nginx upstream.

use std::time::Duration;

use pypaas_config::{Field, Keys, Overlap, Protocol};
use pypaas_core::{Placement, Route, Server, Upstream, UpstreamName};

/// Processes behind an nginx upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NginxUpstream {
    /// `cmd`: run by a shell in the checkout, with `PORT` set.
    pub cmd: String,
    /// `process_count`. Default 1.
    pub process_count: u16,
    /// `nginx_extra_config`: verbatim, in every location that leads here.
    pub nginx_extra_config: Option<String>,
    /// `nginx_extra_upstream_config`: verbatim, in the upstream block.
    pub nginx_extra_upstream_config: Option<String>,
    /// `start_timeout`: how long a new process may take to be ready. Default 30s.
    pub start_timeout: Duration,
    /// `drain_timeout`: how long the connections of an old process may last. Default 30s.
    pub drain_timeout: Duration,
    /// `stop_timeout`: from SIGTERM to SIGKILL. Default 10s.
    pub stop_timeout: Duration,
    /// `overlap`. Default `start_first`.
    pub overlap: Overlap,
}

impl NginxUpstream {
    /// Describes processes that run `cmd`, with every default.
    pub fn new(cmd: impl Into<String>) -> Self {
        Self {
            cmd: cmd.into(),
            process_count: 1,
            nginx_extra_config: None,
            nginx_extra_upstream_config: None,
            start_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(10),
            overlap: Overlap::StartFirst,
        }
    }

    pub(crate) fn decode(keys: &mut Keys<'_, '_>) -> Option<Self> {
        let cmd = keys.required("cmd", Field::command);
        let process_count = keys.process_count();
        let read = Self::decode_without_cmd(keys);
        cmd.map(|cmd| Self { cmd, process_count, ..read })
    }

    /// Decodes all keys but `cmd` and `process_count`.
    pub(crate) fn decode_without_cmd(keys: &mut Keys<'_, '_>) -> Self {
        let default = Self::new("");
        Self {
            start_timeout: keys
                .optional("start_timeout", Field::positive_duration)
                .unwrap_or(default.start_timeout),
            drain_timeout: keys.optional("drain_timeout", Field::duration).unwrap_or(default.drain_timeout),
            stop_timeout: keys.stop_timeout(),
            overlap: keys.overlap(default.overlap),
            nginx_extra_config: keys.verbatim("nginx_extra_config"),
            nginx_extra_upstream_config: keys.verbatim("nginx_extra_upstream_config"),
            ..default
        }
    }

    /// Describes the upstream block of `servers`; none without servers, because nginx refuses an empty one.
    pub(crate) fn upstream(&self, name: &UpstreamName, servers: &[Server]) -> Option<Upstream> {
        let extra = self.nginx_extra_upstream_config.clone();
        (!servers.is_empty()).then(|| Upstream { name: name.clone(), servers: servers.to_vec(), extra })
    }

    /// Describes the location that passes requests to that upstream.
    pub(crate) fn route(&self, protocol: Protocol, path: Option<String>, placement: &Placement) -> Route {
        let extra = self.nginx_extra_config.clone();
        Route::Proxy { upstream: placement.upstream.clone(), protocol, path, extra }
    }

    /// Returns how long the connections of an old process may last, and how long it has from SIGTERM to SIGKILL.
    pub(crate) fn patience(&self) -> (Duration, Duration) {
        (self.drain_timeout, self.stop_timeout)
    }
}
