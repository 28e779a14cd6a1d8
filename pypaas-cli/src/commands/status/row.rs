//! What `status` says of one branch.

use jiff::Timestamp;
use pypaas_core::{AttemptKind, Deployment, Maintenance, Outcome, Slot};
use pypaas_linux::DiskUse;
use serde::Serialize;

/// One branch, as `--json` prints it.
#[derive(Debug, Clone, Serialize)]
pub(in crate::commands) struct Row {
    pub(in crate::commands) repo: String,
    pub(in crate::commands) branch: String,
    pub(in crate::commands) configured: bool,
    /// Whether the repo's file is broken: nothing can be pushed until it is fixed, and what is live stays.
    pub(in crate::commands) broken: bool,
    pub(in crate::commands) state: State,
    pub(in crate::commands) live: Option<Live>,
    pub(in crate::commands) processes: Processes,
    pub(in crate::commands) maintenance: Option<Maintenance>,
    pub(in crate::commands) message: Option<String>,
    pub(in crate::commands) deploying: Option<Deploying>,
    pub(in crate::commands) last_failure: Option<LastFailure>,
    pub(in crate::commands) urls: Vec<String>,
    /// How much of the disk it takes, where that was asked for.
    pub(in crate::commands) disk: Option<DiskUse>,
}

/// How a branch is, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::commands) enum State {
    /// All its processes are up, or it needs none.
    Up,
    /// Some of its processes are up.
    Degraded,
    /// None of them is.
    Down,
    /// nginx answers in its place.
    Maintenance,
    /// The admin stopped it.
    Stopped,
    /// Nothing was ever deployed.
    NotDeployed,
}

#[derive(Debug, Clone, Serialize)]
pub(in crate::commands) struct Live {
    pub(in crate::commands) release: u64,
    pub(in crate::commands) commit: String,
    pub(in crate::commands) subject: String,
    pub(in crate::commands) deployed_at: Timestamp,
    pub(in crate::commands) deployed_by: String,
    pub(in crate::commands) restored: Option<u64>,
}

#[derive(Debug, Clone, Serialize)]
pub(in crate::commands) struct Processes {
    pub(in crate::commands) up: usize,
    pub(in crate::commands) desired: usize,
    pub(in crate::commands) uptime_seconds: Option<u64>,
    pub(in crate::commands) restarts: Option<usize>,
    pub(in crate::commands) memory_bytes: u64,
    pub(in crate::commands) instances: Vec<Process>,
}

#[derive(Debug, Clone, Serialize)]
pub(in crate::commands) struct Process {
    pub(in crate::commands) runner: String,
    pub(in crate::commands) index: u16,
    pub(in crate::commands) slot: Slot,
    pub(in crate::commands) port: Option<u16>,
    pub(in crate::commands) pid: Option<u32>,
    pub(in crate::commands) uptime_seconds: Option<u64>,
    pub(in crate::commands) restarts: Option<usize>,
    pub(in crate::commands) memory_bytes: u64,
}

#[derive(Debug, Clone, Serialize)]
pub(in crate::commands) struct Deploying {
    pub(super) commit: String,
    pub(super) by: String,
    pub(super) at: Timestamp,
    pub(super) running: bool,
}

#[derive(Debug, Clone, Serialize)]
pub(in crate::commands) struct LastFailure {
    pub(super) outcome: Outcome,
    pub(super) kind: AttemptKind,
    pub(super) commit: String,
    pub(super) by: String,
    pub(super) at: Timestamp,
    pub(super) reason: Option<String>,
}

impl Live {
    pub(super) fn of(live: &Deployment) -> Self {
        Self {
            release: live.release,
            commit: live.commit.to_string(),
            subject: live.subject.clone(),
            deployed_at: live.at,
            deployed_by: live.by.clone(),
            restored: live.rollback_of,
        }
    }
}

impl Processes {
    pub(super) fn of(instances: Vec<Process>) -> Self {
        let restarts: Vec<usize> = instances.iter().filter_map(|it| it.restarts).collect();
        Self {
            up: instances.iter().filter(|it| it.pid.is_some()).count(),
            desired: instances.len(),
            uptime_seconds: instances.iter().filter_map(|it| it.uptime_seconds).min(),
            restarts: (!restarts.is_empty()).then(|| restarts.iter().sum()),
            memory_bytes: instances.iter().map(|it| it.memory_bytes).sum(),
            instances,
        }
    }
}
