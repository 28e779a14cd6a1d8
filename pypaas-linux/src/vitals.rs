//! How services are: what `status` shows of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use camino::Utf8Path;
use pypaas_core::ServiceName;

use super::LinuxHost;
use crate::daemontools::supervise::Supervise;

/// One service, looked at without waiting for anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vitals {
    /// Its process and how long that has been up; `None` when it is down.
    pub process: Option<(u32, Duration)>,
    /// How often it was started since the given moment; `None` when its run script does not note that.
    pub starts: Option<usize>,
    /// The memory, in bytes, that its process group holds.
    pub memory: u64,
}

impl LinuxHost {
    /// Looks at `services`, counting their starts `since` then. What cannot be seen counts as down.
    pub fn vitals<'a>(
        &self,
        services: impl IntoIterator<Item = (ServiceName, SystemTime)> + 'a,
    ) -> BTreeMap<ServiceName, Vitals> {
        let mut found = BTreeMap::new();
        for (service, since) in services {
            let directory = self.layout.service(&service);
            let status = Supervise::of(&directory).status().ok().flatten();
            let process = status.and_then(|status| Some((status.process?, status.since.elapsed())));
            found.insert(service, Vitals { process, starts: starts(&directory, since), memory: 0 });
        }
        if found.values().any(|vitals| vitals.process.is_some()) {
            let memory = memory_of_groups();
            for vitals in found.values_mut() {
                let group = vitals.process.and_then(|(process, _)| memory.get(&process));
                vitals.memory = group.copied().unwrap_or(0);
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

/// Adds up the resident memory of each process group. What forked processes share is counted in each.
fn memory_of_groups() -> BTreeMap<u32, u64> {
    let page = rustix::param::page_size() as u64;
    let mut groups = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let stat = fs::read(format!("/proc/{id}/stat")).unwrap_or_default();
        if let Some((group, pages)) = group_and_pages(&stat) {
            *groups.entry(group).or_default() += pages * page;
        }
    }
    groups
}

/// Reads fields 5 and 24 of proc_pid_stat(5): the process group, and the resident pages.
fn group_and_pages(stat: &[u8]) -> Option<(u32, u64)> {
    let after_name = stat.iter().rposition(|&byte| byte == b')')? + 1;
    let text = std::str::from_utf8(stat.get(after_name..)?).ok()?;
    let mut fields = text.split_ascii_whitespace();
    Some((fields.nth(2)?.parse().ok()?, fields.nth(18)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_and_memory_are_read_behind_any_name() {
        let stat =
            b"42 (a) R 1 1 (b) S 7 40 41 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 12345 1000 77 18446744073709551615";
        assert_eq!(group_and_pages(stat), Some((40, 77)));
    }

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
