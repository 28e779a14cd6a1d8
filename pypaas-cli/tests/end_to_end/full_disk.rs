//! Disks that are full or cannot be written. Only root can make them so: as another user these tests have nothing to try.

use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::process::geteuid;

use crate::shop::{NODE, Shop, assert_says};

/// Something mounted, until it is dropped.
struct Mounted(Utf8PathBuf);

impl Mounted {
    /// Puts a small empty disk in the place of `directory`.
    fn small_disk(directory: &Utf8Path, size: &str) -> Self {
        fs::create_dir_all(directory).unwrap();
        mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs", directory.as_str()]);
        Self(directory.to_owned())
    }

    /// Makes `directory` one that cannot be written.
    fn read_only(directory: &Utf8Path) -> Self {
        mount(&["--bind", directory.as_str(), directory.as_str()]);
        let mounted = Self(directory.to_owned());
        mount(&["-o", "remount,ro,bind", directory.as_str()]);
        mounted
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily: the apps in it have not ended when a test fails.
        let _ = Command::new("umount").args(["--lazy", self.0.as_str()]).status();
    }
}

fn mount(arguments: &[&str]) {
    assert!(Command::new("mount").args(arguments).status().unwrap().success(), "mount {arguments:?}");
}

#[test]
fn a_commit_that_does_not_fit_is_refused_and_nothing_of_it_stays() {
    if !geteuid().is_root() {
        return;
    }
    let shop = Shop::new("dies-on-sigterm", NODE);
    let _disk = Mounted::small_disk(&shop.sandbox.home().join("checkouts"), "2m");
    shop.push().must_succeed();
    let before = (shop.head(), shop.pids(), shop.checkouts());

    shop.code.write("large.bin", "x".repeat(4_000_000));
    shop.code.commit_version("2");
    let refused = shop.push().must_fail();

    assert_says(&refused, "No space left on device");
    assert_eq!((shop.head(), shop.pids(), shop.checkouts()), before, "{refused}");
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");

    shop.code.write("large.bin", "small");
    shop.push_version("3").must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 3\n");
    shop.assert_settled();
}

#[test]
fn a_full_disk_under_the_records_refuses_pushes_until_there_is_room() {
    if !geteuid().is_root() {
        return;
    }
    let shop = Shop::new("dies-on-sigterm", NODE);
    let state = shop.sandbox.home().join("state");
    let _disk = Mounted::small_disk(&state, "1m");
    shop.push().must_succeed();
    let (pids, record) = (shop.pids(), fs::read(state.join("shop/main.json")).unwrap());
    let filler = state.join("filler");
    // Fails where the disk ends.
    fs::write(&filler, vec![0; 2_000_000]).unwrap_err();

    let refused = shop.push_version("2").must_fail();

    assert_says(&refused, "No space left on device");
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
    assert_eq!((shop.pids(), fs::read(state.join("shop/main.json")).unwrap()), (pids, record), "{refused}");

    fs::remove_file(filler).unwrap();
    shop.push().must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 2\n");
    shop.assert_settled();
}

#[test]
fn a_home_that_cannot_be_written_refuses_pushes_and_serves_on() {
    if !geteuid().is_root() {
        return;
    }
    let shop = Shop::live("dies-on-sigterm", NODE);
    let before = (shop.head(), shop.pids(), shop.checkouts());
    let home = Mounted::read_only(&shop.sandbox.home());

    let refused = shop.push_version("2").must_fail();

    assert_says(&refused, "Read-only file system");
    assert_eq!((shop.head(), shop.pids(), shop.checkouts()), before, "{refused}");
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
    shop.sandbox.pypaas(&["status"]).must_succeed();

    drop(home);
    shop.push().must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 2\n");
    shop.assert_settled();
}
