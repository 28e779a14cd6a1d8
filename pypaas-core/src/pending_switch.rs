//! The note of a switch of nginx's files that is under way.

use std::collections::BTreeMap;

use pypaas_config::BranchRef;
use serde::{Deserialize, Serialize};

use crate::{Record, WebFile, WebFileName};

/// What nginx's files said when nginx last accepted them, and what a switch wanted them to say.
///
/// Written before the first file changes and removed when nginx is known to serve the new ones. Whoever finds it knows
/// that files and nginx may differ. A file that was being tried is never tried again on recovery.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingSwitch {
    /// The release that goes live with the switch. Once the record says that it is live, what was proposed is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<(BranchRef, u64)>,
    /// Whether nginx was never started before: taking the switch back then stops what it has started.
    #[serde(default)]
    pub is_first: bool,
    /// The files that change.
    pub files: BTreeMap<WebFileName, FileChange>,
}

impl PendingSwitch {
    /// Returns the note as `records` make it read: what a release that is live has tried counts as accepted.
    pub(crate) fn seen_with(mut self, records: &BTreeMap<BranchRef, Record>) -> Self {
        let is_live = self.release.take().is_some_and(|(branch, release)| {
            let live = records.get(&branch).and_then(|record| record.live.as_ref());
            live.is_some_and(|live| live.release >= release)
        });
        if is_live {
            self.files.values_mut().for_each(|change| change.accepted.clone_from(&change.proposed));
        }
        self
    }
}

/// One file of a switch; `None` where there is no file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// What nginx is known to have accepted last.
    pub accepted: Option<WebFile>,
    /// What is tried.
    pub proposed: Option<WebFile>,
}
