//! `runners` of a branch: how its code is run.

use std::time::Duration;

use camino::Utf8PathBuf;

use crate::HealthCheck;
use crate::fields::{Field, Fields};
use crate::finding::{Finding, Findings, quote};
use crate::schema::Schema;
use crate::suggest;
use crate::tree::Value;

/// `type: SimpleProcess`.
pub(crate) const SIMPLE_PROCESS: Schema = Schema {
    name: "a SimpleProcess",
    keys: &["type", "cmd", "process_count", "min_uptime", "stop_timeout", "overlap"],
};
/// `type: NginxBackend`.
pub(crate) const NGINX_BACKEND: Schema = Schema {
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
/// `type: UwsgiNginxBackend`: without the keys for HTTP (nginx rejects a `uwsgi_pass` with a path).
pub(crate) const UWSGI_NGINX_BACKEND: Schema = Schema {
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
/// `type: NginxStatic`.
pub(crate) const NGINX_STATIC: Schema = Schema {
    name: "an NginxStatic",
    keys: &["type", "subdirectory", "index", "spa", "cache", "nginx_extra_config"],
};

/// svscan serves at most 1,000 services, and each process has two (its slots).
const MAX_PROCESSES: u16 = 500;

/// One runner, by its `type`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunnerConfig {
    /// `type: SimpleProcess`: processes that do not serve HTTP.
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
    /// `min_uptime`: how long a new process must stay up to count as started. `None`: starting is enough.
    pub min_uptime: Option<Duration>,
    /// `stop_timeout`: the time between SIGTERM and SIGKILL. Default 10s.
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
    /// `nginx_extra_config`: verbatim, in every location that routes here.
    pub nginx_extra_config: Option<String>,
    /// `nginx_extra_upstream_config`: verbatim, in the upstream block.
    pub nginx_extra_upstream_config: Option<String>,
    /// `nginx_proxy_path` (NginxBackend only): appended to the `proxy_pass` address.
    pub nginx_proxy_path: Option<String>,
    /// `healthcheck` (NginxBackend only). `None`: the port must accept connections.
    pub healthcheck: Option<HealthCheck>,
    /// `start_timeout`: the time limit until a new process is ready. Default 30s.
    pub start_timeout: Duration,
    /// `drain_timeout`: the time limit for requests to an old process. Default 30s.
    pub drain_timeout: Duration,
    /// `stop_timeout`: the time between SIGTERM and SIGKILL. Default 10s.
    pub stop_timeout: Duration,
    /// `overlap`. Default `start_first`.
    pub overlap: Overlap,
}

/// The protocol between nginx and a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP, with `proxy_pass`.
    Http,
    /// uwsgi, with `uwsgi_pass`.
    Uwsgi,
}

/// `type: NginxStatic`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NginxStatic {
    /// `subdirectory` of the checkout, relative and inside it. Default: the root of the checkout (empty).
    pub subdirectory: Utf8PathBuf,
    /// `index`: the file that is served for a directory. Default `index.html`.
    pub index: String,
    /// `spa`: whether the index of the root is served for paths that are not files. Default false.
    pub spa: bool,
    /// `cache`: how long clients may cache a file. `None`: nginx sends no cache headers.
    pub cache: Option<Duration>,
    /// `nginx_extra_config`: verbatim, in every location that routes here.
    pub nginx_extra_config: Option<String>,
}

/// Whether the old and the new processes of a runner may run at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// The new processes start while the old ones still run.
    StartFirst,
    /// The old processes stop before the new ones start.
    StopFirst,
}

/// The values of `type`.
#[derive(Debug, Clone, Copy)]
enum Type {
    SimpleProcess,
    NginxUpstream(Protocol),
    NginxStatic,
}

const TYPES: [(&str, Type); 4] = [
    ("NginxBackend", Type::NginxUpstream(Protocol::Http)),
    ("NginxStatic", Type::NginxStatic),
    ("SimpleProcess", Type::SimpleProcess),
    ("UwsgiNginxBackend", Type::NginxUpstream(Protocol::Uwsgi)),
];

const OVERLAPS: [(&str, Overlap); 2] =
    [("start_first", Overlap::StartFirst), ("stop_first", Overlap::StopFirst)];

impl RunnerConfig {
    pub(crate) fn decode(field: Field<'_>, findings: &mut Findings) -> Option<Self> {
        match read_type(field, findings)? {
            Type::SimpleProcess => SimpleProcess::decode(field, findings).map(Self::SimpleProcess),
            Type::NginxUpstream(protocol) => {
                NginxUpstream::decode(field, protocol, findings).map(Self::NginxUpstream)
            }
            Type::NginxStatic => NginxStatic::decode(field, findings).map(Self::NginxStatic),
        }
    }
}

