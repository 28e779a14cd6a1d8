//! Attempts: one line of a branch's history each.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CheckoutName, CommitId, Deployment, Manifest, Phase, Slot, UnknownFields};

/// One attempt to make something live.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// How it ended.
    pub outcome: Outcome,
    /// What was asked for.
    pub kind: AttemptKind,
    /// The number it has as a release; `None` when it never went live.
    pub release: Option<u64>,
    /// The release that it put back, for a rollback.
    #[serde(rename = "restored")]
    pub rollback_of: Option<u64>,
    /// The commit.
    pub commit: CommitId,
    /// The first line of its message.
    pub subject: String,
    /// Whose key asked.
    pub by: String,
    /// From which address; `None` for a command on the host itself.
    pub from: Option<String>,
    /// When it began.
    pub at: Timestamp,
    /// How long all of it took.
    pub seconds: f64,
    /// How long each part took.
    pub sections: Vec<SectionTime>,
    /// The hash of the configuration it was tried with.
    pub configuration: Option<String>,
    /// Its checkout.
    pub checkout: Option<CheckoutName>,
    /// The builder that was chosen for it.
    pub builder: Option<String>,
    /// What its own files said of how it is run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Manifest>,
    /// The name of the file that holds what it printed.
    pub log: Option<String>,
    /// Why it did not go live: the error and its causes.
    pub reason: Option<String>,
    /// How many attempts there were until now, this one included.
    #[serde(default)]
    pub totals: Totals,
    /// What a later pypaas wrote.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AttemptKind {
    /// A push.
    #[default]
    Push,
    /// The live commit, built again.
    Rebuild,
    /// The live checkout, in new processes.
    Restart,
    /// An earlier release.
    Rollback,
    /// What had been stopped.
    Start,
    /// The live checkout, with another secret.
    Secret,
    /// The live checkout, as it is configured now.
    Apply,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It went live.
    Succeeded,
    /// Something was wrong with it; what was live before stayed.
    Refused,
    /// The client disconnected, or pypaas was killed.
    Abandoned,
}

/// How long a section of an attempt took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SectionTime {
    /// What pushers read.
    pub title: String,
    /// What its time counts to.
    pub phase: Phase,
    /// How long it took.
    pub seconds: f64,
}

/// Counts that outlive the attempts that are forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Those that went live.
    pub succeeded: u64,
    /// Those that were refused.
    pub refused: u64,
    /// Those that were abandoned.
    pub abandoned: u64,
}

impl Attempt {
    /// Makes the attempt that tried `deployment`, as far as the record of its branch knows it.
    pub fn of(deployment: &Deployment, outcome: Outcome) -> Self {
        Self {
            outcome,
            kind: deployment.kind,
            release: (outcome == Outcome::Succeeded).then_some(deployment.release),
            rollback_of: deployment.rollback_of,
            commit: deployment.commit.clone(),
            subject: deployment.subject.clone(),
            by: deployment.by.clone(),
            from: None,
            at: deployment.at,
            seconds: 0.0,
            sections: Vec::new(),
            configuration: None,
            checkout: Some(deployment.checkout.clone()),
            builder: deployment.builder.clone(),
            manifest: deployment.manifest.clone(),
            log: None,
            reason: None,
            totals: Totals::default(),
            unknown: UnknownFields::default(),
        }
    }

    /// Says what the release was, if the attempt went live and its checkout is known; slot and processes are chosen anew.
    pub fn deployment(&self) -> Option<Deployment> {
        Some(Deployment {
            release: self.release?,
            kind: self.kind,
            commit: self.commit.clone(),
            subject: self.subject.clone(),
            checkout: self.checkout.clone()?,
            slot: Slot::A,
            processes: Vec::new(),
            builder: self.builder.clone(),
            manifest: self.manifest.clone(),
            rollback_of: None,
            by: self.by.clone(),
            at: self.at,
            persist: Vec::new(),
            live_since: None,
            unknown: UnknownFields::default(),
        })
    }
}

impl Outcome {
    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Refused => "refused",
            Self::Abandoned => "abandoned",
        }
    }
}

impl AttemptKind {
    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Rebuild => "rebuild",
            Self::Restart => "restart",
            Self::Rollback => "rollback",
            Self::Start => "start",
            Self::Secret => "secret",
            Self::Apply => "apply",
        }
    }
}
