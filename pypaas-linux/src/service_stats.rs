//! Statistics of services: what `status` shows about them.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use camino::Utf8Path;
use pypaas_core::ServiceName;

use super::{LinuxHost, proc};
use crate::daemontools::supervise::Supervise;

/// What is known about one service, without waiting for anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceStats {
    /// Its process and how long that has been up; `None` when it is down.
    pub process: Option<(u32, Duration)>,
    /// How often it was started since the given moment; `None` when its run script does not note that.
    pub starts: Option<usize>,
    /// The memory, in bytes, that its process group holds.
    pub memory: u64,
}

impl LinuxHost {
    /// Looks at `services`, counting their starts `since` then. What cannot be seen counts as down.
    pub fn service_stats<'a>(
        &self,
        services: impl IntoIterator<Item = (ServiceName, SystemTime)> + 'a,
    ) -> BTreeMap<ServiceName, ServiceStats> {
        let mut found = BTreeMap::new();
        for (service, since) in services {
            let directory = self.layout.service(&service);
            let status = Supervise::of(&directory).status().ok().flatten();
            let process = status.and_then(|status| Some((status.process?, status.since.elapsed())));
            found.insert(service, ServiceStats { process, starts: starts(&directory, since), memory: 0 });
        }
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

/// Counts the starts that the run script noted since then.
fn starts(directory: &Utf8Path, since: SystemTime) -> Option<usize> {
    let since = since.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    match fs::read_to_string(directory.join("starts")) {
        Ok(text) => {
            Some(text.lines().filter_map(|line| line.parse().ok()).filter(|at: &u64| *at >= since).count())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_starts_since_the_given_moment_count() {
        let directory = tempfile::tempdir().unwrap();
        let directory = Utf8Path::from_path(directory.path()).unwrap();
        let since = UNIX_EPOCH + Duration::from_secs(100);
        assert_eq!(starts(directory, since), None);
        fs::write(directory.join("starts"), "99\n100\ngarbage\n101\n").unwrap();
        assert_eq!(starts(directory, since), Some(2));
    }
}
