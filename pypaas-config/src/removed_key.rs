//! Keys that earlier versions had.

use crate::finding::{Finding, quote};
use crate::schema::Schema;
use crate::tree::Entry;

/// The schema, the key, and what to write instead.
const REMOVED: [(&str, &str, &str); 3] = [
    (
        "nginx",
        "command",
        "remove it; to run another nginx than /usr/sbin/nginx, write `program: /path/to/nginx`",
    ),
    ("nginx", "pid_file", "remove it"),
    ("nginx", "config_dir", "remove it, and the line in the system's nginx that includes the directory"),
];

/// Reports a key that has no meaning any more, and says what to write instead.
pub(crate) fn finding(schema: &Schema, entry: &Entry) -> Option<Finding> {
    let is_it = |(owner, key, _): &&(&str, &str, &str)| *owner == schema.name && *key == entry.key;
    let (.., instead) = REMOVED.iter().find(is_it)?;
    let finding = Finding::error(entry.key_span, format!("{} has no meaning any more", quote(&entry.key)));
    Some(finding.label("pypaas runs nginx itself, as the deploy user").help(*instead))
}
