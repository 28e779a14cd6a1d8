//! `backup` of `pypaas.yml`: where and when the host is backed up.

use camino::Utf8PathBuf;
use serde::Serialize;

use crate::Schedule;
use crate::fields::Field;
use crate::finding::{Finding, Findings};
use crate::schema::Schema;

/// `backup`.
pub(crate) const BACKUP: Schema =
    Schema { name: "a backup", keys: &["to", "at", "timezone", "keep", "env_file"] };

/// `keep`.
pub(crate) const KEEP: Schema = Schema { name: "keep", keys: &["daily", "weekly", "monthly"] };

/// The places restic can write to, as its documentation names them.
const BACKENDS: [&str; 9] = ["azure", "b2", "gs", "rclone", "rest", "s3", "sftp", "swift", "local"];

/// When a backup is made where nothing else is said.
const AT: &str = "0 3 * * *";

/// The most backups of one kind that are kept.
const MOST: u16 = 1000;

/// `backup` of `pypaas.yml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSettings {
    /// `to`: a restic repository: an absolute path, or a place such as `sftp:backup@example.com:/srv/shop` or `s3:…`.
    pub to: String,
    /// `at` and `timezone`: when a backup is made. Default 3 o'clock in the host's zone.
    pub schedule: Schedule,
    /// `keep`: how many backups are kept.
    pub keep: Keep,
    /// `env_file`: a file with a line `NAME=value` for each variable that restic needs to reach `to`. Default: none.
    pub env_file: Option<Utf8PathBuf>,
}

/// How many backups are kept: the newest of so many days, weeks and months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Keep {
    /// `daily`. Default 7.
    pub daily: u16,
    /// `weekly`. Default 4.
    pub weekly: u16,
    /// `monthly`. Default 6.
    pub monthly: u16,
}

impl Default for Keep {
    fn default() -> Self {
        Self { daily: 7, weekly: 4, monthly: 6 }
    }
}

impl BackupSettings {
    pub(crate) fn decode(field: Field<'_>, findings: &mut Findings) -> Option<Self> {
        let fields = field.fields(&BACKUP, findings)?;
        let to = fields.required("to", findings, read_place);
        let zone = fields.optional("timezone", findings, Field::timezone);
        let at = |field: &Field<'_>| field.schedule(zone.as_deref());
        let schedule = match fields.get("at") {
            Some(field) => findings.take(at(&field)),
            None => Schedule::new(AT, zone.as_deref()).ok(),
        };
        let keep =
            fields.get("keep").map_or_else(|| Some(Keep::default()), |keep| Keep::decode(keep, findings));
        let env_file = fields.optional("env_file", findings, Field::absolute_path);
        Some(Self { to: to?, schedule: schedule?, keep: keep?, env_file })
    }
}

impl Keep {
    fn decode(field: Field<'_>, findings: &mut Findings) -> Option<Self> {
        let fields = field.fields(&KEEP, findings)?;
        let mut count = |key| fields.optional(key, findings, |field| field.number(0, MOST)).unwrap_or(0);
        let keep = Self { daily: count("daily"), weekly: count("weekly"), monthly: count("monthly") };
        if keep == (Self { daily: 0, weekly: 0, monthly: 0 }) {
            findings.add(field.unexpected("at least one backup to keep, such as `daily: 7`"));
            return None;
        }
        Some(keep)
    }
}

fn read_place(field: &Field<'_>) -> Result<String, Finding> {
    let text = field.text()?;
    let has_backend =
        text.split_once(':').is_some_and(|(backend, place)| BACKENDS.contains(&backend) && !place.is_empty());
    let has_odd = text.chars().any(char::is_control);
    match (has_backend || text.starts_with('/')) && !has_odd {
        true => Ok(text),
        false => Err(field
            .unexpected("an absolute path, or a place of restic's such as `sftp:user@host:/path` or `s3:…`")),
    }
}
