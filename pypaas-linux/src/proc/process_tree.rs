//! The processes that belong to one service or to one command.

use std::collections::BTreeSet;
use std::fs;
use std::io;

use camino::Utf8Path;
use pypaas_core::ServiceName;

use super::Process;

/// The variable with the name of a process's service, in everything that it starts: the run scripts export it.
const SERVICE_VARIABLE: &str = "PYPAAS_SERVICE";

/// The variable with the directory in which a deploy's command ran, in everything that it starts.
pub(crate) const COMMAND_VARIABLE: &str = "PYPAAS_COMMAND_OF";

/// All processes at one point in time.
#[derive(Debug)]
pub(crate) struct ProcessTable(Vec<Entry>);

/// One process.
#[derive(Debug)]
struct Entry {
    process: Process,
    /// The environment it was started with, if that has a marker of pypaas; otherwise empty.
    environment: Vec<u8>,
}

impl ProcessTable {
    /// Reads `/proc`.
    pub(crate) fn read() -> io::Result<Self> {
        let mut processes = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let id = entry?.file_name().to_str().and_then(|name| name.parse().ok());
            let Some(process) = id.and_then(Process::read) else { continue };
            let mut environment = super::environment(process.id);
            if !variables(&environment).any(is_marker) {
                environment.clear();
            }
            processes.push(Entry { process, environment });
        }
        Ok(Self(processes))
    }

    /// Finds the processes of one tree, without this program, and remembers them in it.
    pub(crate) fn members(&self, tree: &mut ProcessTree) -> Vec<&Process> {
        let ids = self.ids_of(tree);
        let members: Vec<&Process> = self.processes().filter(|process| ids.contains(&process.id)).collect();
        tree.known = members.iter().map(|process| process.identity()).collect();
        members
    }

    fn processes(&self) -> impl Iterator<Item = &Process> {
        self.0.iter().map(|entry| &entry.process)
    }

    fn ids_of(&self, tree: &ProcessTree) -> BTreeSet<u32> {
        let has_marker =
            |entry: &&Entry| tree.marker.as_ref().is_some_and(|marker| marker.is_in(&entry.environment));
        let marked: BTreeSet<u32> = self.0.iter().filter(has_marker).map(|entry| entry.process.id).collect();
        let leads = |process: &&Process| marked.contains(&process.id) && process.id == process.group;
        let groups: BTreeSet<u32> = self
            .processes()
            .filter(leads)
            .map(|leader| leader.group)
            .chain(tree.groups.iter().copied())
            .collect();
        let mut members: BTreeSet<u32> = self
            .processes()
            .filter(|process| groups.contains(&process.group) || tree.known.contains(&process.identity()))
            .map(|process| process.id)
            .chain(marked)
            .chain(tree.leader)
            .collect();
        self.add_descendants(&mut members);
        members.remove(&std::process::id());
        members
    }

    fn add_descendants(&self, members: &mut BTreeSet<u32>) {
        loop {
            let new = |child: &&Process| members.contains(&child.parent) && !members.contains(&child.id);
            let children: Vec<u32> = self.processes().filter(new).map(|child| child.id).collect();
            if children.is_empty() {
                return;
            }
            members.extend(children);
        }
    }
}

/// The processes of one service, or those that one command started: what is known about them.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProcessTree {
    marker: Option<EnvMarker>,
    /// The process that the others descend from, as long as it is known to run.
    pub(crate) leader: Option<u32>,
    /// The process groups that it was the leader of.
    groups: BTreeSet<u32>,
    /// Processes that were found before: when a parent ends, nothing else shows that its child belongs here.
    known: BTreeSet<(u32, u64)>,
}

impl ProcessTree {
    /// Describes the processes of a service of the host whose home directory is `home`.
    pub(crate) fn of_service(service: &ServiceName, home: &Utf8Path) -> Self {
        Self::with_marker(SERVICE_VARIABLE, service.to_string(), home)
    }

    /// Describes what the commands that ran in `directory` have started.
    pub(crate) fn of_commands(directory: &Utf8Path, home: &Utf8Path) -> Self {
        Self::with_marker(COMMAND_VARIABLE, directory.to_string(), home)
    }

    fn with_marker(name: &str, value: String, home: &Utf8Path) -> Self {
        let marker = EnvMarker { variable: format!("{name}={value}"), home: home.to_string() };
        Self { marker: Some(marker), ..Self::default() }
    }

    /// Describes `leader`, which leads a process group, and all that it started.
    pub(crate) fn of_leader(leader: u32) -> Self {
        Self { leader: Some(leader), groups: [leader].into(), ..Self::default() }
    }

    /// Sets the process that the others descend from. Its group counts only if it leads one: a run script without
    /// `pgrphack` is in the group of svscan.
    pub(crate) fn set_leader(&mut self, leader: Option<u32>) {
        self.leader = leader;
        let leads = |id: &u32| Process::read(*id).is_some_and(|process| process.group == process.id);
        self.groups.extend(leader.filter(leads));
    }
}

/// A variable that the processes of a service or of a command have in their environment.
#[derive(Debug, Clone)]
struct EnvMarker {
    variable: String,
    home: String,
}

impl EnvMarker {
    /// Returns whether this is the environment of a process of the service, on this host. Another host, such as a test's or a
    /// second user's, may have a service with the same name, but not the directories in `PWD`, `HOME` or other variables.
    fn is_in(&self, environment: &[u8]) -> bool {
        let is_ours = |variable: &[u8]| {
            let value = variable.splitn(2, |&byte| byte == b'=').nth(1).unwrap_or_default();
            let rest = value.strip_prefix(self.home.as_bytes());
            rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
        };
        variables(environment).any(|variable| variable == self.variable.as_bytes())
            && variables(environment).any(is_ours)
    }
}

fn is_marker(variable: &[u8]) -> bool {
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
    fn another_hosts_service_of_the_same_name_is_not_ours() {
        let service = ServiceName::parse("shop+master+web+0+a").unwrap();
        let marker = ProcessTree::of_service(&service, Utf8Path::new("/home/deploy")).marker.unwrap();
        let environment =
            |pwd: &str, service: &str| format!("PWD={pwd}\0PYPAAS_SERVICE={service}\0").into_bytes();
        assert!(marker.is_in(&environment("/home/deploy/checkouts/x", "shop+master+web+0+a")));
        assert!(!marker.is_in(&environment("/home/deploy2/checkouts/x", "shop+master+web+0+a")));
        assert!(!marker.is_in(&environment("/home/deploy/checkouts/x", "shop+master+web+0+b")));
    }
}
