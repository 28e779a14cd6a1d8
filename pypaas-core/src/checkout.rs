//! Commits, and the directories they are checked out into.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A git commit's full id: 40 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommitId(String);

/// Says that a text is not a full commit id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a full commit id of 40 lower-case hex digits")]
pub struct InvalidCommit(String);

impl CommitId {
    /// Checks `text` and makes a commit id of it.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidCommit> {
        let text = text.into();
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if text.len() == 40 && text.chars().all(hex) { Ok(Self(text)) } else { Err(InvalidCommit(text)) }
    }

    /// Returns all 40 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the first 11 digits, as checkout directories and messages have them.
    pub fn short(&self) -> &str {
        &self.0[..11]
    }

    /// Returns whether this is git's all-zero id, which stands for "no commit" where a branch is made or deleted.
    pub fn is_zero(&self) -> bool {
        self.0.bytes().all(|digit| digit == b'0')
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for CommitId {
    type Error = InvalidCommit;
    fn try_from(text: String) -> Result<Self, InvalidCommit> {
        Self::new(text)
    }
}

impl From<CommitId> for String {
    fn from(id: CommitId) -> String {
        id.0
    }
}

/// A checkout directory's name, `<YYYYMMDD_HHMMSS>-<first 11 of the commit>`, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CheckoutName(String);

impl CheckoutName {
    /// Names a checkout of `commit` made `at` that time, differing from all of `taken`: two deploys of a commit in one
    /// second get `…-2`, `…-3`.
    pub fn new<'a>(at: Timestamp, commit: &CommitId, taken: impl IntoIterator<Item = &'a Self>) -> Self {
        let base = format!("{}-{}", at.strftime("%Y%m%d_%H%M%S"), commit.short());
        let taken: Vec<&Self> = taken.into_iter().collect();
        let free = |name: &Self| !taken.contains(&name);
        let numbered = (2..).map(|number| Self(format!("{base}-{number}")));
        let first = Self(base.clone());
        if free(&first) { first } else { numbered.into_iter().find(free).unwrap_or(first) }
    }

    /// Takes a directory's name as found on the machine; `None` for what is not one of ours to remove.
    pub fn found(name: &str) -> Option<Self> {
        let (time, rest) = name.split_once('-')?;
        let (commit, number) = rest.split_once('-').unwrap_or((rest, "2"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let time_is_right = time.len() == 15
            && time.split_once('_').is_some_and(|(day, hour)| day.len() == 8 && digits(day) && digits(hour));
        let commit_is_right =
            commit.len() == 11 && commit.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (time_is_right && commit_is_right && digits(number)).then(|| Self(name.to_owned()))
    }

    /// Returns the directory's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CheckoutName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_checkouts_of_one_second_differ() {
        let at: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let commit = CommitId::new("3f2a".repeat(10)).unwrap();
        let first = CheckoutName::new(at, &commit, []);
        let second = CheckoutName::new(at, &commit, [&first]);
        assert_eq!(first.as_str(), "20261122_100000-3f2a3f2a3f2");
        assert_eq!(second.as_str(), "20261122_100000-3f2a3f2a3f2-2");
        for name in [&first, &second] {
            assert_eq!(CheckoutName::found(name.as_str()).as_ref(), Some(name));
        }
    }

    #[test]
    fn what_others_put_beside_checkouts_is_not_ours() {
        for name in ["", "notes", "20261122_100000", "20261122_100000-3f2a", "20261122_100000-3f2a3f2a3f2-x"]
        {
            assert_eq!(CheckoutName::found(name), None, "{name}");
        }
    }
}
