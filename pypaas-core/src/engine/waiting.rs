//! Waiting for locks, and the queue of pushes that wait for a branch.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::ChangeError;
use super::world::Lock;
use crate::Progress;
use crate::host::Host;

/// How often a lock that is taken is tried again.
const INTERVAL: Duration = Duration::from_millis(50);

/// Takes a lock, telling `progress` who holds it meanwhile. In a queue, whoever has an older entry than another one that
/// waits gives up.
pub(super) fn acquire(
    host: &mut dyn Host,
    progress: &mut dyn Progress,
    lock: &Lock<'_>,
    timeout: Duration,
) -> Result<(), ChangeError> {
    let note = holder(host, lock.purpose);
    let Some(queue) = lock.queue else { return poll(host, progress, lock, timeout, None) };
    if host.locks().try_lock(lock.path, &note)? {
        return Ok(());
    }
    let entry = QueueEntry::join(host, queue, &note)?;
    let outcome = poll(host, progress, lock, timeout, Some(&entry));
    entry.leave(host)?;
    outcome
}

fn poll(
    host: &mut dyn Host,
    progress: &mut dyn Progress,
    lock: &Lock<'_>,
    timeout: Duration,
    entry: Option<&QueueEntry>,
) -> Result<(), ChangeError> {
    let begin = host.clock().elapsed();
    let note = holder(host, lock.purpose);
    let mut reported = false;
    loop {
        // Before the lock is tried, so that the newest push gets it when it is released.
        if let Some(newer) = entry.map(|entry| entry.superseded_by(host)).transpose()?.flatten() {
            return Err(ChangeError::Superseded(newer));
        }
        if host.locks().try_lock(lock.path, &note)? {
            return Ok(());
        }
        let holder = host.locks().lock_note(lock.path)?;
        if let Some(reason) = host.caller().wants_to_stop().filter(|_| lock.is_cancellable) {
            return Err(ChangeError::Abandoned(reason));
        }
        let waited = host.clock().elapsed().saturating_sub(begin);
        if waited >= timeout {
            return Err(ChangeError::Busy { seconds: waited.as_secs(), holder });
        }
        if !reported && waited >= INTERVAL * 4 {
            progress.note(&format!("waiting for {holder}"));
            reported = true;
        }
        host.clock().pause(INTERVAL);
    }
}

/// Says who holds a lock from now on.
fn holder(host: &mut dyn Host, purpose: &str) -> String {
    format!("{purpose} since {}", host.clock().now().strftime("%Y-%m-%d %H:%M:%S UTC"))
}

/// The place of a push among those that wait for a branch: a numbered lock of its own, so that it ends with its process.
struct QueueEntry {
    directory: Utf8PathBuf,
    number: u64,
}

impl QueueEntry {
    /// Takes the number after all others.
    fn join(host: &mut dyn Host, queue: &Utf8Path, note: &str) -> Result<Self, ChangeError> {
        let newest = numbers(host, queue)?.into_iter().max().unwrap_or(0);
        let mut entry = Self { directory: queue.to_owned(), number: newest + 1 };
        while !host.locks().try_lock(&entry.path(), note)? {
            entry.number += 1;
        }
        Ok(entry)
    }

    /// Returns who waits with a newer entry.
    fn superseded_by(&self, host: &mut dyn Host) -> Result<Option<String>, ChangeError> {
        for number in numbers(host, &self.directory)?.into_iter().filter(|number| *number > self.number) {
            let other = Self { directory: self.directory.clone(), number };
            if !host.locks().try_lock(&other.path(), "")? {
                return Ok(Some(host.locks().lock_note(&other.path())?));
            }
            // Its process is gone.
            other.leave(host)?;
        }
        Ok(None)
    }

    fn leave(self, host: &mut dyn Host) -> Result<(), ChangeError> {
        let path = self.path();
        host.files().remove_file(&path).map_err(ChangeError::Queue)?;
        Ok(host.locks().unlock(&path)?)
    }

    fn path(&self) -> Utf8PathBuf {
        self.directory.join(self.number.to_string())
    }
}

fn numbers(host: &mut dyn Host, directory: &Utf8Path) -> Result<Vec<u64>, ChangeError> {
    let names = host.files().list_directory(directory).map_err(ChangeError::Queue)?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}
