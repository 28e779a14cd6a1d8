//! What wakes a process of pypaas that sleeps: a named pipe.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use camino::Utf8Path;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};

use crate::durable;

/// The end of a named pipe that a sleeper holds.
#[derive(Debug)]
pub struct Bell {
    file: File,
}

impl Bell {
    /// Makes the pipe at `path`, unless it is there.
    pub fn at(path: &Utf8Path) -> io::Result<Self> {
        durable::create_directory(durable::directory_of(path))?;
        match mknodat(CWD, path.as_std_path(), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        // Open for writing, too: so that it never says that nobody can ring it any more.
        let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
        Ok(Self { file })
    }

    /// Sleeps until somebody rings it, at most for `longest`.
    pub fn wait(&mut self, longest: Duration) -> io::Result<()> {
        let timeout = Timespec::try_from(longest).map_err(io::Error::other)?;
        let mut polled = [PollFd::new(&self.file, PollFlags::IN)];
        match poll(&mut polled, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut rings = [0; 64];
        while self.file.read(&mut rings).is_ok_and(|read| read > 0) {}
        Ok(())
    }
}

/// Wakes the process that sleeps at `path`. Without one, nothing happens.
pub fn ring(path: &Utf8Path) {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    // Nobody may be there, or the pipe may be full of earlier rings.
    let _ = OpenOptions::new()
        .write(true)
        .custom_flags(flags)
        .open(path)
        .and_then(|mut bell| bell.write_all(b"."));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sleeps_is_woken_and_each_ring_wakes_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap().join("run/bell");
        ring(&path);
        let mut bell = Bell::at(&path).unwrap();
        ring(&path);
        ring(&path);
        // Would sleep for a day.
        bell.wait(Duration::from_secs(86_400)).unwrap();
        bell.wait(Duration::ZERO).unwrap();
        let again = path.clone();
        let ringer = std::thread::spawn(move || ring(&again));
        bell.wait(Duration::from_secs(86_400)).unwrap();
        ringer.join().unwrap();
    }
}
