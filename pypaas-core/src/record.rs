//! The record: what pypaas remembers of a branch.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{CheckoutName, Deployment, UnknownFields};

/// The version of the record that this pypaas writes. One that must not be read by an earlier pypaas has a higher one.
pub(crate) const VERSION: u32 = 1;

/// What is live, what a deploy is trying, what was live before it, and what was before that.
///
/// One small file per branch, replaced atomically. A deploy happens at the moment `live` names the new checkout.
///
/// A later pypaas may have written fields that this one does not know: they are kept, so that going back to an earlier
/// version stops nothing and loses nothing. Whatever comes to be added has a default, so that going forward does not either.
/// A record of a higher version is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The version of its format.
    #[serde(default = "version")]
    pub version: u32,
    /// What serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Deployment>,
    /// What a deploy is trying.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "trying")]
    pub candidate: Option<Deployment>,
    /// What served before, until its connections are drained and its processes gone.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "retiring")]
    pub previous: Option<Deployment>,
    /// Whether the branch is in maintenance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<Maintenance>,
    /// What visitors are told in maintenance, in the admin's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether the admin stopped its processes; whatever is made live next runs again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
    /// The last deploys that went live, newest last. Their checkouts may be gone.
    #[serde(default, deserialize_with = "releases")]
    pub releases: Vec<Deployment>,
    /// What a later pypaas wrote.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

fn version() -> u32 {
    VERSION
}

impl Default for Record {
    fn default() -> Self {
        Self {
            version: VERSION,
            live: None,
            candidate: None,
            previous: None,
            maintenance: None,
            message: None,
            stopped: false,
            releases: Vec::new(),
            unknown: UnknownFields::default(),
        }
    }
}

/// Why a branch is in maintenance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Maintenance {
    /// A deploy needs it, and ends it.
    Deploy,
    /// The admin switched it on, and only the admin switches it off.
    Admin,
}

impl Record {
    /// Returns the number the next release gets.
    pub fn next_release(&self) -> u64 {
        let known = [&self.live, &self.candidate, &self.previous].into_iter().flatten().map(|it| it.release);
        known.chain(self.releases.iter().map(|it| it.release)).max().unwrap_or(0).saturating_add(1)
    }

    /// Returns everything that has processes or a checkout: live, candidate and previous.
    pub fn deployed(&self) -> impl Iterator<Item = &Deployment> {
        [&self.live, &self.candidate, &self.previous].into_iter().flatten()
    }

    /// Returns since when `checkout` was live, if it ever was and this is known.
    pub fn live_since(&self, checkout: &CheckoutName) -> Option<Timestamp> {
        let known = self.live.iter().chain(&self.previous).chain(&self.releases);
        known.filter(|it| it.checkout == *checkout).find_map(|it| it.live_since)
    }

    /// Returns whether a deploy was begun and not finished.
    pub fn is_unfinished(&self) -> bool {
        self.candidate.is_some() || self.previous.is_some() || self.maintenance == Some(Maintenance::Deploy)
    }

    /// Returns the record in which what is tried is live from `now` on: the commit point of a deploy. It remembers so many
    /// releases.
    pub fn promote(&self, kept_releases: usize, now: Timestamp) -> Self {
        let Some(mut new) = self.candidate.clone() else { return self.clone() };
        new.live_since.get_or_insert(now);
        let mut releases = self.releases.clone();
        releases.push(new.clone());
        releases.drain(..releases.len().saturating_sub(kept_releases));
        Self {
            live: Some(new),
            previous: self.live.clone(),
            releases,
            stopped: false,
            ..self.without_candidate()
        }
    }

    /// Returns the record in which nothing is under way: only what is live remains.
    pub fn without_candidate(&self) -> Self {
        let maintenance = self.maintenance.filter(|why| *why == Maintenance::Admin);
        let message = self.message.clone().filter(|_| maintenance.is_some());
        Self { candidate: None, previous: None, maintenance, message, ..self.clone() }
    }
}

impl fmt::Display for Record {
    /// Says in a few words what the record says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.live, &self.candidate, &self.previous) {
            (_, Some(new), _) => write!(f, "trying release {new}"),
            (Some(live), None, Some(old)) => write!(f, "release {live} is live, release {old} retires"),
            (Some(live), None, None) => write!(f, "release {live} is live"),
            (None, None, _) => f.write_str("nothing is live"),
        }?;
        f.write_str(if self.maintenance.is_some() { ", in maintenance" } else { "" })?;
        f.write_str(if self.stopped { ", stopped" } else { "" })
    }
}

/// Reads releases, also those of an earlier pypaas, which says less of them.
fn releases<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Deployment>, D::Error> {
    let mut entries: Vec<serde_json::Map<String, Value>> = Vec::deserialize(deserializer)?;
    entries.retain(|entry| entry.contains_key("checkout"));
    for entry in &mut entries {
        entry.entry("slot").or_insert_with(|| "a".into());
        entry.entry("processes").or_insert_with(|| Value::Array(Vec::new()));
    }
    let entries = entries.into_iter().map(|entry| serde_json::from_value(Value::Object(entry)));
    entries.collect::<Result<_, _>>().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Slot;

    const LATER: &str = r#"{
        "live": {
            "release": 3, "commit": "3f2a3f2a3f2a3f2a3f2a3f2a3f2a3f2a3f2a3f2a", "subject": "Sell shoes",
            "checkout": "20261122_100000-3f2a3f2a3f2", "slot": "b", "by": "laptop", "at": "2026-11-22T10:00:00Z",
            "processes": [{"runner": "web", "index": 0, "port": 61500, "host": "10.0.0.2"}],
            "signature": "good"
        },
        "pinned": true,
        "releases": [{
            "number": 3, "commit": "3f2a3f2a3f2a3f2a3f2a3f2a3f2a3f2a3f2a3f2a", "subject": "Sell shoes", "by": "laptop",
            "at": "2026-11-22T10:00:00Z", "checkout": "20261122_100000-3f2a3f2a3f2", "duration": "3s"
        }]
    }"#;

    #[test]
    fn the_record_of_a_later_version_is_understood() {
        let record: Record = serde_json::from_str(LATER).unwrap();
        let live = record.live.unwrap();
        assert_eq!((live.release, live.slot), (3, Slot::B));
        assert_eq!(live.processes.len(), 1);
        assert_eq!(record.releases.len(), 1);
    }

    #[test]
    fn what_a_later_version_wrote_is_still_there_when_the_record_is_written_again() {
        let record: Record = serde_json::from_str(LATER).unwrap();
        let written = serde_json::to_value(record).unwrap();
        assert_eq!(written["pinned"], true);
        assert_eq!(written["live"]["signature"], "good");
        assert_eq!(written["live"]["processes"][0]["host"], "10.0.0.2");
        assert_eq!(written["releases"][0]["duration"], "3s");
        assert_eq!(written["version"], 1);
    }

    #[test]
    fn the_record_of_an_earlier_version_is_understood() {
        let earlier = LATER.replace("\"live\"", "\"trying\"");
        let record: Record = serde_json::from_str(&earlier).unwrap();
        assert_eq!(record.candidate.unwrap().kind, crate::AttemptKind::Push);
        assert_eq!(record.releases[0].release, 3);
    }

    #[test]
    fn what_a_record_must_say_is_not_guessed() {
        let torn = LATER.replace("\"slot\": \"b\",", "");
        assert!(serde_json::from_str::<Record>(&torn).unwrap_err().to_string().contains("slot"));
    }
}
