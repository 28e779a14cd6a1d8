//! New services start without svscan having noticed them.

use std::fs;
use std::thread;

use pypaas_core::Host;

use super::machine::{eventually, service};
use super::supervisor::{Supervisor, definition};
use crate::daemontools::spares::COUNT;
use crate::{LinuxHost, fill_spare_services};

/// Says what the process of a service runs.
fn command(supervisor: &mut Supervisor, index: u16) -> String {
    let (process, _) = supervisor.inspect(&service(index)).process.unwrap();
    eventually(|| {
        let line = fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap();
        line.starts_with("sleep").then(|| line.replace('\0', " ").trim_end().to_owned())
    })
}

#[test]
fn a_new_service_starts_and_logs_before_svscan_notices_it() {
    let mut supervisor = Supervisor::new();
    let _paused = supervisor.pause_svscan();
    let web = service(0);

    supervisor.run(&web, "echo hello; exec sleep 1000");

    let state = supervisor.inspect(&web);
    assert!(state.enabled && state.supervised);
    assert_eq!(state.definition, definition(&web, "echo hello; exec sleep 1000"));
    let log = supervisor.machine.layout.service(&web).join("log/main/current");
    eventually(|| fs::read_to_string(&log).ok().filter(|text| text.contains("hello")));
    assert_eq!(supervisor.machine.host.services().list_services().unwrap(), [web]);
}

#[test]
fn the_directory_of_a_new_service_becomes_the_next_spare() {
    let mut supervisor = Supervisor::new();
    let paused = supervisor.pause_svscan();
    for index in 0..COUNT as u16 {
        supervisor.run(&service(index), "exec sleep 1000");
    }
    let processes: Vec<_> =
        (0..COUNT as u16).map(|index| supervisor.inspect(&service(index)).process.unwrap().0).collect();
    for number in 0..COUNT {
        let spare = supervisor.machine.layout.spare_service(number);
        assert!(
            !spare.join("run").exists() && !spare.join("log/run").exists(),
            "{spare} keeps an app's scripts"
        );
    }
    drop(paused);

    let _paused = supervisor.pause_svscan();
    supervisor.run(&service(100), "exec sleep 2000");

    assert_eq!(command(&mut supervisor, 100), "sleep 2000");
    for (index, process) in (0..).zip(processes) {
        assert_eq!(supervisor.inspect(&service(index)).process.unwrap().0, process);
    }
}

#[test]
fn more_services_than_spares_start_together() {
    let mut supervisor = Supervisor::new();
    supervisor.start_svscan();
    supervisor.await_spares();
    for index in 0..COUNT as u16 + 3 {
        supervisor.define(&service(index), &format!("exec sleep {}", 1000 + index));
    }
    for index in 0..COUNT as u16 + 3 {
        supervisor.machine.host.services().start_service(&service(index)).unwrap();
    }
    for index in 0..COUNT as u16 + 3 {
        assert_eq!(command(&mut supervisor, index), format!("sleep {}", 1000 + index));
    }
}

#[test]
fn a_spare_that_a_killed_command_wrote_into_runs_nothing_of_that() {
    let mut supervisor = Supervisor::new();
    let _paused = supervisor.pause_svscan();
    let layout = supervisor.machine.layout.clone();
    for number in 0..COUNT {
        fs::write(layout.spare_service(number).join("run"), "#!/bin/sh\nexec sleep 4711\n").unwrap();
        fs::write(layout.spare_service(number).join("log/run"), "#!/bin/sh\nexec multilog ./other\n")
            .unwrap();
    }

    supervisor.run(&service(0), "exec sleep 1000");

    assert_eq!(command(&mut supervisor, 0), "sleep 1000");
    assert_eq!(supervisor.inspect(&service(0)).definition, definition(&service(0), "exec sleep 1000"));
}

#[test]
fn a_start_that_was_killed_between_exchange_and_order_is_finished_with_its_logger() {
    let mut supervisor = Supervisor::new();
    let _paused = supervisor.pause_svscan();
    let web = service(0);
    supervisor.define(&web, "echo hello; exec sleep 1000");
    let layout = supervisor.machine.layout.clone();
    let definition = definition(&web, "echo hello; exec sleep 1000");
    assert!(crate::daemontools::spares::exchange(&layout, &layout.service(&web), &definition).unwrap());
    let state = supervisor.inspect(&web);
    assert_eq!((state.enabled, state.process), (false, None));

    supervisor.machine.host.services().start_service(&web).unwrap();

    let log = layout.service(&web).join("log/main/current");
    eventually(|| fs::read_to_string(&log).ok().filter(|text| text.contains("hello")));
}

#[test]
fn programs_that_start_services_at_once_take_different_spares() {
    let mut supervisor = Supervisor::new();
    let _paused = supervisor.pause_svscan();
    thread::scope(|scope| {
        for index in 0..COUNT as u16 {
            let (name, layout) = (service(index), supervisor.machine.layout.clone());
            let mut host = LinuxHost::new(layout, supervisor.machine.host.nginx.clone());
            scope.spawn(move || {
                host.services()
                    .define_service(&name, &definition(&name, &format!("exec sleep {}", 1000 + index)))
                    .unwrap();
                host.services().start_service(&name).unwrap();
            });
        }
    });
    for index in 0..COUNT as u16 {
        assert_eq!(command(&mut supervisor, index), format!("sleep {}", 1000 + index));
    }
}

#[test]
fn spares_that_are_there_are_left_alone() {
    let mut supervisor = Supervisor::new();
    let _paused = supervisor.pause_svscan();
    fill_spare_services(&supervisor.machine.layout).unwrap();
    supervisor.run(&service(0), "exec sleep 1000");
    assert_eq!(command(&mut supervisor, 0), "sleep 1000");
}
