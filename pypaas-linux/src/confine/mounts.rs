//! Mounts, one call each.

use std::env;
use std::io;

use camino::Utf8Path;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::pivot_root;
use rustix::fs::{StatVfsMountFlags, statvfs};

/// What a mount needs that is no mount of anything.
const NOTHING: Option<&str> = None;

/// Shows what is at `source`, with all that is mounted below it, at `target`.
pub(super) fn bind(source: &Utf8Path, target: &Utf8Path) -> io::Result<()> {
    let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
    Ok(mount(Some(source.as_std_path()), target.as_std_path(), NOTHING, flags, NOTHING)?)
}

/// Makes a mount read-only. What is mounted below it stays as it is.
pub(super) fn make_read_only(target: &Utf8Path) -> io::Result<()> {
    // In a user namespace the flags that the mount has must be said again (mount_namespaces(7)).
    let has = statvfs(target.as_str())?.f_flag;
    let flags = [
        (StatVfsMountFlags::NOSUID, MsFlags::MS_NOSUID),
        (StatVfsMountFlags::NODEV, MsFlags::MS_NODEV),
        (StatVfsMountFlags::NOEXEC, MsFlags::MS_NOEXEC),
        (StatVfsMountFlags::NOATIME, MsFlags::MS_NOATIME),
        (StatVfsMountFlags::NODIRATIME, MsFlags::MS_NODIRATIME),
        (StatVfsMountFlags::RELATIME, MsFlags::MS_RELATIME),
    ];
    let kept: MsFlags =
        flags.into_iter().filter(|(flag, _)| has.contains(*flag)).map(|(_, flag)| flag).collect();
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY | kept;
    Ok(mount(NOTHING, target.as_std_path(), NOTHING, flags, NOTHING)?)
}

/// Mounts a new file system that is made of nothing.
pub(super) fn make(kind: &str, target: &Utf8Path, flags: MsFlags, options: &str) -> io::Result<()> {
    Ok(mount(Some(kind), target.as_std_path(), Some(kind), flags, Some(options))?)
}

/// From now on nothing that is mounted is seen outside, and what is mounted outside is seen here.
pub(super) fn keep_apart() -> io::Result<()> {
    Ok(mount(NOTHING, "/", NOTHING, MsFlags::MS_REC | MsFlags::MS_SLAVE, NOTHING)?)
}

/// Makes the mounted directory `root` the root directory, and shows the old one at `old` within it.
pub(super) fn exchange_root(root: &Utf8Path, old: &str) -> io::Result<()> {
    env::set_current_dir(root)?;
    pivot_root(".", old)?;
    env::set_current_dir("/")
}

/// Makes the mounted directory `root` the root directory, and the old one unreachable.
pub(super) fn replace_root(root: &Utf8Path) -> io::Result<()> {
    env::set_current_dir(root)?;
    // The old one then lies over the new one at the same place (pivot_root(2), "pivot_root(".", ".")").
    pivot_root(".", ".")?;
    umount2(".", MntFlags::MNT_DETACH)?;
    env::set_current_dir("/")
}
