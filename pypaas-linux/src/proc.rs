//! What the kernel shows in `/proc`: processes, their sockets and users. Everything that pypaas reads there is read here.
//!
//! What cannot be read, because the process has ended or belongs to another user, counts as not there.

pub(crate) mod account;
mod process;
mod process_tree;
pub(crate) mod tcp;
pub(crate) mod unix;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use camino::Utf8PathBuf;

pub(crate) use account::Account;
pub use account::user_name;
pub(crate) use process::{Process, wait_for_any_exit};
pub(crate) use process_tree::{COMMAND_VARIABLE, ProcessTable, ProcessTree};

/// Lists the ids of all processes.
pub(crate) fn process_ids() -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// Returns the name of the program that a process runs, cut to 15 bytes by the kernel.
pub(crate) fn program_name(id: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{id}/comm")).ok()?;
    Some(name.trim_end().to_owned())
}

/// Returns the words of a process's command line, a NUL behind each. Programs such as nginx write a title there.
pub(crate) fn command_line(id: u32) -> Vec<u8> {
    fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default()
}

/// Returns whether a process was started as `program`, and has written no title over that.
pub(crate) fn is_program(id: u32, program: &str) -> bool {
    command_line(id).split(|&byte| byte == 0).next() == Some(program.as_bytes())
}

/// Returns the directory a process works in.
pub(crate) fn working_directory(id: u32) -> Option<Utf8PathBuf> {
    fs::read_link(format!("/proc/{id}/cwd")).ok()?.try_into().ok()
}

/// Returns the environment that a process was started with, a NUL behind each variable.
pub(crate) fn environment(id: u32) -> Vec<u8> {
    fs::read(format!("/proc/{id}/environ")).unwrap_or_default()
}

/// Lists the inodes of the sockets that a process has open; [`tcp::Socket::inode`] has the same numbers.
pub(crate) fn open_sockets(id: u32) -> Vec<u64> {
    let files = fs::read_dir(format!("/proc/{id}/fd")).into_iter().flatten().flatten();
    let targets = files.filter_map(|file| fs::read_link(file.path()).ok());
    targets
        .filter_map(|target| target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok())
        .collect()
}

/// Finds a process for each of `sockets` that has it open.
pub(crate) fn processes_with_sockets(sockets: &BTreeSet<u64>) -> BTreeMap<u64, u32> {
    let mut found = BTreeMap::new();
    for id in process_ids() {
        if found.len() == sockets.len() {
            break;
        }
        for socket in open_sockets(id).into_iter().filter(|socket| sockets.contains(socket)) {
            found.entry(socket).or_insert(id);
        }
    }
    found
}

/// Adds up the resident memory, in bytes, of each process group. Memory that several processes share is counted in each.
pub(crate) fn memory_by_group() -> BTreeMap<u32, u64> {
    let mut groups = BTreeMap::new();
    for process in process_ids().into_iter().filter_map(Process::read) {
        *groups.entry(process.group).or_default() += process.resident_bytes();
    }
    groups
}

/// Returns the range of ports of which Linux takes one for each outgoing connection.
pub(crate) fn ephemeral_ports() -> Option<(u16, u16)> {
    let text = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut numbers = text.split_ascii_whitespace().map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}
