//! `access` of a repo: which keys may do what.

use std::fmt;

use crate::block::Block;
use crate::fields::Field;
use crate::finding::Findings;

/// `access`.
pub(crate) const ACCESS: Block = Block { name: "access", keys: &["push", "run", "read"] };

/// What a key can be allowed to do with a repo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Deploy: push, make live again, stop and start, switch maintenance.
    Push,
    /// Run commands in the app's environment, and see and set what is in it.
    Run,
    /// See how things are: status, logs, history; fetch the code.
    Read,
}

impl Right {
    /// All rights.
    pub const ALL: [Self; 3] = [Self::Push, Self::Run, Self::Read];

    /// Reads a right's name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.to_string() == text)
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Push => "push",
            Self::Run => "run",
            Self::Read => "read",
        })
    }
}

/// The keys, by the names of their files, that have each right; `None`: all keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// `push`.
    pub push: Option<Vec<String>>,
    /// `run`.
    pub run: Option<Vec<String>>,
    /// `read`.
    pub read: Option<Vec<String>>,
}

impl Access {
    pub(crate) fn decode(field: Field<'_>, findings: &mut Findings) -> Self {
        let Some(fields) = field.fields(&ACCESS, findings) else { return Self::nobody() };
        Self {
            push: fields.optional("push", findings, Field::texts),
            run: fields.optional("run", findings, Field::texts),
            read: fields.optional("read", findings, Field::texts),
        }
    }

    fn nobody() -> Self {
        Self { push: Some(Vec::new()), run: Some(Vec::new()), read: Some(Vec::new()) }
    }

    /// Returns the keys that have `right`; `None`: all.
    pub fn keys(&self, right: Right) -> Option<&[String]> {
        match right {
            Right::Push => self.push.as_deref(),
            Right::Run => self.run.as_deref(),
            Right::Read => self.read.as_deref(),
        }
    }

    /// Returns whether `key` has `right`. Whoever is named for more than reading may read, too.
    pub fn allows(&self, key: &str, right: Right) -> bool {
        let named = |right| self.keys(right).is_some_and(|keys| keys.iter().any(|name| name == key));
        let listed = self.keys(right).is_none() || named(right);
        listed || (right == Right::Read && (named(Right::Push) || named(Right::Run)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_that_are_given_to_nobody_in_particular_are_everybodys() {
        let keys = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        let access = Access { push: keys(&["ci"]), run: None, read: keys(&["monitor"]) };
        let rights = |key: &str| Right::ALL.map(|right| access.allows(key, right));
        assert_eq!(rights("ci"), [true, true, true]);
        assert_eq!(rights("monitor"), [false, true, true]);
        assert_eq!(rights("laptop"), [false, true, false]);
        assert_eq!(Right::ALL.map(|right| Access::default().allows("laptop", right)), [true; 3]);
        assert_eq!(Right::ALL.map(|right| Access::nobody().allows("laptop", right)), [false; 3]);
    }
}
