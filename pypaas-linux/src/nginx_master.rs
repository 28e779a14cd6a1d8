//! nginx's processes, and what its master writes into the error log.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::time::SystemTime;

use camino::Utf8Path;
use rustix::process::{Pid, Signal, kill_process};

use super::nginx_words;
use super::proc::{self, Process};

/// The master process of a running nginx.
#[derive(Debug, Clone, Copy)]
pub(super) struct Master {
    id: u32,
}

/// What nginx calls a process is its command line.
const MASTER: &[u8] = b"nginx: master process";
const WORKER: &[u8] = b"nginx: worker process";
const LEAVING: &[u8] = b"nginx: worker process is shutting down";

impl Master {
    /// Finds the master by its pid file; the error says why there is none.
    pub(super) fn find(pid_file: &Utf8Path) -> Result<Self, String> {
        let text =
            fs::read_to_string(pid_file).map_err(|error| format!("cannot read `{pid_file}`: {error}"))?;
        let id = text.trim().parse().map_err(|_| format!("`{pid_file}` holds no process id"))?;
        if !title(id).starts_with(MASTER) {
            return Err(format!(
                "nginx does not run: process {id}, named by `{pid_file}`, is no nginx master"
            ));
        }
        Ok(Self { id })
    }

    /// Lists the workers, also those that are leaving.
    pub(super) fn workers(self) -> io::Result<BTreeSet<u32>> {
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.id))?;
        let ids = children.split_ascii_whitespace().filter_map(|id| id.parse().ok());
        Ok(ids.filter(|&id| title(id).starts_with(WORKER)).collect())
    }

    /// Returns when it last loaded its files: when its youngest worker was started.
    pub(super) fn loaded_at(self) -> Option<SystemTime> {
        let workers = self.workers().ok()?;
        workers.into_iter().filter_map(|worker| Process::read(worker)?.started()).max()
    }

    /// Returns whether a worker takes connections. The kernel's list of children may miss one while another ends, so this
    /// looks at the worker itself.
    pub(super) fn has_taking(self, worker: u32) -> bool {
        let title = title(worker);
        title.starts_with(WORKER)
            && !title.starts_with(LEAVING)
            && Process::read(worker).is_some_and(|process| process.is_child_of(self.id))
    }

    /// Lists the workers that are leaving: they finish what they have begun, by the configuration that they had.
    pub(super) fn leaving(self) -> BTreeSet<u32> {
        let leaves = |id: &u32| {
            title(*id).starts_with(LEAVING) && Process::read(*id).is_some_and(|it| it.is_child_of(self.id))
        };
        let children = self.workers().unwrap_or_default();
        let leaving: BTreeSet<u32> = children.into_iter().filter(leaves).collect();
        if !leaving.is_empty() {
            return leaving;
        }
        // The kernel's list of children may miss one while another ends: that there is none only all processes show.
        proc::process_ids().into_iter().filter(leaves).collect()
    }

    /// Returns whether any worker is leaving.
    pub(super) fn has_leaving(self) -> bool {
        !self.leaving().is_empty()
    }

    /// Sends a signal to the master.
    pub(super) fn signal(self, signal: Signal) -> io::Result<()> {
        let id = Pid::from_raw(self.id.cast_signed()).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(kill_process(id, signal)?)
    }
}

/// The error log from the moment on when it was opened here.
#[derive(Debug)]
pub(super) struct ErrorLog {
    file: File,
    master: u32,
    /// What was read of the lines of this master.
    errors: Vec<String>,
    unfinished: String,
}

impl ErrorLog {
    /// Opens the file that the log of `master` is written to; `None` when there is none.
    pub(super) fn open(path: &Utf8Path, master: Master) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        file.seek(SeekFrom::End(0)).ok()?;
        Some(Self { file, master: master.id, errors: Vec::new(), unfinished: String::new() })
    }

    /// Returns the grave errors the master has noted since.
    pub(super) fn errors(&mut self) -> &[String] {
        let mut new = Vec::new();
        // What cannot be read is not there.
        let _ = self.file.read_to_end(&mut new);
        self.unfinished.push_str(&String::from_utf8_lossy(&new));
        while let Some((line, rest)) = self.unfinished.split_once('\n') {
            self.errors.extend(nginx_words::grave_error_of(line, self.master));
            self.unfinished = rest.to_owned();
        }
        &self.errors
    }
}

fn title(id: u32) -> Vec<u8> {
    proc::command_line(id)
}
