//! One `supervise` of daemontools, driven by its files.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::Signal;

use super::tai64n::Tai64n;
use crate::durable;
use crate::proc::{self, Process};

/// The supervisor of one directory: of a service, or of its `log`.
#[derive(Debug, Clone)]
pub(crate) struct Supervise {
    directory: Utf8PathBuf,
}

/// What a supervisor says of its process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Status {
    /// When the process started, or ended.
    pub(crate) since: Tai64n,
    /// The process; `None` when it is down.
    pub(crate) process: Option<u32>,
    /// Whether the supervisor means to keep it up.
    pub(crate) wants_up: bool,
    /// Whether the supervisor means to keep it down. When neither, a process runs once.
    pub(crate) wants_down: bool,
}

impl Supervise {
    /// Names the supervisor of `directory`, which may not be there.
    pub(crate) fn of(directory: &Utf8Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// Returns whether it runs: only then somebody has the other end of `supervise/ok` open.
    pub(crate) fn is_alive(&self) -> io::Result<bool> {
        match self.open("ok") {
            Ok(_) => Ok(true),
            Err(error) if means_dead(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Reads its status; `None` when it does not run, for the file outlives it.
    pub(crate) fn status(&self) -> io::Result<Option<Status>> {
        if !self.is_alive()? {
            return Ok(None);
        }
        match fs::read(self.directory.join("supervise/status")) {
            Ok(bytes) => Ok(Status::read(&bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gives orders, a letter each, as `svc` does. Returns whether there was a supervisor to take them; it takes them in
    /// order, but not in the second after it started a process.
    pub(crate) fn send(&self, letters: &str) -> io::Result<bool> {
        match self.open("control").and_then(|mut control| control.write_all(letters.as_bytes())) {
            Ok(()) => Ok(true),
            Err(error) if means_dead(&error) || error.kind() == ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Lets it go on if it was suspended, as by SIGSTOP.
    pub(crate) fn resume(&self) {
        self.processes().iter().for_each(|process| process.signal(Signal::CONT));
    }

    /// Kills it.
    pub(crate) fn kill(&self) {
        self.processes().iter().for_each(|process| process.signal(Signal::KILL));
    }

    /// Finds its own processes, even when its files are gone: it works in its directory.
    fn processes(&self) -> Vec<Process> {
        let is_it = |id: &u32| {
            proc::program_name(*id).as_deref() == Some("supervise")
                && proc::working_directory(*id).is_some_and(|directory| {
                    directory.as_str().trim_end_matches(" (deleted)") == self.directory
                })
        };
        proc::process_ids().into_iter().filter(is_it).filter_map(Process::read).collect()
    }

    /// Returns whether a supervisor that starts, as at boot, would leave the process down.
    pub(crate) fn is_disabled(&self) -> io::Result<bool> {
        self.down().try_exists()
    }

    /// Keeps the process down when the supervisor starts. Makes the directory.
    pub(crate) fn disable(&self) -> io::Result<()> {
        durable::replace_if_different(&self.down(), b"", 0o644).map(drop)
    }

    /// Lets the supervisor start the process when it starts itself.
    pub(crate) fn enable(&self) -> io::Result<()> {
        durable::remove_file(&self.down()).map(drop)
    }

    fn down(&self) -> Utf8PathBuf {
        self.directory.join("down")
    }

    fn open(&self, pipe: &str) -> io::Result<fs::File> {
        let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
        OpenOptions::new()
            .write(true)
            .custom_flags(nonblocking)
            .open(self.directory.join("supervise").join(pipe))
    }
}

impl Status {
    /// Reads the 18 bytes of daemontools 0.76; the process id is little-endian, the stamp is not.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (since, rest) = bytes.split_first_chunk::<12>()?;
        let (process, rest) = rest.split_first_chunk::<4>()?;
        let [_paused, want] = rest.try_into().ok()?;
        Some(Self {
            since: Tai64n::from_bytes(*since),
            process: Some(u32::from_le_bytes(*process)).filter(|&process| process != 0),
            wants_up: want == b'u',
            wants_down: want == b'd',
        })
    }
}

fn means_dead(error: &io::Error) -> bool {
    error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(Errno::NXIO.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_file_names_process_and_order() {
        let mut bytes = [0; 18];
        bytes[..8].copy_from_slice(&0x4000_0000_3b4a_39c2_u64.to_be_bytes());
        bytes[12..16].copy_from_slice(&70_000_u32.to_le_bytes());
        bytes[17] = b'u';

        let status = Status::read(&bytes).unwrap();

        assert_eq!((status.process, status.wants_up, status.wants_down), (Some(70_000), true, false));
        assert_eq!(Status::read(&bytes[..17]), None);
    }
}
