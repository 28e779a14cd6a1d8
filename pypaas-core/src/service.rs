//! Services: supervised processes, and the names they have.

use std::fmt;

use pypaas_config::{BranchName, BranchRef, RepoName, RunnerName, RunnerRef};
use serde::{Deserialize, Serialize};

use crate::{decode, encode};

/// One of the two places a runner's processes can run; a deploy uses the free one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// The first.
    A,
    /// The second.
    B,
}

impl Slot {
    /// Returns the other slot.
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "a",
            Self::B => "b",
        })
    }
}

/// Names one supervised process: the `index`-th of a runner, in one slot.
///
/// Its text, such as `shop+master+web+0+a`, is the service directory's name and decodes back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceName {
    /// The runner whose process it is.
    pub runner: RunnerRef,
    /// Which of the runner's processes, from 0.
    pub index: u16,
    /// In which slot.
    pub slot: Slot,
}

impl ServiceName {
    /// Names the branch this service belongs to.
    pub fn branch(&self) -> BranchRef {
        self.runner.branch_ref()
    }

    /// Reads a service directory's name; `None` when pypaas did not make it.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('+').collect();
        let [repo, branch, runner, index, slot] = parts.as_slice() else { return None };
        let slot = match *slot {
            "a" => Slot::A,
            "b" => Slot::B,
            _ => return None,
        };
        let runner = RunnerRef {
            repo: RepoName::new(decode(repo)?).ok()?,
            branch: BranchName::new(decode(branch)?).ok()?,
            runner: RunnerName::new(decode(runner)?).ok()?,
        };
        let name = Self { runner, index: index.parse().ok()?, slot };
        (name.to_string() == text).then_some(name)
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RunnerRef { repo, branch, runner } = &self.runner;
        let (repo, branch, runner) =
            (encode(repo.as_str()), encode(branch.as_str()), encode(runner.as_str()));
        write!(f, "{repo}+{branch}+{runner}+{}+{}", self.index, self.slot)
    }
}

impl TryFrom<String> for ServiceName {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is not a service name"))
    }
}

impl From<ServiceName> for String {
    fn from(name: ServiceName) -> String {
        name.to_string()
    }
}

/// What the supervisor runs for a service: the texts of its two scripts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// The `run` script.
    pub run: String,
    /// The `log/run` script.
    pub log: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_name_reads_back_with_slashes_and_capitals() {
        let text = "%53hop+feature%2fx+web+12+b";
        let name = ServiceName::parse(text).unwrap();
        assert_eq!(name.runner.repo.as_str(), "Shop");
        assert_eq!(name.runner.branch.as_str(), "feature/x");
        assert_eq!((name.index, name.slot), (12, Slot::B));
        assert_eq!(name.to_string(), text);
    }

    #[test]
    fn a_foreign_directory_is_not_a_service() {
        for foreign in
            ["pyPaaS", "shop+master+web+0", "shop+master+web+00+a", "Shop+master+web+0+a", "a+b+c+1+x"]
        {
            assert_eq!(ServiceName::parse(foreign), None, "{foreign}");
        }
    }
}
