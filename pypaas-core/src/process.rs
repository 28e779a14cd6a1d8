//! Processes: what a deployed runner consists of.

use pypaas_config::{BranchRef, RunnerName};
use serde::{Deserialize, Serialize};

use crate::{Layout, Listen, ServiceName, Slot, UnknownFields};

/// One process of a runner, as the record has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The runner.
    pub runner: RunnerName,
    /// Which of the runner's processes, from 0.
    pub index: u16,
    /// The port it must listen on, for runners that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The number of the Unix socket it must listen on, for runners that have one. No process has it as its port meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<u16>,
    /// What a later pypaas wrote.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl Process {
    /// Returns the number that distinguishes it from all others that take requests: its port's, or its socket's.
    pub fn number(&self) -> Option<u16> {
        self.port.or(self.socket)
    }

    /// Returns where it must listen; `None` for one that takes no requests.
    pub fn listen(&self, layout: &Layout) -> Option<Listen> {
        let socket = || self.socket.map(|number| Listen::Socket(layout.socket(number)));
        self.port.map(Listen::Port).or_else(socket)
    }

    /// Names the service that runs this process of `branch` in `slot`.
    pub fn service(&self, branch: &BranchRef, slot: Slot) -> ServiceName {
        ServiceName { runner: branch.runner(&self.runner), index: self.index, slot }
    }
}
