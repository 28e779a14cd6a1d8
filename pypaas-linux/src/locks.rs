//! Locks: flocks on files, which end with the process that holds them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

use camino::Utf8Path;
use pypaas_core::host::{LockError, Locks};

use super::{LinuxHost, cancellation, durable};

impl Locks for LinuxHost {
    fn try_lock(&mut self, path: &Utf8Path, note: &str) -> Result<bool, LockError> {
        let Some(mut file) = lock(path).map_err(failed(path))? else { return Ok(false) };
        // The lock is held whether or not others can read for what: on a full disk too, something must be mended.
        let _ = write_note(&mut file, note);
        cancellation::forget(path).map_err(failed(path))?;
        self.locks.insert(path.to_owned(), file);
        Ok(true)
    }

    fn lock_note(&mut self, path: &Utf8Path) -> Result<String, LockError> {
        let mut note = Vec::new();
        match File::open(path).and_then(|mut file| file.read_to_end(&mut note)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path)(error)),
            _ => Ok(String::from_utf8_lossy(&note).into_owned()),
        }
    }

    fn unlock(&mut self, path: &Utf8Path) -> Result<(), LockError> {
        let Some(mut file) = self.locks.remove(path) else {
            return Err(LockError { path: path.to_owned(), source: "it is not held".into() });
        };
        let _ = write_note(&mut file, "");
        file.unlock().map_err(failed(path))
    }
}

/// Returns whether somebody has the lock, without taking it from anybody who wants it for longer than the question lasts.
pub fn is_locked(path: &Utf8Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Takes the lock; `None` when somebody has it.
fn lock(path: &Utf8Path) -> io::Result<Option<File>> {
    durable::create_directory(durable::directory_of(path))?;
    loop {
        let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
        match file.try_lock() {
            Ok(()) if is_still_at(&file, path)? => return Ok(Some(file)),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Returns whether `path` still names `file`: one removed between being opened and being locked locks nothing.
fn is_still_at(file: &File, path: &Utf8Path) -> io::Result<bool> {
    let held = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (held.dev(), held.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn write_note(file: &mut File, note: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.write_all(note.as_bytes())
}

fn failed(path: &Utf8Path) -> impl FnOnce(io::Error) -> LockError {
    move |source| LockError { path: path.to_owned(), source: source.into() }
}
