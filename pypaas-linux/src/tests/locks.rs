//! Locks.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use camino::Utf8PathBuf;
use pypaas_core::host::Locks;

use super::machine::Machine;
use crate::LinuxHost;

fn two_hosts() -> (Machine, LinuxHost) {
    let machine = Machine::new();
    let other = LinuxHost::new(machine.layout.clone(), machine.host.nginx.clone());
    (machine, other)
}

#[test]
fn whoever_comes_second_reads_who_holds_the_lock() {
    let (Machine { mut host, home, .. }, mut other) = two_hosts();
    let lock = home.join("state/shop/lock");

    assert!(host.try_lock(&lock, "a longer note of the first").unwrap());
    assert!(!other.try_lock(&lock, "of the second").unwrap());
    assert!(!host.try_lock(&lock, "again").unwrap());
    assert_eq!(other.lock_note(&lock).unwrap(), "a longer note of the first");
    assert_eq!(fs::metadata(&lock).unwrap().permissions().mode() & 0o777, 0o600);

    host.unlock(&lock).unwrap();
    assert_eq!(other.lock_note(&lock).unwrap(), "");
    assert!(other.try_lock(&lock, "of the second").unwrap());
    assert_eq!(host.lock_note(&lock).unwrap(), "of the second");
}

/// A lock lives as long as any process has its file open: a child that inherited it would hold it after the end of pypaas.
#[test]
fn a_child_does_not_inherit_a_lock() {
    let Machine { mut host, home, .. } = Machine::new();
    let lock = home.join("lock");
    assert!(host.try_lock(&lock, "first").unwrap());
    let mut child = Command::new("sleep").arg("1000").spawn().unwrap();

    let open = |pid| open_files(pid).contains(&lock);
    let (here, inherited) = (open(std::process::id()), open(child.id()));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(here && !inherited);
}

/// The files that a process has open.
fn open_files(pid: u32) -> Vec<Utf8PathBuf> {
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let targets = descriptors.filter_map(|descriptor| fs::read_link(descriptor.unwrap().path()).ok());
    targets.filter_map(|target| Utf8PathBuf::from_path_buf(target).ok()).collect()
}

#[test]
fn a_lock_whose_file_was_removed_is_free() {
    let (Machine { mut host, home, .. }, mut other) = two_hosts();
    let lock = home.join("lock");
    assert!(host.try_lock(&lock, "first").unwrap());
    fs::remove_file(&lock).unwrap();
    assert!(other.try_lock(&lock, "second").unwrap());
}

#[test]
fn a_lock_is_held_on_a_full_disk_too() {
    let (Machine { mut host, home, .. }, mut other) = two_hosts();
    let lock = home.join("lock");
    fs::create_dir_all(&home).unwrap();
    symlink("/dev/full", &lock).unwrap();

    assert!(host.try_lock(&lock, "first").unwrap());
    assert!(!other.try_lock(&lock, "second").unwrap());
    host.unlock(&lock).unwrap();
    assert!(other.try_lock(&lock, "second").unwrap());
}

#[test]
fn only_a_held_lock_is_given_back() {
    let Machine { mut host, home, .. } = Machine::new();
    assert!(host.unlock(&home.join("lock")).is_err());
    assert_eq!(host.lock_note(&home.join("lock")).unwrap(), "");
}
