//! Users: who somebody is.

use std::fs;
use std::process::Command;

/// Returns the name of user number `id` in the user database, or the number where it has none.
pub fn user_name(id: u32) -> String {
    passwd_field(id, 0).unwrap_or_else(|| id.to_string())
}

/// Reads a field of a user's entry: `name:password:uid:gid:comment:home:shell`. A user that is not in the file, such as one
/// of a directory service, is asked for with getent(1).
fn passwd_field(id: u32, field: usize) -> Option<String> {
    let number = id.to_string();
    let find = |entries: &str| {
        let is_it = |entry: &&str| entry.split(':').nth(2) == Some(&number);
        Some(entries.lines().find(is_it)?.split(':').nth(field)?.to_owned())
    };
    find(&fs::read_to_string("/etc/passwd").unwrap_or_default()).or_else(|| {
        let output =
            Command::new("/usr/bin/getent").args(["passwd", "--", &number]).env_clear().output().ok()?;
        find(&String::from_utf8_lossy(&output.stdout))
    })
}

/// A user as the kernel knows one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    user: u32,
    groups: Vec<u32>,
}

impl Account {
    /// Returns the one a process runs as; `None` when it has ended.
    pub(crate) fn of_process(id: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{id}/status")).ok()?)
    }

    /// Returns the one this program runs as.
    pub(crate) fn own() -> Option<Self> {
        Self::of_process(std::process::id())
    }

    /// Reads proc_pid_status(5): the second number of `Uid` and `Gid` is the one that counts for files.
    fn parse(status: &str) -> Option<Self> {
        let numbers = |key: &str| -> Option<Vec<u32>> {
            let line = status.lines().find_map(|line| line.strip_prefix(key))?;
            line.split_ascii_whitespace().map(|number| number.parse().ok()).collect()
        };
        let mut groups = numbers("Groups:")?;
        groups.push(*numbers("Gid:")?.get(1)?);
        Some(Self { user: *numbers("Uid:")?.get(1)?, groups })
    }

    /// Returns the user's name, or number.
    pub(crate) fn name(&self) -> String {
        user_name(self.user)
    }

    /// Returns the user's home directory.
    pub(crate) fn home(&self) -> Option<String> {
        passwd_field(self.user, 5)
    }

    /// Returns whether it is the same user.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.user == other.user
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effective_user_counts() {
        let status = "Name:\tnginx\nUid:\t0\t33\t33\t33\nGid:\t0\t34\t34\t34\nGroups:\t33 1000 \n";
        assert_eq!(Account::parse(status), Some(Account { user: 33, groups: vec![33, 1000, 34] }));
        assert_eq!(Account::own().map(|own| own.is(&own)), Some(true));
    }
}
