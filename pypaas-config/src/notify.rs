//! `notify` of `pypaas.yml`: who gets messages about trouble.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::fields::Field;
use crate::finding::{Finding, Findings};
use crate::schema::Schema;
use crate::tree::Value;

/// An entry of `notify`.
pub(crate) const NOTIFY: Schema = Schema { name: "a notification", keys: &["to", "on"] };

/// One entry of `notify`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notify {
    /// `to`: a URL that gets JSON by POST, or a shell command that gets it on its standard input.
    pub to: String,
    /// `on`: of what. Default: everything.
    pub on: BTreeSet<Trouble>,
}

/// A kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Trouble {
    /// The last deploy of a branch failed.
    Failed,
    /// A process is started again and again.
    CrashLoop,
    /// The last run of a job failed or did not take place.
    Job,
    /// A backup, or the trial of one, failed or is overdue.
    Backup,
    /// A certificate ends soon, or cannot be renewed.
    Certificate,
    /// The disk is almost full.
    Disk,
    /// Anything else that `pypaas check` finds.
    Machine,
}

impl Trouble {
    /// All kinds, with the words of the configuration.
    pub const ALL: [(&str, Self); 7] = [
        ("failed", Self::Failed),
        ("crash-loop", Self::CrashLoop),
        ("job", Self::Job),
        ("backup", Self::Backup),
        ("certificate", Self::Certificate),
        ("disk", Self::Disk),
        ("machine", Self::Machine),
    ];
}

impl Notify {
    /// Returns whether `to` is a URL.
    pub fn is_url(&self) -> bool {
        is_url(&self.to)
    }

    /// Decodes the list of them; one alone needs no list.
    pub(crate) fn decode_all(field: Field<'_>, findings: &mut Findings) -> Vec<Self> {
        let items = match &field.node.value {
            Value::Sequence(items) => items.iter().map(|item| field.item(item)).collect(),
            _ => vec![field],
        };
        items.into_iter().filter_map(|item| Self::decode(item, findings)).collect()
    }

    fn decode(field: Field<'_>, findings: &mut Findings) -> Option<Self> {
        let fields = field.fields(&NOTIFY, findings)?;
        let to = fields.required("to", findings, read_destination);
        let Some(on) = fields.get("on") else {
            return Some(Self { to: to?, on: Trouble::ALL.map(|(_, kind)| kind).into() });
        };
        let items = match &on.node.value {
            Value::Sequence(items) => items.iter().map(|item| on.item(item)).collect(),
            _ => vec![on],
        };
        let on = items.iter().filter_map(|item| findings.take(item.one_of(&Trouble::ALL))).collect();
        Some(Self { to: to?, on })
    }
}

fn is_url(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

fn read_destination(field: &Field<'_>) -> Result<String, Finding> {
    let text = field.command()?;
    let has_odd = text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '"' || c == '\\');
    match is_url(&text) && has_odd {
        true => Err(field.unexpected("a URL without spaces, quotes and backslashes, or a shell command")),
        false => Ok(text),
    }
}
