//! `access` of a repo: which keys may do what.

use std::fmt;

use crate::fields::Field;
use crate::finding::Findings;
use crate::schema::Schema;

/// `access`.
pub(crate) const ACCESS: Schema = Schema { name: "access", keys: &["push", "run", "read"] };

/// A permission that a key can have for a repo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Deploy: push, roll back, rebuild, restart, stop, start, switch maintenance.
    Push,
    /// Run commands in the app's environment, and read and set its variables.
    Run,
    /// Read: status, logs, history; fetch the code.
    Read,
}

impl Permission {
    /// All permissions.
    pub const ALL: [Self; 3] = [Self::Push, Self::Run, Self::Read];

    /// Parses the name of a permission.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.to_string() == text)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Push => "push",
            Self::Run => "run",
            Self::Read => "read",
        })
    }
}

/// The keys that have each permission, by the names of their files; `None` means all keys.
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

    /// Returns the keys that have `permission`; `None` means all.
    pub fn keys(&self, permission: Permission) -> Option<&[String]> {
        match permission {
            Permission::Push => self.push.as_deref(),
            Permission::Run => self.run.as_deref(),
            Permission::Read => self.read.as_deref(),
        }
    }

    /// Returns whether `key` has `permission`. A key that may push or run may also read.
    pub fn allows(&self, key: &str, permission: Permission) -> bool {
        let named =
            |permission| self.keys(permission).is_some_and(|keys| keys.iter().any(|name| name == key));
        let listed = self.keys(permission).is_none() || named(permission);
        listed || (permission == Permission::Read && (named(Permission::Push) || named(Permission::Run)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_that_are_given_to_nobody_in_particular_are_everybodys() {
        let keys = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        let access = Access { push: keys(&["ci"]), run: None, read: keys(&["monitor"]) };
        let permissions = |key: &str| Permission::ALL.map(|permission| access.allows(key, permission));
        assert_eq!(permissions("ci"), [true, true, true]);
        assert_eq!(permissions("monitor"), [false, true, true]);
        assert_eq!(permissions("laptop"), [false, true, false]);
        assert_eq!(
            Permission::ALL.map(|permission| Access::default().allows("laptop", permission)),
            [true; 3]
        );
        assert_eq!(
            Permission::ALL.map(|permission| Access::nobody().allows("laptop", permission)),
            [false; 3]
        );
    }
}
