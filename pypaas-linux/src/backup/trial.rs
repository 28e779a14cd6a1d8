//! Trials: the newest backup is restored beside the apps, and everything in it is looked at.

use jiff::Timestamp;
use pypaas_core::FailedBackup;
use rustix::fs::statvfs;

use super::contents::Manifest;
use super::{Backups, Failure, Snapshot};
use crate::files;
use crate::stores::postgres::Postgres;

impl Backups<'_> {
    /// Restores the newest backup into a directory of its own, compares it, loads each dump into a database of its own, removes all of
    /// that again, and notes how it came out. Returns what was tried.
    pub fn try_newest(&self, note: &mut dyn FnMut(&str)) -> Result<Snapshot, Failure> {
        let _turn = self.turn()?;
        let tried = self.try_now(note);
        let restored = files::remove_directory(&self.restored());
        let now = Timestamp::now();
        self.update(|record| match &tried {
            Ok(_) => (record.tried_at, record.trial_failed) = (Some(now), None),
            Err(error) => {
                record.trial_failed = Some(FailedBackup { at: now, reason: error.to_string() });
            }
        })?;
        restored?;
        tried
    }

    fn try_now(&self, note: &mut dyn FnMut(&str)) -> Result<Snapshot, Failure> {
        let newest = self.find(None)?;
        self.check_space()?;
        note("checking the repository");
        self.restic.check()?;
        note(&format!("restoring the backup of {} beside the apps", newest.begun()));
        files::remove_directory(&self.restored())?;
        self.restic.restore(&newest, &[], &self.restored())?;
        let (manifest, staging) = self.restored_manifest(&newest)?;
        self.try_dumps(&manifest, &staging, note)?;
        Ok(newest)
    }

    /// Loads each dump into a database of its own.
    fn try_dumps(
        &self,
        manifest: &Manifest,
        staging: &camino::Utf8Path,
        note: &mut dyn FnMut(&str),
    ) -> Result<(), Failure> {
        let postgres = Postgres::of(&self.platform.layout);
        for dump in &manifest.stores {
            let store = dump.reference();
            let is_configured = self.platform.stores(&store.branch).iter().any(|it| it.reference == store);
            if !is_configured {
                // Nobody may see its socket any more.
                note(&format!("{store} is not configured any more: its dump is not loaded"));
                continue;
            }
            note(&format!("loading the dump of {store} into a database of its own"));
            let tables = postgres
                .try_dump(self.platform, &store.branch, &staging.join(&dump.file))
                .map_err(|error| format!("the dump of {store} cannot be loaded: {error}"))?;
            if tables < dump.tables {
                return Err(format!(
                    "the dump of {store} has {tables} tables, and there were {}",
                    dump.tables
                )
                .into());
            }
        }
        Ok(())
    }

    fn check_space(&self) -> Result<(), Failure> {
        let found = statvfs(self.platform.layout.backup().as_std_path())?;
        let (free, needed) =
            (found.f_bavail * found.f_frsize, self.record()?.succeeded.map_or(0, |it| it.bytes));
        match free > needed {
            true => Ok(()),
            false => {
                Err(format!("a trial needs {} MiB of free space, and there are {}", needed >> 20, free >> 20)
                    .into())
            }
        }
    }
}
