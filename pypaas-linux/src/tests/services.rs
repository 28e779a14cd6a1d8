//! Defining, starting and removing services.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use pypaas_core::Host;

use rustix::process::Pid;

use super::machine::{eventually, service};
use super::supervisor::{Supervisor, definition};

/// Nobody waits that long: a test in which something is waited out does not end.
const LONG: Duration = Duration::from_secs(24 * 3600);

#[test]
fn a_defined_service_is_noticed_but_does_not_run() {
    let mut supervisor = Supervisor::new();
    let web = service(0);

    supervisor.define(&web, "exec sleep 1000");
    supervisor.start_svscan();

    let state = eventually(|| Some(supervisor.inspect(&web)).filter(|state| state.supervised));
    assert_eq!((state.enabled, state.process), (false, None));
    assert_eq!(state.definition, definition(&web, "exec sleep 1000"));
    assert_eq!(supervisor.machine.host.services().list_services().unwrap(), [web]);
}

#[test]
fn a_started_service_runs_in_a_group_of_its_own() {
    let mut supervisor = Supervisor::new();
    let web = service(0);

    supervisor.run(&web, "exec sleep 1000");

    let state = supervisor.inspect(&web);
    let (process, up) = state.process.unwrap();
    assert!(state.enabled && state.supervised && up < LONG);
    // The run script makes the group a moment after the supervisor knows its process.
    eventually(|| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        let after_name: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        (after_name[2] == process.to_string()).then_some(())
    });
}

#[test]
fn a_second_deploy_waits_for_nobody() {
    let mut supervisor = Supervisor::new();
    let web = service(0);
    supervisor.run(&web, "exec sleep 1000");
    supervisor.machine.host.services().stop_services(std::slice::from_ref(&web), LONG).unwrap();

    // Neither svscan is asked nor a spare service.
    let _paused = supervisor.pause_svscan();
    let supervises =
        |supervisor: &mut Supervisor| fs::metadata(supervisor.machine.layout.service(&web)).unwrap().ino();
    let before = supervises(&mut supervisor);
    supervisor.run(&web, "exec sleep 2000");

    assert_eq!(supervises(&mut supervisor), before);
    let command = |process: u32| fs::read(format!("/proc/{process}/cmdline")).unwrap();
    eventually(|| {
        let (process, _) = supervisor.inspect(&web).process?;
        command(process).starts_with(b"sleep\x002000").then_some(())
    });
}

#[test]
fn defining_twice_changes_nothing_until_the_next_start() {
    let mut supervisor = Supervisor::new();
    let web = service(0);
    supervisor.run(&web, "exec sleep 1000");
    let before = supervisor.inspect(&web).process.unwrap().0;

    supervisor.define(&web, "exec sleep 2000");
    supervisor.define(&web, "exec sleep 2000");

    let state = supervisor.inspect(&web);
    assert_eq!(state.process.unwrap().0, before);
    assert!(state.enabled);
    assert_eq!(state.definition, definition(&web, "exec sleep 2000"));
}

#[test]
fn starting_a_running_service_leaves_its_process_alone() {
    let mut supervisor = Supervisor::new();
    let web = service(0);
    supervisor.run(&web, "exec sleep 1000");
    let before = supervisor.inspect(&web).process.unwrap().0;

    supervisor.machine.host.services().start_service(&web).unwrap();

    assert_eq!(supervisor.inspect(&web).process.unwrap().0, before);
}

#[test]
fn a_new_log_script_is_run_at_once() {
    let mut supervisor = Supervisor::new();
    let web = service(0);
    supervisor.run(&web, "while sleep 0.05; do echo hello; done");
    let mut changed = definition(&web, "while sleep 0.05; do echo hello; done");
    changed.log = changed.log.replace("./main", "./other");

    supervisor.machine.host.services().define_service(&web, &changed).unwrap();

    let log = supervisor.machine.layout.service(&web).join("log/other/current");
    eventually(|| fs::read_to_string(&log).ok().filter(|text| text.contains("hello")));
}

