//! What is remembered of backups, and when the next one is due.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use pypaas_config::Schedule;
use serde::{Deserialize, Serialize};

/// How long after a failure a backup is tried again, unless its own time comes first.
const AGAIN: Duration = Duration::from_secs(60 * 60);

/// How often the newest backup is restored to see whether that works.
const BETWEEN_TRIALS: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The record of a host's backups, `state/backup.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupRecord {
    /// The name under which the backups of this host are kept: the one that it had when the first was made.
    #[serde(default)]
    pub host: Option<String>,
    /// When the backup was first seen in the configuration: it is due for no time before.
    pub since: Option<Timestamp>,
    /// When the last one began.
    pub began_at: Option<Timestamp>,
    /// The last one that was made.
    pub succeeded: Option<SucceededBackup>,
    /// The last failure; `None` once a backup was made.
    pub failed: Option<FailedBackup>,
    /// When a backup was last restored for a trial, and everything in it was right.
    pub tried_at: Option<Timestamp>,
    /// The last trial that failed; `None` once one has succeeded.
    pub trial_failed: Option<FailedBackup>,
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SucceededBackup {
    /// When it ended.
    pub at: Timestamp,
    /// The repository.
    #[serde(default)]
    pub to: String,
    /// Its snapshot in restic's repository.
    pub snapshot: String,
    /// The bytes of everything in it.
    pub bytes: u64,
    /// The bytes that it added to the repository.
    pub added_bytes: u64,
    /// What it lacks.
    #[serde(default)]
    pub problems: Vec<String>,
}

/// A backup, or a trial of one, that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedBackup {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

impl BackupRecord {
    /// Returns when the next backup is due; in the past: now. `host` is the zone of the host.
    ///
    /// A time that passed while the host was off is made up for once. After a failure there is another attempt within an hour.
    pub fn due_at(&self, schedule: &Schedule, host: &TimeZone) -> Option<Timestamp> {
        let next = schedule.next_after(self.began_at.or(self.since)?, host);
        let again = self.failed.as_ref().and_then(|failed| failed.at.checked_add(AGAIN).ok());
        next.into_iter().chain(again).min()
    }

    /// Returns when a backup is to be restored for a trial: at once after the first backup, then every week.
    pub fn trial_due_at(&self) -> Option<Timestamp> {
        let succeeded = self.succeeded.as_ref()?;
        let failed = self.trial_failed.as_ref().map(|failed| failed.at);
        match self.tried_at.max(failed) {
            Some(last) => last.checked_add(BETWEEN_TRIALS).ok(),
            None => Some(succeeded.at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn daily() -> Schedule {
        Schedule::new("0 3 * * *", Some("UTC")).unwrap()
    }

    fn due(record: &BackupRecord) -> String {
        record.due_at(&daily(), &TimeZone::UTC).map(|time| time.to_string()).unwrap_or_default()
    }

    fn failed(text: &str) -> Option<FailedBackup> {
        Some(FailedBackup { at: at(text), reason: "no space left".to_owned() })
    }

    fn succeeded(text: &str) -> Option<SucceededBackup> {
        Some(SucceededBackup {
            at: at(text),
            to: "/srv".to_owned(),
            snapshot: "1".to_owned(),
            bytes: 0,
            added_bytes: 0,
            problems: Vec::new(),
        })
    }

    #[test]
    fn a_backup_is_due_at_its_time_and_one_that_was_missed_at_once() {
        let mut record = BackupRecord::default();
        assert_eq!(due(&record), "");
        record.since = Some(at("2026-05-01T12:00:00Z"));
        assert_eq!(due(&record), "2026-05-02T03:00:00Z");
        record.began_at = Some(at("2026-05-02T03:00:01Z"));
        assert_eq!(due(&record), "2026-05-03T03:00:00Z");
        // The host was off for a week: the time that is due is in the past, once.
        record.began_at = Some(at("2026-05-10T09:00:00Z"));
        assert_eq!(due(&record), "2026-05-11T03:00:00Z");
    }

    #[test]
    fn a_backup_that_failed_is_tried_again_within_an_hour() {
        let mut record = BackupRecord {
            began_at: Some(at("2026-05-02T03:00:00Z")),
            failed: failed("2026-05-02T03:05:00Z"),
            ..BackupRecord::default()
        };
        assert_eq!(due(&record), "2026-05-02T04:05:00Z");
        record.failed = None;
        assert_eq!(due(&record), "2026-05-03T03:00:00Z");
    }

    #[test]
    fn a_year_has_a_backup_for_each_day_and_a_trial_for_each_week() {
        let mut record = BackupRecord { since: Some(at("2026-01-01T00:00:00Z")), ..BackupRecord::default() };
        let (mut now, mut backups, mut trials) = (at("2026-01-01T00:00:00Z"), 0, 0);
        while now < at("2027-01-01T00:00:00Z") {
            let due = |time: Option<Timestamp>| time.is_some_and(|time| time <= now);
            if due(record.due_at(&daily(), &TimeZone::UTC)) {
                record.began_at = Some(now);
                record.succeeded = succeeded(&now.to_string());
                backups += 1;
            }
            if due(record.trial_due_at()) {
                record.tried_at = Some(now);
                trials += 1;
            }
            now = now.checked_add(Duration::from_secs(600)).unwrap();
        }
        assert_eq!((backups, trials), (365, 53));
    }

    #[test]
    fn a_trial_that_failed_is_not_repeated_every_minute() {
        let record = BackupRecord {
            succeeded: succeeded("2026-05-02T03:05:00Z"),
            trial_failed: failed("2026-05-02T03:06:00Z"),
            ..BackupRecord::default()
        };
        assert_eq!(record.trial_due_at(), Some(at("2026-05-09T03:06:00Z")));
    }
}
