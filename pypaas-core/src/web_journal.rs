//! The note of a switch of nginx's files that is under way.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::WebFileName;

/// What nginx's files said when nginx last accepted them, and what a switch wanted them to say.
///
/// Written before the first file changes and removed when nginx is known to serve the new ones. Whoever finds it knows
/// that files and nginx may differ. A text that was being tried is never tried again on recovery.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebJournal {
    /// The files that change.
    pub files: BTreeMap<WebFileName, WebChange>,
}

/// One file of a switch; `None` where there is no file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebChange {
    /// The last text nginx is known to have accepted.
    pub good: Option<String>,
    /// The text that is tried.
    pub tried: Option<String>,
}
