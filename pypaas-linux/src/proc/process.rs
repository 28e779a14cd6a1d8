//! One process.

use std::fs;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::{Duration, SystemTime};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// One process, as its line in `/proc/<id>/stat` shows it. Zombies are left out: they hold nothing and run nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    /// Its id.
    pub(crate) id: u32,
    /// The id of the process that started it, or that adopted it.
    pub(super) parent: u32,
    /// The process group it is in.
    pub(crate) group: u32,
    /// When it started, in clock ticks since boot. With the id, this identifies a process uniquely.
    start_ticks: u64,
    /// How many pages of memory it holds.
    resident_pages: u64,
}

impl Process {
    /// Reads one process; `None` when there is none, or a zombie.
    pub(crate) fn read(id: u32) -> Option<Self> {
        Self::parse(id, &fs::read(format!("/proc/{id}/stat")).ok()?)
    }

    /// Reads fields 3 to 5, 22 and 24 of proc_pid_stat(5). The program's name, in parentheses, may contain anything.
    fn parse(id: u32, stat: &[u8]) -> Option<Self> {
        let after_name = stat.iter().rposition(|&byte| byte == b')')? + 1;
        let text = std::str::from_utf8(stat.get(after_name..)?).ok()?;
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [state, parent, group, ..] = fields.as_slice() else { return None };
        if matches!(*state, "Z" | "X" | "x") {
            return None;
        }
        Some(Self {
            id,
            parent: parent.parse().ok()?,
            group: group.parse().ok()?,
            start_ticks: fields.get(19)?.parse().ok()?,
            // The kernel counts some pages late; a number below zero is none.
            resident_pages: fields.get(21)?.parse().unwrap_or(0),
        })
    }

    /// Returns whether it was started by `parent`, which still runs.
    pub(crate) fn is_child_of(&self, parent: u32) -> bool {
        self.parent == parent
    }

    /// Returns the memory it holds, in bytes.
    pub(crate) fn resident_bytes(&self) -> u64 {
        self.resident_pages * rustix::param::page_size() as u64
    }

    /// Sends it a signal. A process that has ended, or that may not be signaled, is left to whoever waits for its exit.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(handle) = self.handle() {
            let _ = pidfd_send_signal(&handle, signal);
        }
    }

    /// Returns when it was started, to a hundredth of a second.
    pub(crate) fn started(&self) -> Option<SystemTime> {
        let uptime = fs::read_to_string("/proc/uptime").ok()?;
        let uptime: f64 = uptime.split(' ').next()?.parse().ok()?;
        let ticks = rustix::param::clock_ticks_per_second();
        let age = uptime - self.start_ticks as f64 / ticks as f64;
        SystemTime::now().checked_sub(Duration::try_from_secs_f64(age.max(0.0)).ok()?)
    }

    /// Returns what distinguishes it from a later process with the same id.
    pub(crate) fn identity(&self) -> (u32, u64) {
        (self.id, self.start_ticks)
    }

    /// Opens a handle to this process, which never refers to another one that gets the same id.
    fn handle(&self) -> Option<OwnedFd> {
        let id = Pid::from_raw(i32::try_from(self.id).ok()?)?;
        let handle = pidfd_open(id, PidfdFlags::empty()).ok()?;
        Self::read(self.id).is_some_and(|now| now.start_ticks == self.start_ticks).then_some(handle)
    }
}

/// Waits until one of the processes exits, at most for `limit`.
pub(crate) fn wait_for_any_exit(processes: &[&Process], limit: Duration) {
    let handles: Vec<OwnedFd> = processes.iter().filter_map(|process| process.handle()).collect();
    if handles.len() < processes.len() {
        return thread::sleep(limit.min(Duration::from_millis(2)));
    }
    let mut polled: Vec<PollFd<'_>> =
        handles.iter().map(|handle| PollFd::new(handle, PollFlags::IN)).collect();
    let limit = Timespec { tv_sec: 0, tv_nsec: limit.min(Duration::from_millis(999)).subsec_nanos().into() };
    // A signal may end the wait early; the caller checks again anyway.
    let _ = poll(&mut polled, Some(&limit));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_may_look_like_other_fields() {
        let stat =
            b"42 (a) R 1 1 (b) S 7 40 41 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 12345 1000 77 18446744073709551615";
        let process = Process::parse(42, stat).unwrap();
        assert_eq!((process.parent, process.group, process.start_ticks), (7, 40, 12345));
        assert_eq!(process.resident_pages, 77);
    }

    #[test]
    fn a_zombie_is_no_process() {
        let stat = b"42 (a) Z 7 40 40 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 12345 0 0";
        assert_eq!(Process::parse(42, stat), None);
    }
}
