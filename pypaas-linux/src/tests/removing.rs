//! Removing services whatever state their supervisors and loggers are in.

use std::fs;
use std::slice::from_ref;
use std::time::Duration;

use pypaas_core::{Definition, Host, ServiceName};
use rustix::process::{Pid, Signal, kill_process};

use super::machine::{eventually, service};
use super::supervisor::{Supervisor, definition};
use crate::proc;

const SOON: Duration = Duration::from_secs(5);

/// Stops and removes the service, and checks that nothing of it is left.
fn remove(supervisor: &mut Supervisor, web: &ServiceName) {
    let directory = supervisor.machine.layout.service(web);
    supervisor.machine.host.services().stop_services(from_ref(web), SOON).unwrap();
    supervisor.machine.host.services().remove_service(web).unwrap();
    assert!(!directory.exists());
    eventually(|| in_directory(supervisor, web, "").is_empty().then_some(()));
}

/// Lists the processes named `name`, or all, that work in the directory of the service, which may be gone.
fn in_directory(supervisor: &Supervisor, web: &ServiceName, name: &str) -> Vec<Pid> {
    let directory = supervisor.machine.layout.service(web);
    let works_there = |id: &Pid| {
        let id = id.as_raw_pid().unsigned_abs();
        let there = proc::working_directory(id).is_some_and(|it| it.as_str().starts_with(directory.as_str()));
        there && (name.is_empty() || proc::program_name(id).as_deref() == Some(name))
    };
    supervisor.processes_with("").into_iter().filter(works_there).collect()
}

#[test]
fn a_service_that_ended_in_the_middle_of_a_line_can_be_removed() {
    let mut supervisor = Supervisor::new();
    let web = service(0);
    supervisor.run(&web, "printf \"no newline\"; exec sleep 1000");
    eventually(|| {
        let lines = supervisor.machine.host.logs().last_lines(&web, 9);
        (lines == ["no newline"]).then_some(())
    });

    remove(&mut supervisor, &web);
}

#[test]
fn the_last_words_without_a_newline_are_shown_and_no_empty_lines() {
    let mut supervisor = Supervisor::new();
    let web = service(0);
    supervisor.run(&web, "echo first; printf last; exec sleep 1000");
    eventually(|| (in_directory(&supervisor, &web, "multilog").len() == 1).then_some(()));
    supervisor.machine.host.services().stop_services(from_ref(&web), SOON).unwrap();

    let shown = || supervisor.machine.host.supervisor().last_lines_of_all(&web, 9);
    assert_eq!(shown(), ["first", "last"]);
    assert_eq!(shown(), ["first", "last"]);
    let mut reader = supervisor.machine.host.supervisor().log_reader(&web);
    let texts: Vec<String> = reader.last(9, None).unwrap().into_iter().map(|line| line.text).collect();
    assert_eq!(texts, ["first", "last"]);
}

#[test]
fn a_logger_that_ignores_sigterm_is_killed() {
    let mut supervisor = Supervisor::new();
    let web = service(0);
    let log =
        "#!/bin/sh\ntrap '' TERM\nwhile read -r line; do :; done\nwhile :; do sleep 1; done\n".to_owned();
    let definition = Definition { log, ..definition(&web, "exec sleep 1000") };
    supervisor.start_svscan();
    supervisor.machine.host.services().define_service(&web, &definition).unwrap();
    supervisor.machine.host.services().start_service(&web).unwrap();

    remove(&mut supervisor, &web);
}

#[test]
fn suspended_supervisors_are_resumed() {
    let mut supervisor = Supervisor::new();
    let web = service(0);
    supervisor.run(&web, "exec sleep 1000");
    let supervisors = in_directory(&supervisor, &web, "supervise");
    assert_eq!(supervisors.len(), 2);
    supervisors.iter().for_each(|id| kill_process(*id, Signal::STOP).unwrap());

    remove(&mut supervisor, &web);
}

#[test]
fn a_suspended_logger_is_resumed() {
    let mut supervisor = Supervisor::new();
    let web = service(0);
    supervisor.run(&web, "exec sleep 1000");
    let logger = eventually(|| in_directory(&supervisor, &web, "multilog").first().copied());
    kill_process(logger, Signal::STOP).unwrap();

    remove(&mut supervisor, &web);
}

#[test]
fn supervisors_whose_files_were_deleted_are_ended() {
    let mut supervisor = Supervisor::new();
    let web = service(0);
    supervisor.run(&web, "exec sleep 1000");
    supervisor.machine.host.services().stop_services(from_ref(&web), SOON).unwrap();
    let directory = supervisor.machine.layout.service(&web);
    for part in ["supervise", "log/supervise"] {
        fs::remove_dir_all(directory.join(part)).unwrap();
    }

    remove(&mut supervisor, &web);
}