/// Decodes `type` first, because it determines the other keys.
fn read_type(field: Field<'_>, findings: &mut Findings) -> Option<Type> {
    let types = TYPES.iter().map(|(name, _)| *name);
    let Some(written) = field.node.get("type").map(Field::of) else {
        let types = suggest::any_of(types).unwrap_or_default();
        findings.add(match &field.node.value {
            Value::Mapping(_) => Finding::error(field.key, format!("{} has no `type`", quote(field.name)))
                .label(format!("expected the key `type` with {types}")),
            _ => field.unexpected("a mapping with the key `type`"),
        });
        return None;
    };
    let name = &findings.take(written.scalar(&suggest::any_of(types.clone()).unwrap_or_default()))?.text;
    match TYPES.iter().find(|(known, _)| known == name) {
        Some((_, found)) => Some(*found),
        None => {
            let finding = Finding::error(written.node.span, format!("unknown runner type {}", quote(name)));
            findings.add(finding.expected("runner type", name, types));
            None
        }
    }
}

impl SimpleProcess {
    fn decode(field: Field<'_>, findings: &mut Findings) -> Option<Self> {
        let fields = field.fields(&SIMPLE_PROCESS, findings)?;
        let cmd = fields.required("cmd", findings, Field::command);
        let process_count = read_process_count(&fields, findings);
        let min_uptime = fields.optional("min_uptime", findings, Field::duration);
        let stop_timeout = read_stop_timeout(&fields, findings);
        let overlap = fields.optional("overlap", findings, |field| field.one_of(&OVERLAPS));
        let overlap = overlap.unwrap_or(Overlap::StopFirst);
        Some(Self { cmd: cmd?, process_count, min_uptime, stop_timeout, overlap })
    }
}

impl NginxUpstream {
    fn decode(field: Field<'_>, protocol: Protocol, findings: &mut Findings) -> Option<Self> {
        let schema = match protocol {
            Protocol::Http => &NGINX_BACKEND,
            Protocol::Uwsgi => &UWSGI_NGINX_BACKEND,
        };
        let fields = field.fields(schema, findings)?;
        let cmd = fields.required("cmd", findings, Field::command);
        let process_count = read_process_count(&fields, findings);
        let (healthcheck, nginx_proxy_path) = match protocol {
            Protocol::Http => (
                fields.get("healthcheck").and_then(|it| HealthCheck::decode(it, findings)),
                fields.optional("nginx_proxy_path", findings, read_proxy_path),
            ),
            Protocol::Uwsgi => (None, None),
        };
        let start_timeout = fields.optional("start_timeout", findings, Field::positive_duration);
        let drain_timeout = fields.optional("drain_timeout", findings, Field::duration);
        let stop_timeout = read_stop_timeout(&fields, findings);
        let overlap = fields.optional("overlap", findings, |field| field.one_of(&OVERLAPS));
        Some(Self {
            protocol,
            process_count,
            nginx_extra_config: fields.verbatim("nginx_extra_config", findings),
            nginx_extra_upstream_config: fields.verbatim("nginx_extra_upstream_config", findings),
            nginx_proxy_path,
            healthcheck,
            start_timeout: start_timeout.unwrap_or(Duration::from_secs(30)),
            drain_timeout: drain_timeout.unwrap_or(Duration::from_secs(30)),
            stop_timeout,
            overlap: overlap.unwrap_or(Overlap::StartFirst),
            cmd: cmd?,
        })
    }
}

impl NginxStatic {
    fn decode(field: Field<'_>, findings: &mut Findings) -> Option<Self> {
        let fields = field.fields(&NGINX_STATIC, findings)?;
        Some(Self {
            subdirectory: fields
                .optional("subdirectory", findings, Field::path_in_checkout)
                .unwrap_or_default(),
            index: fields.optional("index", findings, read_index).unwrap_or_else(|| "index.html".to_owned()),
            spa: fields.optional("spa", findings, Field::boolean).unwrap_or(false),
            cache: fields.optional("cache", findings, Field::cache_duration),
            nginx_extra_config: fields.verbatim("nginx_extra_config", findings),
        })
    }
}

fn read_process_count(fields: &Fields<'_>, findings: &mut Findings) -> u16 {
    fields.optional("process_count", findings, |field| field.number(1, MAX_PROCESSES)).unwrap_or(1)
}

fn read_stop_timeout(fields: &Fields<'_>, findings: &mut Findings) -> Duration {
    fields.optional("stop_timeout", findings, Field::duration).unwrap_or(Duration::from_secs(10))
}

/// Decodes a file name.
fn read_index(field: &Field<'_>) -> Result<String, Finding> {
    let expected = "the name of a file, such as index.html";
    let name = &field.scalar(expected)?.text;
    let special = |c: char| c.is_control() || c.is_whitespace() || "/\"'\\{};$".contains(c);
    if name.is_empty() || name.starts_with('.') || name.contains(special) {
        Err(field.unexpected(expected))
    } else {
        Ok(name.clone())
    }
}

/// Decodes a path that is appended to an address in nginx's configuration.
fn read_proxy_path(field: &Field<'_>) -> Result<String, Finding> {
    let expected = "a path such as /app/";
    let path = &field.scalar(expected)?.text;
    let special = |c: char| c.is_control() || c.is_whitespace() || "\"'\\{};$".contains(c);
    if !path.starts_with('/') {
        Err(field.unexpected(expected))
    } else if path.contains(special) {
        Err(field.unexpected("a path without spaces, quotes or any of `\\{};$`"))
    } else {
        Ok(path.clone())
    }
}
