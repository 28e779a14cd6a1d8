//! A user namespace in which the user is who he was, and a mount namespace.

use std::fs;
use std::io;

use nix::sched::{CloneFlags, unshare};
use rustix::process::{getegid, geteuid};

use super::mounts;

/// Enters new user, mount and IPC namespaces.
///
/// Where a host does not allow that, the first step fails, or, under AppArmor's restriction of Ubuntu, the first use of a right
/// in the new namespace.
pub(super) fn enter() -> io::Result<()> {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWIPC)?;
    // Until this is written, a process without rights may not map its group (user_namespaces(7)).
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("{group} {group} 1"))?;
    mounts::keep_apart()
}
