//! Files and directories.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use camino::Utf8Path;
use pypaas_core::host::{Files, Mode};

use super::machine::Machine;
use crate::files::remove_directory;

fn mode(path: &Utf8Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_replaced_file_has_the_new_text_and_mode_and_nothing_lies_beside_it() {
    let Machine { mut host, home, .. } = Machine::new();
    let path = home.join("state/shop/master.json");

    host.replace_file(&path, "one", Mode::Public).unwrap();
    assert_eq!(mode(&path), 0o644);
    host.replace_file(&path, "two", Mode::Private).unwrap();

    assert_eq!(mode(&path), 0o600);
    assert_eq!(host.read_file(&path).unwrap().as_deref(), Some("two"));
    assert_eq!(host.list_directory(&home.join("state/shop")).unwrap(), ["master.json"]);
}

#[test]
fn what_is_not_there_is_empty_or_already_removed() {
    let Machine { mut host, home, .. } = Machine::new();
    let nowhere = home.join("no/where");
    assert_eq!(host.read_file(&nowhere).unwrap(), None);
    assert_eq!(host.list_directory(&nowhere).unwrap(), [""; 0]);
    host.remove_file(&nowhere).unwrap();
    host.remove_directory(&nowhere).unwrap();
}

#[test]
fn a_failure_names_what_was_tried_and_where() {
    let Machine { mut host, home, .. } = Machine::new();
    host.replace_file(&home.join("file"), "", Mode::Public).unwrap();
    let error = host.replace_file(&home.join("file/below"), "", Mode::Public).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot write `{home}/file/below`"));
    let error = host.read_file(&home).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot read `{home}`"));
}

#[test]
fn names_are_sorted() {
    let Machine { mut host, home, .. } = Machine::new();
    for name in ["b", "a", "C", ".d"] {
        host.create_directory(&home.join("directory").join(name)).unwrap();
        host.create_directory(&home.join("directory").join(name)).unwrap();
    }
    assert_eq!(host.list_directory(&home.join("directory")).unwrap(), [".d", "C", "a", "b"]);
}

#[test]
fn links_are_removed_and_not_followed() {
    let Machine { mut host, home, .. } = Machine::new();
    let kept = home.join("kept/file");
    host.replace_file(&kept, "", Mode::Public).unwrap();
    host.create_directory(&home.join("checkout")).unwrap();
    symlink(home.join("kept"), home.join("checkout/link")).unwrap();
    symlink(home.join("kept"), home.join("link")).unwrap();

    host.remove_directory(&home.join("checkout")).unwrap();
    host.remove_directory(&home.join("link")).unwrap();

    assert!(kept.exists());
    assert_eq!(host.list_directory(&home).unwrap(), ["kept"]);
}

/// Root may write anywhere, so as root the removal runs in a copy of this test that gave root's rights up.
#[test]
fn write_protected_directories_are_removed() {
    let test = "host::tests::files::write_protected_directories_are_removed";
    let directory = tempfile::tempdir().unwrap();
    if rustix::process::geteuid().is_root() {
        fs::set_permissions(directory.path(), Permissions::from_mode(0o777)).unwrap();
        let mut unprivileged = Command::new("setpriv");
        let copy = directory.path().join("test");
        fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
        unprivileged.args(["--reuid=65534", "--clear-groups"]).arg(copy);
        assert!(
            unprivileged.args(["--exact", test]).env("TMPDIR", directory.path()).status().unwrap().success()
        );
        return;
    }
    let cache = Utf8Path::from_path(directory.path()).unwrap().join("cache");
    fs::create_dir_all(cache.join("module/inner")).unwrap();
    fs::write(cache.join("module/inner/file"), "").unwrap();
    symlink("/", cache.join("module/link")).unwrap();
    for protected in ["module/inner", "module"] {
        fs::set_permissions(cache.join(protected), Permissions::from_mode(0o555)).unwrap();
    }

    remove_directory(&cache).unwrap();

    assert!(!cache.exists());
}
