//! A machine with another supervisor.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use camino::Utf8Path;
use jiff::Timestamp;

use super::{
    Caller, Clock, CommandError, Commit, FileError, Files, Git, GitError, LockError, Locks, Logs, Mode,
    Probe, ProbeError, ServiceError, ServiceState, Services, Shell, ShellCommand, StopReport, Version,
    WebServer, WebServerError,
};
use crate::{CommitId, Definition, ServiceName};

/// The machine `host`, but its processes are supervised by `services`.
#[derive(Debug, Clone)]
pub struct WithServices<H, S> {
    /// Everything but the supervisor.
    pub host: H,
    /// The supervisor.
    pub services: S,
}

impl<H, S: Services> Services for WithServices<H, S> {
    fn list_services(&mut self) -> Result<Vec<ServiceName>, ServiceError> {
        self.services.list_services()
    }

    fn inspect_service(&mut self, service: &ServiceName) -> Result<Option<ServiceState>, ServiceError> {
        self.services.inspect_service(service)
    }

    fn define_service(&mut self, service: &ServiceName, definition: &Definition) -> Result<(), ServiceError> {
        self.services.define_service(service, definition)
    }

    fn start_service(&mut self, service: &ServiceName) -> Result<(), ServiceError> {
        self.services.start_service(service)
    }

    fn stop_services(
        &mut self,
        services: &[ServiceName],
        timeout: Duration,
    ) -> Result<StopReport, ServiceError> {
        self.services.stop_services(services, timeout)
    }

    fn remove_service(&mut self, service: &ServiceName) -> Result<(), ServiceError> {
        self.services.remove_service(service)
    }
}

impl<H, S: Logs> Logs for WithServices<H, S> {
    fn last_lines(&mut self, service: &ServiceName, lines: usize) -> Vec<String> {
        self.services.last_lines(service, lines)
    }
}

impl<H: Files, S> Files for WithServices<H, S> {
    fn read_file(&mut self, path: &Utf8Path) -> Result<Option<String>, FileError> {
        self.host.read_file(path)
    }

    fn replace_file(&mut self, path: &Utf8Path, text: &str, mode: Mode) -> Result<(), FileError> {
        self.host.replace_file(path, text, mode)
    }

    fn remove_file(&mut self, path: &Utf8Path) -> Result<(), FileError> {
        self.host.remove_file(path)
    }

    fn list_directory(&mut self, path: &Utf8Path) -> Result<Vec<String>, FileError> {
        self.host.list_directory(path)
    }

    fn create_directory(&mut self, path: &Utf8Path) -> Result<(), FileError> {
        self.host.create_directory(path)
    }

    fn remove_directory(&mut self, path: &Utf8Path) -> Result<(), FileError> {
        self.host.remove_directory(path)
    }
}

impl<H: Git, S> Git for WithServices<H, S> {
    fn prepare_repo(&mut self, repo: &Utf8Path, hook: &str) -> Result<(), GitError> {
        self.host.prepare_repo(repo, hook)
    }

    fn branch_head(&mut self, repo: &Utf8Path, branch: &str) -> Result<Option<CommitId>, GitError> {
        self.host.branch_head(repo, branch)
    }

    fn commit(&mut self, repo: &Utf8Path, commit: &CommitId) -> Result<Commit, GitError> {
        self.host.commit(repo, commit)
    }

    fn check_out(
        &mut self,
        repo: &Utf8Path,
        commit: &CommitId,
        directory: &Utf8Path,
        output: &mut dyn FnMut(&[u8]),
    ) -> Result<(), GitError> {
        self.host.check_out(repo, commit, directory, output)
    }
}

impl<H: WebServer, S> WebServer for WithServices<H, S> {
    fn web_server_version(&mut self) -> Result<Version, WebServerError> {
        self.host.web_server_version()
    }

    fn web_server_runs(&mut self) -> bool {
        self.host.web_server_runs()
    }

    fn has_gzip_static(&mut self) -> Result<bool, WebServerError> {
        self.host.has_gzip_static()
    }

    fn test_web_server(&mut self) -> Result<(), WebServerError> {
        self.host.test_web_server()
    }

    fn reload_web_server(&mut self) -> Result<(), WebServerError> {
        self.host.reload_web_server()
    }
}

impl<H: Shell, S> Shell for WithServices<H, S> {
    fn run_command(
        &mut self,
        command: &ShellCommand,
        output: &mut dyn FnMut(&[u8]),
    ) -> Result<(), CommandError> {
        self.host.run_command(command, output)
    }

    fn end_commands(&mut self, directory: &Utf8Path) -> Result<(), CommandError> {
        self.host.end_commands(directory)
    }
}

impl<H: Probe, S> Probe for WithServices<H, S> {
    fn ports_in_use(&mut self) -> Result<BTreeSet<u16>, ProbeError> {
        self.host.ports_in_use()
    }

    fn listening(&mut self, service: &ServiceName) -> Result<BTreeSet<SocketAddr>, ProbeError> {
        self.host.listening(service)
    }

    fn accepts(&mut self, port: u16) -> Result<(), ProbeError> {
        self.host.accepts(port)
    }

    fn answers(&mut self, port: u16, name: &str, path: &str, timeout: Duration) -> Result<u16, ProbeError> {
        self.host.answers(port, name, path, timeout)
    }

    fn connections(&mut self, ports: &BTreeSet<u16>) -> Result<usize, ProbeError> {
        self.host.connections(ports)
    }

    fn late_clients(&mut self) -> Result<usize, ProbeError> {
        self.host.late_clients()
    }
}

impl<H: Clock, S> Clock for WithServices<H, S> {
    fn now(&mut self) -> Timestamp {
        self.host.now()
    }

    fn elapsed(&mut self) -> Duration {
        self.host.elapsed()
    }

    fn pause(&mut self, duration: Duration) {
        self.host.pause(duration);
    }
}

impl<H: Locks, S> Locks for WithServices<H, S> {
    fn try_lock(&mut self, path: &Utf8Path, note: &str) -> Result<bool, LockError> {
        self.host.try_lock(path, note)
    }

    fn lock_note(&mut self, path: &Utf8Path) -> Result<String, LockError> {
        self.host.lock_note(path)
    }

    fn unlock(&mut self, path: &Utf8Path) -> Result<(), LockError> {
        self.host.unlock(path)
    }
}

impl<H: Caller, S> Caller for WithServices<H, S> {
    fn wants_to_stop(&mut self) -> Option<String> {
        self.host.wants_to_stop()
    }
}
