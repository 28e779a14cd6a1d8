//! Waiting for others: locks, and the queue of pushes.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::BranchRef;

use super::ChangeError;
use crate::host::Host;
use crate::{Layout, ObserveError, Platform, Story};

/// How often a lock that is taken is tried again.
const INTERVAL: Duration = Duration::from_millis(50);

/// Takes the lock of `branch`, telling `story` for whom it waits; `purpose` is what others who wait are told.
pub fn lock_branch(
    host: &mut dyn Host,
    platform: &Platform,
    branch: &BranchRef,
    purpose: &str,
    story: &mut dyn Story,
) -> Result<(), ChangeError> {
    take(host, platform, &platform.layout.branch_lock(branch), purpose, story, true, None)
}

/// Takes the lock of `branch` for a push. Of several pushes that wait for it only the newest gets it.
pub fn queue_for_branch(
    host: &mut dyn Host,
    platform: &Platform,
    branch: &BranchRef,
    purpose: &str,
    story: &mut dyn Story,
) -> Result<(), ChangeError> {
    let lock = platform.layout.branch_lock(branch);
    let note = note(host, purpose);
    if host.locks().try_lock(&lock, &note)? {
        return Ok(());
    }
    let ticket = Ticket::draw(host, &platform.layout, branch, purpose)?;
    let outcome = take(host, platform, &lock, purpose, story, true, Some(&ticket));
    ticket.give_back(host)?;
    outcome
}

/// Gives the lock of `branch` back.
pub fn unlock_branch(host: &mut dyn Host, layout: &Layout, branch: &BranchRef) -> Result<(), ChangeError> {
    Ok(host.locks().unlock(&layout.branch_lock(branch))?)
}

/// Takes a lock. Whoever holds a `ticket` gives up when somebody with a newer one waits.
pub(super) fn take(
    host: &mut dyn Host,
    platform: &Platform,
    lock: &Utf8Path,
    purpose: &str,
    story: &mut dyn Story,
    can_be_abandoned: bool,
    ticket: Option<&Ticket>,
) -> Result<(), ChangeError> {
    let timeout = platform.configuration.settings.lock_timeout;
    let begin = host.clock().elapsed();
    let note = note(host, purpose);
    let mut told = false;
    loop {
        // Before the lock is tried: when it comes free, it is the newest who gets it.
        if let Some(newer) = ticket.map(|ticket| ticket.newer(host)).transpose()?.flatten() {
            return Err(ChangeError::Superseded(newer));
        }
        if host.locks().try_lock(lock, &note)? {
            return Ok(());
        }
        let holder = host.locks().lock_note(lock)?;
        if let Some(reason) = host.caller().wants_to_stop().filter(|_| can_be_abandoned) {
            return Err(ChangeError::Abandoned(reason));
        }
        let waited = host.clock().elapsed().saturating_sub(begin);
        if waited >= timeout {
            return Err(ChangeError::Busy { seconds: waited.as_secs(), holder });
        }
        if !told && waited >= INTERVAL * 4 {
            story.note(&format!("waiting for {holder}"));
            told = true;
        }
        host.clock().pause(INTERVAL);
    }
}

fn note(host: &mut dyn Host, purpose: &str) -> String {
    format!("{purpose} since {}", host.clock().now().strftime("%Y-%m-%d %H:%M:%S UTC"))
}

/// The place of a push among those that wait for a branch: a numbered lock of its own, so that it ends with its process.
pub(super) struct Ticket {
    directory: Utf8PathBuf,
    number: u64,
}

impl Ticket {
    /// Takes the number after all others.
    fn draw(
        host: &mut dyn Host,
        layout: &Layout,
        branch: &BranchRef,
        purpose: &str,
    ) -> Result<Self, ChangeError> {
        let directory = layout.waiting(branch);
        let newest = numbers(host, &directory)?.into_iter().max().unwrap_or(0);
        let note = note(host, purpose);
        let mut ticket = Self { directory, number: newest + 1 };
        while !host.locks().try_lock(&ticket.path(), &note)? {
            ticket.number += 1;
        }
        Ok(ticket)
    }

    /// Returns who waits with a newer ticket.
    fn newer(&self, host: &mut dyn Host) -> Result<Option<String>, ChangeError> {
        for number in numbers(host, &self.directory)?.into_iter().filter(|number| *number > self.number) {
            let other = Self { directory: self.directory.clone(), number };
            if !host.locks().try_lock(&other.path(), "")? {
                return Ok(Some(host.locks().lock_note(&other.path())?));
            }
            // Its process is gone.
            other.give_back(host)?;
        }
        Ok(None)
    }

    fn give_back(self, host: &mut dyn Host) -> Result<(), ChangeError> {
        let path = self.path();
        host.files().remove_file(&path).map_err(ObserveError::from)?;
        Ok(host.locks().unlock(&path)?)
    }

    fn path(&self) -> Utf8PathBuf {
        self.directory.join(self.number.to_string())
    }
}

fn numbers(host: &mut dyn Host, directory: &Utf8Path) -> Result<Vec<u64>, ChangeError> {
    let names = host.files().list_directory(directory).map_err(ObserveError::from)?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}
