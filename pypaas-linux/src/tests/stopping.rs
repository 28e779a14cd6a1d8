//! Stopping services whose processes do not want to end.

use std::fs;
use std::slice::from_ref;
use std::time::Duration;

use pypaas_core::Host;
use pypaas_core::ServiceName;
use rustix::process::{Pid, Signal, kill_process};

use super::machine::{eventually, service};
use super::supervisor::Supervisor;

/// Nobody waits that long: a test in which something is waited out does not end.
const LONG: Duration = Duration::from_secs(24 * 3600);
const BARELY: Duration = Duration::from_millis(300);

/// Starts a service and waits until it has so many processes.
fn running(command: &str, processes: usize) -> (Supervisor, ServiceName) {
    let mut supervisor = Supervisor::new();
    let web = service(0);
    supervisor.run(&web, command);
    eventually(|| (supervisor.processes_of(&web).len() >= processes).then_some(()));
    (supervisor, web)
}

/// Waits until the supervisor has slept its second after the start, and takes orders again.
fn settled(supervisor: &mut Supervisor, web: &ServiceName) {
    eventually(|| supervisor.inspect(web).process.filter(|(_, up)| *up > Duration::from_millis(1100)));
}

fn command_line(id: Pid) -> Vec<u8> {
    fs::read(format!("/proc/{}/cmdline", id.as_raw_pid())).unwrap_or_default()
}

#[test]
fn a_process_that_ends_on_sigterm_is_not_killed() {
    let (mut supervisor, web) = running("exec sleep 1000", 1);
    settled(&mut supervisor, &web);

    let report = supervisor.machine.host.services().stop_services(from_ref(&web), LONG).unwrap();

    assert_eq!(report.killed, []);
    let state = supervisor.inspect(&web);
    assert_eq!((state.enabled, state.supervised, state.process), (false, true, None));
    assert_eq!(supervisor.processes_of(&web), []);
}

