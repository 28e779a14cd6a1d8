//! The processes of this machine, and which of them belong together.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// The variable by which every process of a service can be told, wherever it went: the run scripts export it.
const MARK: &[u8] = b"PYPAAS_SERVICE=";

/// One process as `/proc` shows it. Zombies are left out: they hold nothing and run nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    /// Its id.
    pub(super) id: u32,
    parent: u32,
    group: u32,
    /// Clock ticks since boot: with the id, this names the process for good.
    began: u64,
    /// The service it was started for.
    service: Option<String>,
}

impl Process {
    /// Reads one process; `None` when there is none, or a zombie.
    pub(super) fn read(id: u32) -> Option<Self> {
        let stat = fs::read(format!("/proc/{id}/stat")).ok()?;
        let service = fs::read(format!("/proc/{id}/environ")).ok().and_then(|all| mark(&all));
        Some(Self { service, ..Self::parse(id, &stat)? })
    }

    /// Reads a line of proc_pid_stat(5): the program's name, in parentheses, may hold anything.
    fn parse(id: u32, stat: &[u8]) -> Option<Self> {
        let after_name = stat.iter().rposition(|&byte| byte == b')')? + 1;
        let text = std::str::from_utf8(stat.get(after_name..)?).ok()?;
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [state, parent, group, ..] = fields.as_slice() else { return None };
        if matches!(*state, "Z" | "X" | "x") {
            return None;
        }
        let began = fields.get(19)?.parse().ok()?;
        Some(Self { id, parent: parent.parse().ok()?, group: group.parse().ok()?, began, service: None })
    }

    /// Says whether it was started by `parent`, which still runs.
    pub(super) fn is_child_of(&self, parent: u32) -> bool {
        self.parent == parent
    }

    /// Sends it a signal. One that has ended, or may not be signalled, is left to whoever waits for its end.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(handle) = self.handle() {
            let _ = pidfd_send_signal(&handle, signal);
        }
    }

    /// What tells it from a later process of the same id.
    pub(super) fn identity(&self) -> (u32, u64) {
        (self.id, self.began)
    }

    /// Holds on to the process, so that no other one can be meant.
    fn handle(&self) -> Option<OwnedFd> {
        let id = Pid::from_raw(i32::try_from(self.id).ok()?)?;
        let handle = pidfd_open(id, PidfdFlags::empty()).ok()?;
        let stat = fs::read(format!("/proc/{}/stat", self.id)).ok()?;
        Self::parse(self.id, &stat).is_some_and(|now| now.began == self.began).then_some(handle)
    }
}

/// All processes, at one moment.
#[derive(Debug)]
pub(super) struct ProcessTable(Vec<Process>);

impl ProcessTable {
    /// Reads `/proc`.
    pub(super) fn read() -> io::Result<Self> {
        let mut processes = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let id = entry?.file_name().to_str().and_then(|name| name.parse().ok());
            processes.extend(id.and_then(Process::read));
        }
        Ok(Self(processes))
    }

    /// Finds the processes of one family, this program not among them.
    pub(super) fn members(&self, family: &Family) -> Vec<&Process> {
        let marked = |process: &Process| process.service.is_some() && process.service == family.service;
        let groups: BTreeSet<u32> = self
            .0
            .iter()
            .filter(|process| marked(process) && process.id == process.group)
            .map(|leader| leader.group)
            .chain(family.groups.iter().copied())
            .collect();
        let mut members: BTreeSet<u32> = self
            .0
            .iter()
            .filter(|process| marked(process) || groups.contains(&process.group))
            .map(|process| process.id)
            .chain(family.leader)
            .collect();
        self.add_descendants(&mut members);
        members.remove(&std::process::id());
        self.0.iter().filter(|process| members.contains(&process.id)).collect()
    }

    fn add_descendants(&self, members: &mut BTreeSet<u32>) {
        loop {
            let new = |child: &&Process| members.contains(&child.parent) && !members.contains(&child.id);
            let children: Vec<u32> = self.0.iter().filter(new).map(|child| child.id).collect();
            if children.is_empty() {
                return;
            }
            members.extend(children);
        }
    }
}

/// What is known of processes that belong together: of a service, or of a command.
#[derive(Debug, Clone, Default)]
pub(super) struct Family {
    /// The service in whose name they were started.
    pub(super) service: Option<String>,
    /// The process the others descend from, while it is known to be that.
    pub(super) leader: Option<u32>,
    /// The process groups it was the leader of.
    pub(super) groups: BTreeSet<u32>,
}

impl Family {
    /// Notes the process the others descend from. Its group counts only if it leads one: a run script that does without
    /// `pgrphack` is in svscan's.
    pub(super) fn note_leader(&mut self, leader: Option<u32>) {
        self.leader = leader;
        let leads = |id: &u32| Process::read(*id).is_some_and(|process| process.group == process.id);
        self.groups.extend(leader.filter(leads));
    }
}

/// Waits until one of the processes ends, at most `longest`.
pub(super) fn wait_for_end_of_any(processes: &[&Process], longest: Duration) {
    let handles: Vec<OwnedFd> = processes.iter().filter_map(|process| process.handle()).collect();
    if handles.len() < processes.len() {
        return thread::sleep(longest.min(Duration::from_millis(2)));
    }
    let mut polled: Vec<PollFd<'_>> =
        handles.iter().map(|handle| PollFd::new(handle, PollFlags::IN)).collect();
    let longest =
        Timespec { tv_sec: 0, tv_nsec: longest.min(Duration::from_millis(999)).subsec_nanos().into() };
    // A signal may end the wait early; whoever waits looks again anyway.
    let _ = poll(&mut polled, Some(&longest));
}

fn mark(environment: &[u8]) -> Option<String> {
    let value = environment.split(|&byte| byte == 0).find_map(|pair| pair.strip_prefix(MARK))?;
    String::from_utf8(value.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_may_look_like_other_fields() {
        let stat = b"42 (a) R 1 1 (b) S 7 40 40 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 12345 0 0";
        let process = Process::parse(42, stat).unwrap();
        assert_eq!((process.parent, process.group, process.began), (7, 40, 12345));
    }

    #[test]
    fn a_zombie_is_no_process() {
        let stat = b"42 (a) Z 7 40 40 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 12345 0 0";
        assert_eq!(Process::parse(42, stat), None);
    }
}
