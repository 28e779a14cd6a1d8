//! The admin's commands.

use pypaas_core::Environment;
use pypaas_core::host::{CommandError, Shell, ShellCommand};
use rustix::process::{Signal, getpid, kill_process};

use super::machine::Machine;
use crate::child::{self, Exit};
use crate::proc::{Process, ProcessTable, ProcessTree};

fn run(machine: &mut Machine, line: &str) -> (Result<(), CommandError>, String) {
    let mut environment = Environment::default();
    environment.set("PATH", "/usr/bin:/bin");
    environment.set("GREETING", "it's $HOME\nand \"more\"");
    let command = ShellCommand {
        timeout: None,
        line: line.to_owned(),
        directory: machine.home.clone(),
        environment,
        confinement: None,
    };
    let mut output = Vec::new();
    let result = machine.host.run_command(&command, &mut |bytes| output.extend_from_slice(bytes));
    (result, String::from_utf8(output).unwrap())
}

#[test]
fn both_streams_come_in_order() {
    let mut machine = Machine::new();
    let (result, output) = run(&mut machine, "echo one; echo two >&2; pwd; cat");
    result.unwrap();
    assert_eq!(output, format!("one\ntwo\n{}\n", machine.home));
}

#[test]
fn the_environment_is_exactly_what_was_given() {
    let mut machine = Machine::new();
    let (result, output) = run(&mut machine, "env -0 | sort -z | tr '\\0' ';'");
    result.unwrap();
    let directory = &machine.home;
    let expected = format!(
        "GREETING=it's $HOME\nand \"more\";PATH=/usr/bin:/bin;PWD={directory};PYPAAS_COMMAND_OF={directory};"
    );
    assert_eq!(output, expected);
}

#[test]
fn what_a_successful_command_leaves_running_is_stopped_and_named() {
    for line in
        ["sleep 1000 &", "setsid sleep 1000 & true", "(setsid -f sleep 1000 >/dev/null 2>&1) ; exec 1>&-"]
    {
        let mut machine = Machine::new();
        let (result, output) = run(&mut machine, line);
        result.unwrap();
        assert!(output.contains("pypaas stops `sleep` (process "), "{line}: {output}");
        let mut tree = ProcessTree::of_commands(&machine.home, &machine.home);
        assert_eq!(ProcessTable::read().unwrap().members(&mut tree), Vec::<&Process>::new(), "{line}");
    }
}

#[test]
fn failures_say_how() {
    let mut machine = Machine::new();
    assert_eq!(run(&mut machine, "exit 3").0.unwrap_err().to_string(), "`exit 3` exited with status 3");
    assert_eq!(
        run(&mut machine, "kill -9 $$").0.unwrap_err().to_string(),
        "`kill -9 $$` was ended by signal 9"
    );
    machine.home.push("nowhere");
    assert_eq!(run(&mut machine, "true").0.unwrap_err().to_string(), "cannot run `true`");
}

#[test]
fn much_output_comes_whole() {
    let mut machine = Machine::new();
    let (result, output) = run(&mut machine, "seq 1 300000");
    result.unwrap();
    assert_eq!(output.lines().count(), 300_000);
    assert!(output.ends_with("\n300000\n"));
}

#[test]
fn a_daemon_that_keeps_the_pipe_open_does_not_hang_the_run() {
    let mut machine = Machine::new();
    let line = "(while :; do echo noise; sleep 0.01; done) & echo $!; sleep 1000 & echo $!";
    let (result, output) = run(&mut machine, line);
    result.unwrap();
    // They run still: nobody waited for them.
    let ids = output.lines().filter_map(|line| line.parse().ok()).filter_map(rustix::process::Pid::from_raw);
    for id in ids {
        kill_process(id, Signal::KILL).unwrap();
    }
}

#[test]
fn a_command_is_ended_with_its_children_when_the_caller_goes() {
    let mut shell = std::process::Command::new("/bin/sh");
    shell.args([
        "-c",
        r#"sleep 1000 & echo $!; (trap "echo asked" TERM; sh -c 'echo $PPID'; while :; do sleep 0.1; done)"#,
    ]);
    let mut output = Vec::new();
    let seen = std::cell::Cell::new(0);

    let ended = child::run(
        shell,
        &mut |bytes| {
            seen.set(seen.get() + bytes.iter().filter(|&&byte| byte == b'\n').count());
            output.extend_from_slice(bytes);
        },
        &mut || (seen.get() >= 2).then(|| "the connection is gone".to_owned()),
    );

    assert!(matches!(ended, Ok(Exit::Interrupted(reason)) if reason == "the connection is gone"));
    let output = String::from_utf8(output).unwrap();
    // Each is asked first, once, and has time to follow.
    assert_eq!(output.matches("asked\n").count(), 1, "{output}");
    for id in output.lines().filter(|line| *line != "asked") {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
    }
}

#[test]
fn a_signal_ends_the_command() {
    let mut machine = Machine::new();
    machine.host.watch_caller().unwrap();
    kill_process(getpid(), Signal::HUP).unwrap();
    let (result, _) = run(&mut machine, "sleep 1000");
    let error = result.unwrap_err().to_string();
    assert_eq!(error, "`sleep 1000` was ended: the signal SIGHUP asked to stop");
}