#[test]
fn a_process_that_ignores_sigterm_is_killed() {
    let (mut supervisor, web) = running(r#"trap "" TERM; while :; do sleep 1000; done"#, 2);

    let report = supervisor.machine.host.services().stop_services(from_ref(&web), BARELY).unwrap();

    assert_eq!(report.killed, from_ref(&web));
    assert_eq!(supervisor.processes_of(&web), []);
}

#[test]
fn children_in_the_group_end_too() {
    let (mut supervisor, web) = running("sleep 1000 & sleep 2000 & exec sleep 3000", 3);

    let report = supervisor.machine.host.services().stop_services(from_ref(&web), LONG).unwrap();

    assert_eq!(report.killed, []);
    assert_eq!(supervisor.processes_of(&web), []);
}

#[test]
fn children_that_left_the_group_end_too() {
    let (mut supervisor, web) = running("setsid sleep 1000 & (setsid sleep 2000 &) ; exec sleep 3000", 3);

    let report = supervisor.machine.host.services().stop_services(from_ref(&web), LONG).unwrap();

    assert_eq!(report.killed, []);
    assert_eq!(supervisor.processes_of(&web), []);
}

#[test]
fn children_without_the_mark_end_too() {
    let (mut supervisor, web) = running("setsid env -u PYPAAS_SERVICE sleep 4711 & exec sleep 3000", 1);
    let unmarked = |supervisor: &Supervisor| {
        supervisor.processes_with("").into_iter().find(|id| command_line(*id) == b"sleep\x004711\0")
    };
    eventually(|| unmarked(&supervisor));

    supervisor.machine.host.services().stop_services(from_ref(&web), LONG).unwrap();

    assert_eq!(unmarked(&supervisor), None);
}

#[test]
fn children_left_by_a_dead_leader_end_too() {
    let (mut supervisor, web) = running(r#"(trap "" TERM; sleep 1000) & exec sleep 2000"#, 2);
    settled(&mut supervisor, &web);
    let leader = supervisor.inspect(&web).process.unwrap().0;
    kill_process(Pid::from_raw(leader.cast_signed()).unwrap(), Signal::KILL).unwrap();

    supervisor.machine.host.services().stop_services(from_ref(&web), BARELY).unwrap();

    assert_eq!(supervisor.processes_of(&web), []);
}

#[test]
fn a_stopped_process_ends() {
    let (mut supervisor, web) = running("sleep 1000 & exec sleep 2000", 2);
    for id in supervisor.processes_of(&web) {
        kill_process(id, Signal::STOP).unwrap();
    }

    let report = supervisor.machine.host.services().stop_services(from_ref(&web), LONG).unwrap();

    assert_eq!(report.killed, []);
    assert_eq!(supervisor.processes_of(&web), []);
}

#[test]
fn a_service_just_started_does_not_come_back() {
    let (mut supervisor, web) = running("exec sleep 1000", 1);

    let report = supervisor.machine.host.services().stop_services(from_ref(&web), LONG).unwrap();

    assert_eq!(report.killed, []);
    let status = supervisor.machine.layout.service(&web).join("supervise/status");
    let at_once = fs::read(&status).unwrap();
    assert_eq!(supervisor.processes_of(&web), []);
    assert_eq!(at_once.get(12..16), Some([0; 4].as_slice()));
    assert_eq!(at_once.last(), Some(&b'd'));
}

#[test]
fn a_service_that_crashes_all_the_time_stays_down() {
    for command in ["exit 1", "sleep 0.3; exit 1", "sleep 0.95; exit 1"] {
        let mut supervisor = Supervisor::new();
        let web = service(0);
        supervisor.run(&web, command);

        supervisor.machine.host.services().stop_services(from_ref(&web), LONG).unwrap();

        let state = supervisor.inspect(&web);
        assert_eq!((state.enabled, state.process), (false, None), "{command}");
        assert_eq!(supervisor.processes_of(&web), [], "{command}");
    }
}

#[test]
fn a_process_that_keeps_starting_others_is_killed_with_all_of_them() {
    let spawn = r#"trap "" TERM; while :; do setsid sh -c "trap \"\" TERM; sleep 5" & sleep 0.01; done"#;
    let (mut supervisor, web) = running(spawn, 10);

    let report = supervisor.machine.host.services().stop_services(from_ref(&web), BARELY).unwrap();

    assert_eq!(report.killed, from_ref(&web));
    assert_eq!(supervisor.processes_of(&web), []);
}

#[test]
fn processes_without_supervisor_end_too() {
    let (mut supervisor, web) = running("sleep 1000 & exec sleep 2000", 2);
    supervisor.kill_svscan();
    for id in supervisor.processes_with("") {
        if command_line(id).starts_with(b"supervise\0") {
            kill_process(id, Signal::KILL).unwrap();
        }
    }
    eventually(|| (!supervisor.inspect(&web).supervised).then_some(()));

    let report = supervisor.machine.host.services().stop_services(from_ref(&web), LONG).unwrap();

    assert_eq!(report.killed, []);
    assert_eq!(supervisor.processes_of(&web), []);
    supervisor.start_svscan();
    let state = eventually(|| Some(supervisor.inspect(&web)).filter(|state| state.supervised));
    assert_eq!(state.process, None);
}

#[test]
fn neighbors_and_the_logger_are_left_alone() {
    let mut supervisor = Supervisor::new();
    let (web, other) = (service(0), service(1));
    supervisor.define(&other, "exec sleep 2000");
    supervisor.run(&web, "exec sleep 1000");
    supervisor.run(&other, "exec sleep 2000");
    let before = supervisor.inspect(&other).process.unwrap().0;

    let loggers = |supervisor: &Supervisor| -> Vec<Pid> {
        let all = supervisor.processes_with("").into_iter();
        all.filter(|id| command_line(*id).starts_with(b"multilog\0")).collect()
    };
    let loggers_before = eventually(|| Some(loggers(&supervisor)).filter(|found| found.len() == 2));

    supervisor.machine.host.services().stop_services(from_ref(&web), LONG).unwrap();

    assert_eq!(supervisor.inspect(&other).process.unwrap().0, before);
    assert_eq!(loggers(&supervisor), loggers_before);
}

#[test]
fn one_that_is_killed_does_not_hold_up_the_others() {
    let mut supervisor = Supervisor::new();
    let (web, stubborn) = (service(0), service(1));
    supervisor.define(&web, "exec sleep 1000");
    supervisor.run(&stubborn, r#"trap "" TERM; while :; do sleep 1; done"#);
    supervisor.run(&web, "exec sleep 1000");
    settled(&mut supervisor, &web);

    let services = [web, stubborn.clone()];
    let report = supervisor.machine.host.services().stop_services(&services, BARELY).unwrap();

    assert_eq!(report.killed, [stubborn]);
}

#[test]
fn stopping_what_is_not_there_or_down_is_success() {
    let (mut supervisor, web) = running("exec sleep 1000", 1);
    let nowhere = service(7);
    for _ in 0..2 {
        let report =
            supervisor.machine.host.services().stop_services(&[web.clone(), nowhere.clone()], LONG).unwrap();
        assert_eq!(report.killed, []);
    }
    assert_eq!(supervisor.machine.host.services().inspect_service(&nowhere).unwrap(), None);
}
