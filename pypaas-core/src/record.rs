//! The record: what pypaas remembers of a branch.

use std::fmt;

use jiff::Timestamp;
use pypaas_config::{BranchRef, RunnerName};
use serde::{Deserialize, Serialize};

use crate::{CheckoutName, CommitId, Process, ServiceName, Slot};

/// What is live, what is being tried, what is being retired, and what was before.
///
/// One small file per branch, replaced atomically. A deploy happens at the moment `live` names the new checkout.
///
/// A later pypaas may have written more in it than this one knows: that is passed over, so that going back to an earlier
/// version stops nothing. Whatever comes to be added has a default, so that going forward does not either.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Deployed>,
    /// What a deploy is trying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trying: Option<Deployed>,
    /// What served before, until its connections are drained and its processes gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retiring: Option<Deployed>,
    /// Whether the branch is in maintenance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<Maintenance>,
    /// What visitors are told in maintenance, in the admin's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether the admin stopped its processes; whatever is made live next runs again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
    /// The last deploys that went live, newest last.
    #[serde(default)]
    pub releases: Vec<Release>,
}

/// One checkout and the processes that run it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    /// The number of the release, from 1.
    pub release: u64,
    /// The commit.
    pub commit: CommitId,
    /// The first line of its message.
    pub subject: String,
    /// Where it is checked out.
    pub checkout: CheckoutName,
    /// The slot its processes run in.
    pub slot: Slot,
    /// Its processes.
    pub processes: Vec<Process>,
    /// The builder that was chosen, if any: its directories are on `PATH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builder: Option<String>,
    /// The number of the earlier release that it puts back; `None` when it is what was pushed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<u64>,
    /// Who asked for it: the name of an SSH key, or `local`.
    pub by: String,
    /// When the deploy began.
    pub at: Timestamp,
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

/// One line of a branch's deploy history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Its number, from 1.
    pub number: u64,
    /// The commit.
    pub commit: CommitId,
    /// The first line of its message.
    pub subject: String,
    /// Who asked for it.
    pub by: String,
    /// When the deploy began.
    pub at: Timestamp,
    /// Where it was checked out; it may be gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout: Option<CheckoutName>,
}

impl Record {
    /// Returns the number the next release gets.
    pub fn next_release(&self) -> u64 {
        let known = [&self.live, &self.trying, &self.retiring].into_iter().flatten().map(|it| it.release);
        known.chain(self.releases.iter().map(|it| it.number)).max().unwrap_or(0).saturating_add(1)
    }

    /// Returns everything that has processes or a checkout: live, tried and retiring.
    pub fn deployed(&self) -> impl Iterator<Item = &Deployed> {
        [&self.live, &self.trying, &self.retiring].into_iter().flatten()
    }

    /// Returns whether a deploy was begun and not finished.
    pub fn is_unfinished(&self) -> bool {
        self.trying.is_some() || self.retiring.is_some() || self.maintenance == Some(Maintenance::Deploy)
    }

    /// Returns the record in which what is tried is live: the commit point of a deploy. It remembers so many releases.
    pub fn committed(&self, kept_releases: usize) -> Self {
        let Some(new) = self.trying.clone() else { return self.clone() };
        let mut releases = self.releases.clone();
        releases.push(Release {
            number: new.release,
            commit: new.commit.clone(),
            subject: new.subject.clone(),
            by: new.by.clone(),
            at: new.at,
            checkout: Some(new.checkout.clone()),
        });
        releases.drain(..releases.len().saturating_sub(kept_releases));
        Self { live: Some(new), retiring: self.live.clone(), releases, stopped: false, ..self.settled() }
    }

    /// Returns the record in which nothing is under way: only what is live remains.
    pub fn settled(&self) -> Self {
        let maintenance = self.maintenance.filter(|why| *why == Maintenance::Admin);
        let message = self.message.clone().filter(|_| maintenance.is_some());
        Self { trying: None, retiring: None, maintenance, message, ..self.clone() }
    }
}

impl fmt::Display for Record {
    /// Says in a few words what the record says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.live, &self.trying, &self.retiring) {
            (_, Some(new), _) => write!(f, "trying release {new}"),
            (Some(live), None, Some(old)) => write!(f, "release {live} is live, release {old} retires"),
            (Some(live), None, None) => write!(f, "release {live} is live"),
            (None, None, _) => f.write_str("nothing is live"),
        }?;
        f.write_str(if self.maintenance.is_some() { ", in maintenance" } else { "" })?;
        f.write_str(if self.stopped { ", stopped" } else { "" })
    }
}

impl fmt::Display for Deployed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) in slot {}", self.release, self.commit.short(), self.slot)
    }
}

impl Deployed {
    /// Names all services of it.
    pub fn services<'a>(&'a self, branch: &'a BranchRef) -> impl Iterator<Item = ServiceName> + 'a {
        self.processes.iter().map(|process| process.service(branch, self.slot))
    }

    /// Lists the ports of one runner, in the order of its processes.
    pub fn ports(&self, runner: &RunnerName) -> Vec<u16> {
        self.processes.iter().filter(|it| it.runner == *runner).filter_map(|it| it.port).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "at": "2026-11-22T10:00:00Z", "duration": "3s"
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
    fn what_a_record_must_say_is_not_guessed() {
        let torn = LATER.replace("\"slot\": \"b\",", "");
        assert!(serde_json::from_str::<Record>(&torn).unwrap_err().to_string().contains("slot"));
    }
}
