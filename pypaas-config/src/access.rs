//! `access`: which keys may do what.

use std::fmt;

use crate::fields::Field;
use crate::finding::Findings;
use crate::schema::Schema;

/// `access`.
pub(crate) const ACCESS: Schema = Schema { name: "access", keys: &["push", "run", "read"] };

/// What a key can be permitted to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Whatever touches more than one repo: `apply`, `cleanup`, all branches at once, and who may log in.
    Admin,
    /// Deploy: push, make live again, stop and start, switch maintenance. It includes running code as the app.
    Push,
    /// Run commands in the app's environment, and read and set its variables.
    Run,
    /// Read: status, logs, history; fetch the code.
    Read,
}

impl Permission {
    /// All permissions.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Push, Self::Run, Self::Read];

    /// Those that the file of a repo grants.
    pub const OF_A_REPO: [Self; 3] = [Self::Push, Self::Run, Self::Read];

    /// Reads a permission's name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.to_string() == text)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Admin => "admin",
            Self::Push => "push",
            Self::Run => "run",
            Self::Read => "read",
        })
    }
}

/// The keys, by the names of their files, that have each permission; `None`: all keys.
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

    /// Returns the keys that have `permission`; `None`: all. The file of a repo makes no key an admin.
    pub fn keys(&self, permission: Permission) -> Option<&[String]> {
        match permission {
            Permission::Admin => Some(&[]),
            Permission::Push => self.push.as_deref(),
            Permission::Run => self.run.as_deref(),
            Permission::Read => self.read.as_deref(),
        }
    }

    /// Returns whether it keeps any key from anything.
    pub fn limits(&self) -> bool {
        Permission::OF_A_REPO.iter().any(|permission| self.keys(*permission).is_some())
    }

    /// Returns whether `key` has `permission`. Whoever is named for more than reading may read, too.
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
    fn permissions_that_name_no_keys_belong_to_every_key() {
        let keys = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        let access = Access { push: keys(&["ci"]), run: None, read: keys(&["monitor"]) };
        let allowed = |access: &Access, key: &str| Permission::ALL.map(|it| access.allows(key, it));
        assert_eq!(allowed(&access, "ci"), [false, true, true, true]);
        assert_eq!(allowed(&access, "monitor"), [false, false, true, true]);
        assert_eq!(allowed(&access, "laptop"), [false, false, true, false]);
        assert_eq!(allowed(&Access::default(), "laptop"), [false, true, true, true]);
        assert_eq!(allowed(&Access::nobody(), "laptop"), [false; 4]);
        assert!(access.limits() && Access::nobody().limits() && !Access::default().limits());
    }
}
