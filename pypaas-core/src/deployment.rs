//! Deployments: what was made live, or is being.

use std::fmt;

use jiff::Timestamp;
use pypaas_config::{BranchRef, Persist, RunnerName};
use serde::{Deserialize, Serialize};

use crate::{
    AttemptKind, CheckoutName, CommitId, Layout, Manifest, Process, Server, ServiceName, Slot, UnknownFields,
};

/// One checkout and the processes that run it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// The number of the release, from 1.
    #[serde(alias = "number")]
    pub release: u64,
    /// What was asked for.
    #[serde(default)]
    pub kind: AttemptKind,
    /// The commit.
    pub commit: CommitId,
    /// The first line of its message.
    pub subject: String,
    /// Where it is checked out.
    pub checkout: CheckoutName,
    /// The slot its processes run in.
    pub slot: Slot,
    /// Its processes.
    pub processes: Vec<Process>,
    /// The builder that was chosen, if any: its directories are on `PATH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builder: Option<String>,
    /// What its own files said of how it is run, where the configuration leaves that to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Manifest>,
    /// The number of the earlier release that it puts back; `None` when it is what was pushed last.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "restored")]
    pub rollback_of: Option<u64>,
    /// Who asked for it: the name of an SSH key, or `local`.
    pub by: String,
    /// When the deploy began.
    pub at: Timestamp,
    /// What of its checkout is in the data directory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub persist: Vec<Persist>,
    /// When its checkout first went live. What is written into it later was written by its processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_since: Option<Timestamp>,
    /// What a later pypaas wrote.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl Deployment {
    /// Names all services of it.
    pub fn services<'a>(&'a self, branch: &'a BranchRef) -> impl Iterator<Item = ServiceName> + 'a {
        self.processes.iter().map(|process| process.service(branch, self.slot))
    }

    /// Lists where the processes of one runner listen, in their order.
    pub fn servers(&self, runner: &RunnerName, layout: &Layout) -> Vec<Server> {
        let own = self.processes.iter().filter(|it| it.runner == *runner);
        own.filter_map(|it| Server::of(it, layout)).collect()
    }
}

impl fmt::Display for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) in slot {}", self.release, self.commit.short(), self.slot)
    }
}