#[test]
fn a_removed_service_leaves_nothing() {
    let mut supervisor = Supervisor::new();
    let (web, other) = (service(0), service(1));
    supervisor.define(&other, "exec sleep 1000");
    supervisor.run(&web, "exec sleep 1000");
    supervisor.run(&other, "exec sleep 1000");
    supervisor.machine.host.services().stop_services(std::slice::from_ref(&web), LONG).unwrap();

    supervisor.machine.host.services().remove_service(&web).unwrap();
    supervisor.machine.host.services().remove_service(&web).unwrap();

    assert_eq!(supervisor.machine.host.services().inspect_service(&web).unwrap(), None);
    assert_eq!(supervisor.machine.host.services().list_services().unwrap(), [other]);
    assert!(!supervisor.machine.layout.service(&web).exists());
    let works_in = |id: &Pid| fs::read_link(format!("/proc/{}/cwd", id.as_raw_nonzero())).unwrap_or_default();
    let left: Vec<_> = supervisor.processes_with("").iter().map(works_in).collect();
    assert!(left.iter().all(|directory| directory.is_dir()), "{left:?}");
}

#[test]
fn a_removed_service_can_be_made_again() {
    let mut supervisor = Supervisor::new();
    let web = service(0);
    for _ in 0..2 {
        supervisor.run(&web, "exec sleep 1000");
        assert!(supervisor.inspect(&web).process.is_some());
        supervisor.machine.host.services().stop_services(std::slice::from_ref(&web), LONG).unwrap();
        supervisor.machine.host.services().remove_service(&web).unwrap();
    }
}

#[test]
fn an_interrupted_removal_and_an_interrupted_definition_are_finished() {
    let mut supervisor = Supervisor::new();
    let web = service(0);
    supervisor.define(&web, "exec sleep 1000");
    supervisor.start_svscan();
    eventually(|| supervisor.inspect(&web).supervised.then_some(()));
    fs::remove_file(supervisor.machine.layout.service_link(&web)).unwrap();
    fs::remove_file(supervisor.machine.layout.service(&web).join("run")).unwrap();
    assert_eq!(supervisor.machine.host.services().list_services().unwrap(), std::slice::from_ref(&web));
    assert_eq!(supervisor.inspect(&web).definition.run, "");

    supervisor.run(&web, "exec sleep 1000");

    assert!(supervisor.inspect(&web).process.is_some());
}

#[test]
fn without_svscan_services_are_defined_stopped_and_removed_but_not_started() {
    let mut supervisor = Supervisor::new();
    let web = service(0);
    supervisor.define(&web, "exec sleep 1000");

    let error = supervisor.machine.host.services().start_service(&web).unwrap_err();

    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(error.to_string(), "cannot start `shop+master+web+0+a`");
    assert!(cause.starts_with("nothing supervises it after 15 s; does `svscan /"), "{cause}");
    let state = supervisor.inspect(&web);
    assert_eq!((state.supervised, state.process), (false, None));
    supervisor.machine.host.services().stop_services(std::slice::from_ref(&web), LONG).unwrap();
    assert!(!supervisor.inspect(&web).enabled);
    supervisor.machine.host.services().remove_service(&web).unwrap();
    assert_eq!(supervisor.machine.host.services().list_services().unwrap(), []);
}

#[test]
fn twenty_services_start_and_stop_together() {
    let mut supervisor = Supervisor::new();
    let services: Vec<_> = (0..20).map(service).collect();
    for name in &services {
        supervisor.define(name, "exec sleep 1000");
    }
    supervisor.start_svscan();
    for name in &services {
        supervisor.machine.host.services().start_service(name).unwrap();
    }
    assert!(services.iter().all(|name| supervisor.inspect(name).process.is_some()));

    let report = supervisor.machine.host.services().stop_services(&services, LONG).unwrap();

    assert_eq!(report.killed, []);
    assert!(services.iter().all(|name| supervisor.processes_of(name).is_empty()));
}

#[test]
fn directories_of_others_are_not_listed() {
    let mut supervisor = Supervisor::new();
    fs::create_dir_all(supervisor.machine.layout.services().join("postgres")).unwrap();
    supervisor.define(&service(1), "true");
    assert_eq!(supervisor.machine.host.services().list_services().unwrap(), [service(1)]);
}
