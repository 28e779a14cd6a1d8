//! Statistics of services: what `status` shows about them.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use pypaas_core::ServiceName;

use super::{LinuxHost, proc};

/// What is known about one service, without waiting for anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceStats {
    /// Its process and how long it has been up; `None` when the service is down.
    pub process: Option<(u32, Duration)>,
    /// How often it was started since the given time; `None` when nobody counts that.
    pub starts: Option<usize>,
    /// The memory, in bytes, that its process group holds.
    pub memory: u64,
}

impl LinuxHost {
    /// Reads the statistics of `services`, with their starts since the given times. What cannot be read counts as down.
    pub fn service_stats(
        &self,
        services: impl IntoIterator<Item = (ServiceName, SystemTime)>,
    ) -> BTreeMap<ServiceName, ServiceStats> {
        let stats = |(service, since): (ServiceName, SystemTime)| {
            let activity = self.supervisor.activity(&service, since);
            (service, ServiceStats { process: activity.process, starts: activity.starts, memory: 0 })
        };
        let mut found: BTreeMap<_, _> = services.into_iter().map(stats).collect();
        if found.values().any(|stats| stats.process.is_some()) {
            let memory = proc::memory_by_group();
            for stats in found.values_mut() {
                let group = stats.process.and_then(|(process, _)| memory.get(&process));
                stats.memory = group.copied().unwrap_or(0);
            }
        }
        found
    }
}
