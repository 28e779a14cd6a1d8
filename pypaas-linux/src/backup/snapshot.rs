//! One backup, and finding it among others.

use camino::Utf8PathBuf;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::Failure;

/// What marks a snapshot as one of pypaas's.
pub(super) const TAG: &str = "pypaas";

/// What marks one that lacks something in the place of [`TAG`].
pub(super) const INCOMPLETE_TAG: &str = "pypaas-incomplete";

/// One backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// How restic names it.
    pub id: String,
    /// When it was begun.
    pub time: Timestamp,
    /// The host it is of.
    pub hostname: String,
    /// The files and directories in it.
    pub paths: Vec<Utf8PathBuf>,
    /// What marks it.
    #[serde(default)]
    pub tags: Vec<String>,
}

impl Snapshot {
    /// Returns whether everything was copied.
    pub fn is_complete(&self) -> bool {
        self.tags.iter().any(|tag| tag == TAG)
    }

    /// Says when it was begun, on the clock of this host.
    pub(super) fn begun(&self) -> String {
        self.time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
    }
}

/// Finds the backup that `at` names among `snapshots`, the oldest first.
pub(super) fn find(snapshots: Vec<Snapshot>, at: Option<&str>) -> Result<Snapshot, Failure> {
    if snapshots.is_empty() {
        return Err("there is no backup".into());
    }
    let newest_until = |limit: Timestamp| snapshots.iter().rfind(|snapshot| snapshot.time < limit);
    let found = match at {
        // One that lacks something only where there is no other.
        None => snapshots.iter().rfind(|snapshot| snapshot.is_complete()).or(snapshots.last()),
        Some(at) => match (at.parse::<Date>(), at.parse::<Timestamp>()) {
            (Ok(day), _) => {
                let end = day.tomorrow()?.to_zoned(TimeZone::system())?;
                newest_until(end.timestamp())
            }
            (_, Ok(time)) => newest_until(time),
            _ => snapshots.iter().find(|snapshot| at.len() >= 4 && snapshot.id.starts_with(at)),
        },
    };
    found.cloned().ok_or_else(|| {
        let at = at.unwrap_or_default();
        format!("there is no backup `{at}`: name the beginning of an id, or a day such as 2026-05-31").into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(id: &str, time: &str) -> Snapshot {
        Snapshot {
            id: id.to_owned(),
            time: time.parse().unwrap(),
            hostname: "a".to_owned(),
            paths: Vec::new(),
            tags: vec![TAG.to_owned()],
        }
    }

    #[test]
    fn a_backup_is_found_by_its_id_or_its_time() {
        let all =
            vec![snapshot("abcd1234", "2026-05-01T01:00:00Z"), snapshot("beef5678", "2026-05-02T01:00:00Z")];
        let found = |at| find(all.clone(), at).map(|it| it.id).map_err(|error| error.to_string());
        assert_eq!(found(None).unwrap(), "beef5678");
        assert_eq!(found(Some("abcd")).unwrap(), "abcd1234");
        assert_eq!(found(Some("2026-05-01T12:00:00Z")).unwrap(), "abcd1234");
        assert_eq!(found(Some("2026-12-24")).unwrap(), "beef5678");
        assert!(found(Some("2025-12-24")).unwrap_err().starts_with("there is no backup `2025-12-24`"));
        assert!(found(Some("a")).is_err(), "one letter names nothing");
        assert_eq!(find(Vec::new(), None).unwrap_err().to_string(), "there is no backup");
    }
}
