//! Backups: everything of a host that cannot be made again, through restic, encrypted.

mod contents;
mod no_links;
mod restic;
mod restore;
mod snapshot;
mod sqlite;
mod trial;

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};

use camino::Utf8PathBuf;
use jiff::Timestamp;
use pypaas_config::BackupSettings;
use pypaas_core::{BackupRecord, FailedBackup, Layout, Platform, SucceededBackup};

use crate::{durable, files};

pub use contents::{Manifest, StoreDump};
pub use restic::Restic;
pub use restore::{Restored, RestoredHost, unfinished};
pub use snapshot::Snapshot;

/// What went wrong.
type Failure = Box<dyn Error + Send + Sync>;

/// The backups of one host.
pub struct Backups<'a> {
    platform: &'a Platform,
    settings: &'a BackupSettings,
    restic: Restic,
}

/// While it lives, no other backup, trial or restore runs.
#[derive(Debug)]
struct Turn(#[expect(dead_code, reason = "the file is locked until it is closed")] File);

impl Turn {
    fn take(layout: &Layout) -> io::Result<Self> {
        durable::create_directory(&layout.backup())?;
        let file = File::create(layout.backup().join("lock"))?;
        file.lock()?;
        Ok(Self(file))
    }
}

impl<'a> Backups<'a> {
    /// Returns those of the host that `platform` describes; `None` if `backup` is not configured.
    pub fn of(platform: &'a Platform) -> Option<Self> {
        let settings = platform.configuration.settings.backup.as_ref()?;
        let restic = Restic::new(
            &settings.to,
            platform.layout.backup_password(),
            settings.env_file.clone(),
            platform.layout.backup().join("cache"),
        );
        Some(Self { platform, settings, restic })
    }

    /// Makes a backup now, removes those that are not to be kept any more, and notes how it came out. One that lacks something is made,
    /// too, and says what. Waits for a backup or restore that is going on. `note` gets a line for each step.
    pub fn make(&self, note: &mut dyn FnMut(&str)) -> Result<SucceededBackup, Failure> {
        let _turn = self.turn()?;
        self.check_is_whole()?;
        let began = Timestamp::now();
        self.update(|record| record.began_at = Some(began))?;
        let made = self.make_now(note);
        let ended = Timestamp::now();
        self.update(|record| match &made {
            Ok(made) => {
                record.succeeded = Some(SucceededBackup { at: ended, ..made.clone() });
                record.failed = None;
            }
            Err(error) => record.failed = Some(FailedBackup { at: ended, reason: error.to_string() }),
        })?;
        made
    }

    fn make_now(&self, note: &mut dyn FnMut(&str)) -> Result<SucceededBackup, Failure> {
        if self.make_password()? {
            note(&format!(
                "the backups are encrypted with the new password in {}: keep a copy of that file elsewhere, for without it no backup can be read",
                self.platform.layout.backup_password()
            ));
        }
        let record = self.record()?;
        let was_used = record.succeeded.is_some_and(|it| it.to == self.settings.to);
        self.restic.prepare(was_used, note)?;
        let contents = contents::gather(self.platform, note)?;
        note(&format!("copying to {}", self.settings.to));
        let host = record.host.unwrap_or_else(restic::host_name);
        let made = self.restic.backup(&contents, &host);
        files::remove_directory(&contents::staging(&self.platform.layout))?;
        let made = made?;
        self.restic.forget(self.settings.keep, &host)?;
        Ok(made)
    }

    /// Lists the files and directories that a backup has, besides the copies of databases.
    pub fn paths(&self) -> Vec<Utf8PathBuf> {
        contents::paths(self.platform)
    }

    /// Lists the backups of this host, the oldest first.
    pub fn list(&self) -> Result<Vec<Snapshot>, Failure> {
        let host = self.record()?.host.unwrap_or_else(restic::host_name);
        self.restic.snapshots(Some(&host))
    }

    /// Finds the backup that `at` names: the beginning of its id, or a time or day at whose end it was the newest. `None`: the newest.
    pub fn find(&self, at: Option<&str>) -> Result<Snapshot, Failure> {
        snapshot::find(self.list()?, at)
    }

    /// Returns what is remembered of backups.
    pub fn record(&self) -> io::Result<BackupRecord> {
        let path = self.platform.layout.backup_record();
        match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(BackupRecord::default()),
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                io::Error::new(ErrorKind::InvalidData, format!("cannot understand `{path}`: {error}"))
            }),
            Err(error) => Err(error),
        }
    }

    /// Notes when the backup was first seen in the configuration, if nobody has.
    pub fn notice(&self, now: Timestamp) -> io::Result<BackupRecord> {
        let record = self.record()?;
        if record.since.is_some() {
            return Ok(record);
        }
        self.update(|record| {
            record.since.get_or_insert(now);
        })
    }

    fn update(&self, change: impl FnOnce(&mut BackupRecord)) -> io::Result<BackupRecord> {
        let path = self.platform.layout.backup_record();
        durable::create_directory(durable::directory_of(&path))?;
        let mut record = self.record()?;
        record.since.get_or_insert_with(Timestamp::now);
        record.host.get_or_insert_with(restic::host_name);
        change(&mut record);
        durable::replace(&path, &serde_json::to_vec_pretty(&record)?, 0o600)?;
        Ok(record)
    }

    /// Waits for its turn.
    fn turn(&self) -> io::Result<Turn> {
        Turn::take(&self.platform.layout)
    }

    /// Fails while half of a host is here: it must not become the newest backup.
    fn check_is_whole(&self) -> Result<(), Failure> {
        match unfinished(&self.platform.layout).exists() {
            true => {
                Err("the restore of this host has not ended: run `pypaas backup restore-host` again".into())
            }
            false => Ok(()),
        }
    }

    /// Makes the password of the backups, if there is none yet.
    fn make_password(&self) -> io::Result<bool> {
        let path = self.platform.layout.backup_password();
        if path.exists() {
            return Ok(false);
        }
        let mut bytes = [0; 24];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        durable::create_directory(durable::directory_of(&path))?;
        durable::create(&path, text.as_bytes(), 0o600)?;
        Ok(true)
    }

    /// The directory into which a backup is restored before its parts are put in their places.
    fn restored(&self) -> Utf8PathBuf {
        self.platform.layout.backup().join("restored")
    }
}
