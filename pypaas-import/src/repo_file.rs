//! `repo/<name>.yml` as it is written: structs that mirror the YAML.

use std::collections::BTreeMap;

use serde::Serialize;

/// A branch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Branch {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) runners: BTreeMap<String, Runner>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) formation: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) env: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Hooks::is_empty")]
    pub(crate) hooks: Hooks,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) custom_cmds: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) persist: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) stores: BTreeMap<String, &'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) share: Vec<String>,
}

/// A runner of any type; only what is there is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Runner {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cmd: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) process_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) healthcheck: Option<HealthCheck>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) start_timeout: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) drain_timeout: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stop_timeout: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) min_uptime: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nginx_proxy_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subdirectory: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) spa: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<String>,
}

/// `healthcheck` of a runner.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct HealthCheck {
    pub(crate) path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) interval: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<String>,
}

/// `hooks` of a branch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Hooks {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) before_build: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after_build: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) release: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after_deploy: Option<String>,
}

impl Hooks {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Runner {
    /// A server behind nginx.
    pub(crate) fn web(cmd: &str) -> Self {
        Self { kind: "NginxBackend", cmd: Some(cmd.to_owned()), ..Self::default() }
    }

    /// A process that serves nothing.
    pub(crate) fn worker(cmd: &str) -> Self {
        Self { kind: "SimpleProcess", cmd: Some(cmd.to_owned()), ..Self::default() }
    }

    /// A directory that nginx serves; the empty path is the checkout.
    pub(crate) fn files(subdirectory: &str) -> Self {
        let subdirectory = Some(subdirectory.to_owned()).filter(|it| !it.is_empty());
        Self { kind: "NginxStatic", subdirectory, ..Self::default() }
    }

    /// A command that runs at set times.
    pub(crate) fn job(at: &str, cmd: &str) -> Self {
        Self { kind: "Scheduled", cmd: Some(cmd.to_owned()), at: Some(at.to_owned()), ..Self::default() }
    }

    /// Returns whether nginx can send requests to it.
    pub(crate) fn is_served(&self) -> bool {
        !matches!(self.kind, "SimpleProcess" | "Scheduled")
    }

    /// Returns whether a line of a `Procfile` with the name `name`, and a formation, say the same.
    pub(crate) fn is_line_of_procfile(&self, name: &str) -> bool {
        let own = Self { process_count: None, ..self.clone() };
        let cmd = self.cmd.as_deref().unwrap_or_default();
        own == if name == "web" { Self::web(cmd) } else { Self::worker(cmd) }
    }
}
