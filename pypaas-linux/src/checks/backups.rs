//! Backups: made, and tried.

use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use camino::Utf8Path;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use pypaas_config::Severity;

use super::{CheckContext, Diagnostic};
use crate::backup::Backups;
use crate::program;

/// How much later than it was due a backup may have succeeded.
const LATE: Duration = Duration::from_secs(6 * 60 * 60);

/// How long a trial may have been due.
const UNTRIED: Duration = Duration::from_secs(2 * 24 * 60 * 60);

pub(super) fn check(context: &CheckContext<'_>) -> Vec<Diagnostic> {
    let platform = context.platform;
    let settings = platform.configuration.settings.backup.as_ref();
    let (Some(backups), Some(settings)) = (Backups::of(platform), settings) else { return Vec::new() };
    let problem = |severity, message: String, fix: &str| {
        Diagnostic::new(severity, "backups", message, fix).not_blocking()
    };
    if let Err(error) = program::command(&["restic"]) {
        return vec![problem(
            Severity::Error,
            format!("no backup can be made: {error}"),
            "`apt install restic`",
        )];
    }
    let record = match backups.record() {
        Ok(record) => record,
        Err(error) => return vec![problem(Severity::Error, error.to_string(), "remove it")],
    };
    let now = Timestamp::now();
    let is_late = |due: Option<Timestamp>, by: Duration| {
        due.is_some_and(|due| now.duration_since(due).unsigned_abs() > by && due < now)
    };
    let mut found = Vec::new();
    if let Some(failed) = &record.failed {
        let message = format!("the backup of {} failed: {}", failed.at, failed.reason);
        found.push(problem(Severity::Error, message, "once that is fixed: `pypaas backup now`"));
    } else if is_late(record.due_at(&settings.schedule, &TimeZone::system()), LATE) {
        found.push(problem(
            Severity::Error,
            "no backup was made when one was due".to_owned(),
            "`pypaas apply` starts the keeper, which makes them; `pypaas backup now` makes one",
        ));
    } else if let Some(made) = record.succeeded.as_ref().filter(|made| !made.problems.is_empty()) {
        let message = format!("the backup of {} is incomplete: {}", made.at, made.problems.join("; "));
        found.push(problem(Severity::Error, message, "once that is fixed: `pypaas backup now`"));
    } else if record.succeeded.is_none() {
        let message = "no backup has been made yet".to_owned();
        found.push(problem(Severity::Warning, message, "`pypaas backup now` makes one"));
    }
    if let Some(failed) = &record.trial_failed {
        let message = format!("the newest backup could not be restored for a trial: {}", failed.reason);
        found.push(problem(Severity::Error, message, "once that is fixed: `pypaas backup check`"));
    } else if is_late(record.trial_due_at(), UNTRIED) {
        let message = "the newest backup was not tried for more than a week".to_owned();
        found.push(problem(Severity::Warning, message, "`pypaas backup check`"));
    }
    if is_on_one_disk(Utf8Path::new(&settings.to), platform.layout.home()) {
        let message = format!("the backups in {} are on the disk of what they are to replace", settings.to);
        found.push(problem(
            Severity::Warning,
            message,
            "back up to another machine, such as sftp:user@host:/path",
        ));
    }
    found
}

/// Returns whether `to` is a directory on the same file system as `home`.
fn is_on_one_disk(to: &Utf8Path, home: &Utf8Path) -> bool {
    let device = |path: &Utf8Path| path.metadata().map(|found| found.dev()).ok();
    to.is_absolute() && device(to).is_some() && device(to) == device(home)
}
