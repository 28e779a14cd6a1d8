//! The last lines of services.

use std::fs;
use std::time::Duration;

use pypaas_core::Host;

use super::machine::{eventually, service};
use super::supervisor::Supervisor;
use crate::LinuxHost;

#[test]
fn the_last_lines_come_without_stamps() {
    let mut supervisor = Supervisor::new();
    let web = service(0);
    supervisor.run(&web, "echo one; echo two; echo three; exec sleep 1000");
    let lines = eventually(|| {
        let lines = supervisor.machine.host.logs().last_lines(&web, 2);
        (lines.last()? == "three").then_some(lines)
    });
    assert_eq!(lines, ["two", "three"]);
}

#[test]
fn an_earlier_versions_words_are_left_out() {
    let mut supervisor = Supervisor::new();
    let web = service(0);
    supervisor.run(&web, "echo old; exec sleep 1000");
    eventually(|| (!supervisor.machine.host.logs().last_lines(&web, 9).is_empty()).then_some(()));
    supervisor
        .machine
        .host
        .services()
        .stop_services(std::slice::from_ref(&web), Duration::from_secs(5))
        .unwrap();

    supervisor.run(&web, "echo new; exec sleep 1000");

    let lines = eventually(|| {
        Some(supervisor.machine.host.logs().last_lines(&web, 9)).filter(|lines| !lines.is_empty())
    });
    assert_eq!(lines, ["new"]);
    let mut another =
        LinuxHost::new(supervisor.machine.layout.clone(), supervisor.machine.host.nginx.clone());
    assert_eq!(another.logs().last_lines(&web, 9), ["new"]);
}

#[test]
fn a_crash_is_seen_although_the_process_was_started_again() {
    let mut supervisor = Supervisor::new();
    let web = service(0);
    supervisor.run(&web, "echo no such module; exit 1");
    eventually(|| (supervisor.machine.host.logs().last_lines(&web, 9).len() >= 2).then_some(()));
    assert_eq!(supervisor.machine.host.logs().last_lines(&web, 1), ["no such module"]);
}

#[test]
fn a_file_multilog_has_just_closed_counts_too() {
    let mut supervisor = Supervisor::new();
    let web = service(0);
    supervisor.define(&web, "true");
    let directory = supervisor.machine.layout.service(&web).join("log/main");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("@4000000069213a8000000000.s"), "@4000000069213a8000000000 first\n").unwrap();
    fs::write(directory.join("current"), "@4000000069213a8100000000 caf\u{e9}\nunstamped").unwrap();
    assert_eq!(supervisor.machine.host.logs().last_lines(&web, 9), ["first", "caf\u{e9}", "unstamped"]);
    assert_eq!(supervisor.machine.host.logs().last_lines(&service(1), 9), [""; 0]);
}
