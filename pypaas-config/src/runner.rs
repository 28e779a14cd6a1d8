//! `runners` of a branch: what is done with its code.

use std::time::Duration;

use camino::Utf8PathBuf;

use crate::HealthCheck;

/// One runner, as `type` and the keys of that type say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunnerConfig {
    /// `type: SimpleProcess`: processes that serve nothing.
    SimpleProcess(SimpleProcess),
    /// `type: NginxBackend` or `UwsgiNginxBackend`: processes behind an nginx upstream.
    NginxUpstream(NginxUpstream),
    /// `type: NginxStatic`: files served by nginx itself.
    NginxStatic(NginxStatic),
}

/// `type: SimpleProcess`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimpleProcess {
    /// `cmd`: run by a shell in the checkout.
    pub cmd: String,
    /// `process_count`. Default 1.
    pub process_count: u16,
    /// `min_uptime`: how long a new process must stay up to count as started. Absent: starting is enough.
    pub min_uptime: Option<Duration>,
    /// `stop_timeout`: from SIGTERM to SIGKILL. Default 10s.
    pub stop_timeout: Duration,
    /// `overlap`. Default `stop_first`.
    pub overlap: Overlap,
}

/// `type: NginxBackend` (HTTP) and `type: UwsgiNginxBackend` (uwsgi).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NginxUpstream {
    /// Which of the two types it is.
    pub protocol: Protocol,
    /// `cmd`: run by a shell in the checkout, with `PORT` set.
    pub cmd: String,
    /// `process_count`. Default 1.
    pub process_count: u16,
    /// `nginx_extra_config`: verbatim, in every location that leads here.
    pub nginx_extra_config: Option<String>,
    /// `nginx_extra_upstream_config`: verbatim, in the upstream block.
    pub nginx_extra_upstream_config: Option<String>,
    /// `nginx_proxy_path`: appended to the `proxy_pass` address.
    pub nginx_proxy_path: Option<String>,
    /// `healthcheck` (NginxBackend only). Absent: the port must accept connections.
    pub healthcheck: Option<HealthCheck>,
    /// `start_timeout`: how long a new process may take to be ready. Default 30s.
    pub start_timeout: Duration,
    /// `drain_timeout`: how long the connections of an old process may last. Default 30s.
    pub drain_timeout: Duration,
    /// `stop_timeout`: from SIGTERM to SIGKILL. Default 10s.
    pub stop_timeout: Duration,
    /// `overlap`. Default `start_first`.
    pub overlap: Overlap,
}

/// What nginx speaks with a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP, by `proxy_pass`.
    Http,
    /// uwsgi, by `uwsgi_pass`.
    Uwsgi,
}

/// `type: NginxStatic`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NginxStatic {
    /// `subdirectory` of the checkout, relative and inside it. Default: the root of the checkout (empty).
    pub subdirectory: Utf8PathBuf,
    /// `nginx_extra_config`: verbatim, in every location that leads here.
    pub nginx_extra_config: Option<String>,
}

/// Whether the old and the new processes of a runner may run at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// The new ones are started beside the old ones.
    StartFirst,
    /// The old ones are gone before the new ones start.
    StopFirst,
}
