//! What a power failure finds: every file of pypaas's own is on the disk before anything relies on it.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_sandbox::{Sandbox, write_script};

use crate::site::Site;

/// A system call of interest: what was written to the disk, or what took the place of what.
#[derive(Debug, PartialEq, Eq)]
enum Call {
    Sync(Utf8PathBuf),
    Rename(Utf8PathBuf, Utf8PathBuf),
}

#[test]
fn a_replaced_file_and_its_directory_are_on_the_disk_before_the_next_step() {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    let (traced, trace) = (directory.join("pypaas"), directory.join("trace"));
    let program = env!("CARGO_BIN_EXE_pypaas");
    let calls = "fsync,fdatasync,rename,renameat,renameat2";
    let script = format!("#!/bin/sh\nexec strace -f -y -o {trace} -e trace={calls} {program} \"$@\"\n");
    write_script(&traced, script);
    let sandbox = Sandbox::start(&traced).unwrap();
    let site = Site::configure(&sandbox, &sandbox.client("writer"), "site");
    site.push("version 1").must_succeed();

    sandbox.pypaas(&["rebuild", "site", "main"]).must_succeed();

    let calls: Vec<Call> = fs::read_to_string(&trace).unwrap().lines().filter_map(read).collect();
    let home = sandbox.home();
    let mut replaced = Vec::new();
    for (at, call) in calls.iter().enumerate() {
        let Call::Rename(from, to) = call else { continue };
        if !to.starts_with(&home) || to.starts_with(home.join("checkouts")) {
            continue;
        }
        assert!(
            calls[..at].contains(&Call::Sync(from.clone())),
            "{to} is in place before it is written: {calls:#?}"
        );
        let directory = Call::Sync(to.parent().unwrap().to_owned());
        assert_eq!(calls.get(at + 1), Some(&directory), "the directory of {to} is not written: {calls:#?}");
        replaced.push(to.strip_prefix(&home).unwrap().to_owned());
    }
    for file in ["state/site/main.json", "state/+nginx-switch.json", "nginx/router.d/site.example.conf"] {
        assert!(replaced.iter().any(|it| it == file), "{file} is not replaced: {replaced:?}");
    }
}

/// Reads a line of strace, such as `12 fsync(5</home/deploy/state>) = 0`.
fn read(line: &str) -> Option<Call> {
    let (name, arguments) = line.split_once(' ')?.1.trim_start().split_once('(')?;
    if name.ends_with("sync") {
        let path = arguments.split_once('<')?.1.split_once('>')?.0;
        return Some(Call::Sync(path.into()));
    }
    let mut paths = arguments.split('"').skip(1).step_by(2);
    Some(Call::Rename(paths.next()?.into(), paths.next()?.into()))
}
