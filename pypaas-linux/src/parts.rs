//! The parts of the host: its supervisor, and itself for everything else.

use pypaas_core::host::{
    Caller, Clock, Files, Git, Host, Locks, Logs, Probe, Services, Shell, Stores, WebServer,
};

use super::LinuxHost;

impl Host for LinuxHost {
    fn files(&mut self) -> &mut dyn Files {
        self
    }

    fn git(&mut self) -> &mut dyn Git {
        self
    }

    fn services(&mut self) -> &mut dyn Services {
        &mut *self.supervisor
    }

    fn logs(&mut self) -> &mut dyn Logs {
        &mut *self.supervisor
    }

    fn web_server(&mut self) -> &mut dyn WebServer {
        self
    }

    fn shell(&mut self) -> &mut dyn Shell {
        self
    }

    fn stores(&mut self) -> &mut dyn Stores {
        self
    }

    fn probe(&mut self) -> &mut dyn Probe {
        self
    }

    fn clock(&mut self) -> &mut dyn Clock {
        self
    }

    fn locks(&mut self) -> &mut dyn Locks {
        self
    }

    fn caller(&mut self) -> &mut dyn Caller {
        self
    }
}
