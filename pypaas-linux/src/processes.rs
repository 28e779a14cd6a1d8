//! The processes of this machine, and which of them belong together.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::{Duration, SystemTime};

use camino::Utf8Path;
use pypaas_core::ServiceName;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// The variable that names a process's service, wherever the process went: the run scripts export it.
const SERVICE_VARIABLE: &str = "PYPAAS_SERVICE";

/// The variable that names the directory in which a deploy's command was run, in all that it starts.
pub(super) const COMMAND_VARIABLE: &str = "PYPAAS_COMMAND_OF";

/// One process as `/proc` shows it. Zombies are left out: they hold nothing and run nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    /// Its id.
    pub(super) id: u32,
    parent: u32,
    group: u32,
    /// Clock ticks since boot: with the id, this names the process for good.
    began: u64,
    /// Its environment as it was started with, if that has the mark of a service.
    environment: Vec<u8>,
}

impl Process {
    /// Lists the ids of all processes.
    pub(super) fn ids() -> Vec<u32> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
    }

    /// Reads one process; `None` when there is none, or a zombie.
    pub(super) fn read(id: u32) -> Option<Self> {
        Self::parse(id, &fs::read(format!("/proc/{id}/stat")).ok()?)
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
        let (parent, group) = (parent.parse().ok()?, group.parse().ok()?);
        Some(Self { id, parent, group, began, environment: Vec::new() })
    }

    /// Returns whether it was started by `parent`, which still runs.
    pub(super) fn is_child_of(&self, parent: u32) -> bool {
        self.parent == parent
    }

    /// Sends it a signal. One that has ended, or may not be signaled, is left to whoever waits for its end.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(handle) = self.handle() {
            let _ = pidfd_send_signal(&handle, signal);
        }
    }

    /// Returns when it was started, to a hundredth of a second.
    pub(super) fn started(&self) -> Option<SystemTime> {
        let uptime = fs::read_to_string("/proc/uptime").ok()?;
        let uptime: f64 = uptime.split(' ').next()?.parse().ok()?;
        let ticks = rustix::param::clock_ticks_per_second();
        let age = uptime - self.began as f64 / ticks as f64;
        SystemTime::now().checked_sub(Duration::try_from_secs_f64(age.max(0.0)).ok()?)
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
            let Some(mut process) = id.and_then(Process::read) else { continue };
            let environment = fs::read(format!("/proc/{}/environ", process.id)).unwrap_or_default();
            if variables(&environment).any(is_mark) {
                process.environment = environment;
            }
            processes.push(process);
        }
        Ok(Self(processes))
    }

    /// Finds the processes of one family, this program not among them, and notes them in it.
    pub(super) fn members(&self, family: &mut Family) -> Vec<&Process> {
        let ids = self.ids_of(family);
        let members: Vec<&Process> = self.0.iter().filter(|process| ids.contains(&process.id)).collect();
        family.known = members.iter().map(|process| process.identity()).collect();
        members
    }

    fn ids_of(&self, family: &Family) -> BTreeSet<u32> {
        let marked =
            |process: &Process| family.mark.as_ref().is_some_and(|mark| mark.is_on(&process.environment));
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
            .filter(|process| {
                marked(process)
                    || groups.contains(&process.group)
                    || family.known.contains(&process.identity())
            })
            .map(|process| process.id)
            .chain(family.leader)
            .collect();
        self.add_descendants(&mut members);
        members.remove(&std::process::id());
        members
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
    mark: Option<Mark>,
    /// The process the others descend from, while it is known to be that.
    pub(super) leader: Option<u32>,
    /// The process groups it was the leader of.
    groups: BTreeSet<u32>,
    /// Those found before: when the process between ends, nothing else shows that a child belongs here.
    known: BTreeSet<(u32, u64)>,
}

impl Family {
    /// Names the processes of a service of the host whose home directory is `home`.
    pub(super) fn of_service(service: &ServiceName, home: &Utf8Path) -> Self {
        Self::marked(SERVICE_VARIABLE, service.to_string(), home)
    }

    /// Names what commands that were run in `directory` have started.
    pub(super) fn of_commands(directory: &Utf8Path, home: &Utf8Path) -> Self {
        Self::marked(COMMAND_VARIABLE, directory.to_string(), home)
    }

    fn marked(name: &str, value: String, home: &Utf8Path) -> Self {
        let mark = Mark { variable: format!("{name}={value}"), home: home.to_string() };
        Self { mark: Some(mark), ..Self::default() }
    }

    /// Names `leader`, which leads a process group, and all that it started.
    pub(super) fn of_leader(leader: u32) -> Self {
        Self { leader: Some(leader), groups: [leader].into(), ..Self::default() }
    }

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

/// What the environment of a service's or a command's process has.
#[derive(Debug, Clone)]
struct Mark {
    variable: String,
    home: String,
}

impl Mark {
    /// Returns whether this is the environment of a process of the service, and of this host: another one, such as a test's
    /// or a second user's, may have a service of the same name, but not the directories that `PWD`, `HOME` or others name.
    fn is_on(&self, environment: &[u8]) -> bool {
        let is_ours = |variable: &[u8]| {
            let value = variable.splitn(2, |&byte| byte == b'=').nth(1).unwrap_or_default();
            let rest = value.strip_prefix(self.home.as_bytes());
            rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
        };
        variables(environment).any(|variable| variable == self.variable.as_bytes())
            && variables(environment).any(is_ours)
    }
}

fn is_mark(variable: &[u8]) -> bool {
    let name = variable.splitn(2, |&byte| byte == b'=').next().unwrap_or_default();
    name == SERVICE_VARIABLE.as_bytes() || name == COMMAND_VARIABLE.as_bytes()
}

fn variables(environment: &[u8]) -> impl Iterator<Item = &[u8]> {
    environment.split(|&byte| byte == 0)
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

    #[test]
    fn another_hosts_service_of_the_same_name_is_not_ours() {
        let service = ServiceName::parse("shop+master+web+0+a").unwrap();
        let mark = Family::of_service(&service, Utf8Path::new("/home/deploy")).mark.unwrap();
        let environment =
            |pwd: &str, service: &str| format!("PWD={pwd}\0PYPAAS_SERVICE={service}\0").into_bytes();
        assert!(mark.is_on(&environment("/home/deploy/checkouts/x", "shop+master+web+0+a")));
        assert!(!mark.is_on(&environment("/home/deploy2/checkouts/x", "shop+master+web+0+a")));
        assert!(!mark.is_on(&environment("/home/deploy/checkouts/x", "shop+master+web+0+b")));
    }
}
