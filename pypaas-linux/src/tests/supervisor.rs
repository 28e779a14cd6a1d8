//! A real svscan, which takes all it started with it.

use std::fs;
use std::process::{Child, Command, Stdio};

use pypaas_core::host::{Host, ServiceState};
use pypaas_core::{Definition, ServiceName};
use rustix::process::{Pid, Signal, kill_process};

use super::machine::{Machine, eventually};
use crate::daemontools::spares::{COUNT as SPARES, fill_spare_services};
use crate::daemontools::supervise::Supervise;

/// A host whose services directory svscan watches, from the first service on that is started, with spare services as on any
/// host.
pub(super) struct Supervisor {
    pub(super) machine: Machine,
    svscan: Option<Child>,
}

impl Supervisor {
    pub(super) fn new() -> Self {
        let machine = Machine::new();
        fs::create_dir_all(machine.layout.services()).unwrap();
        Self { machine, svscan: None }
    }

    pub(super) fn start_svscan(&mut self) {
        fill_spare_services(&self.machine.layout).unwrap();
        let mut svscan = Command::new("svscan");
        svscan.arg(self.machine.layout.services()).env("TREE_OF", &self.machine.home);
        self.svscan = Some(svscan.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    }

    /// Waits until every spare service is supervised, then keeps svscan from noticing anything until it is let go on.
    pub(super) fn pause_svscan(&mut self) -> Paused {
        if self.svscan.is_none() {
            self.start_svscan();
        }
        self.await_spares();
        let id = Pid::from_child(self.svscan.as_ref().unwrap());
        kill_process(id, Signal::STOP).unwrap();
        Paused(id)
    }

    /// Waits until every spare service is supervised and down.
    pub(super) fn await_spares(&self) {
        for number in 0..SPARES {
            let spare = self.machine.layout.spare_service(number);
            for part in [spare.join("log"), spare] {
                let status = || Supervise::of(&part).status().unwrap();
                eventually(|| status().filter(|status| status.process.is_none()));
            }
        }
    }

    /// Kills svscan alone; the supervisors it started live on.
    pub(super) fn kill_svscan(&mut self) {
        if let Some(mut svscan) = self.svscan.take() {
            svscan.kill().unwrap();
            svscan.wait().unwrap();
        }
    }

    /// Defines a service that runs `command` as the run scripts of pypaas do.
    pub(super) fn define(&mut self, service: &ServiceName, command: &str) {
        self.machine.host.services().define_service(service, &definition(service, command)).unwrap();
    }

    /// Defines and starts a service.
    pub(super) fn run(&mut self, service: &ServiceName, command: &str) {
        self.define(service, command);
        if self.svscan.is_none() {
            self.start_svscan();
        }
        self.machine.host.services().start_service(service).unwrap();
    }

    pub(super) fn inspect(&mut self, service: &ServiceName) -> ServiceState {
        self.machine.host.services().inspect_service(service).unwrap().unwrap()
    }

    /// Lists the processes whose environment has `text`: of this svscan and all it started, unless told otherwise.
    pub(super) fn processes_with(&self, text: &str) -> Vec<Pid> {
        let mine = format!("TREE_OF={}\0", self.machine.home);
        let has = |id: &i32| {
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
            let environment = String::from_utf8_lossy(&environment).into_owned();
            !stat.contains(") Z ") && environment.contains(&mine) && environment.contains(text)
        };
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        ids.filter(has).filter_map(Pid::from_raw).collect()
    }

    /// Lists the living processes of a service.
    pub(super) fn processes_of(&self, service: &ServiceName) -> Vec<Pid> {
        self.processes_with(&format!("PYPAAS_SERVICE={service}\0"))
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.kill_svscan();
        loop {
            let left = self.processes_with("");
            if left.is_empty() {
                break;
            }
            for id in left {
                let _ = kill_process(id, Signal::KILL);
            }
        }
    }
}

/// A stopped svscan, which goes on when this is dropped.
pub(super) struct Paused(Pid);

impl Drop for Paused {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::CONT);
    }
}

/// The scripts of a service that runs `command`.
pub(super) fn definition(service: &ServiceName, command: &str) -> Definition {
    let run = format!(
        "#!/bin/sh\nexec 2>&1\nexport PYPAAS_SERVICE='{service}'\nexec pgrphack /bin/sh -c '{command}'\n"
    );
    Definition { run, log: "#!/bin/sh\nexec multilog t ./main\n".to_owned() }
}
