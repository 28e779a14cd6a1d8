//! Names that users type. Each is checked once, when it is created.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The reason why a string is not a valid name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid {kind} name: {reason}")]
pub struct InvalidName {
    kind: &'static str,
    text: String,
    reason: &'static str,
}

impl InvalidName {
    /// Returns the kind of name: `repo`, `branch`, `runner`, `domain` or `store`.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Returns the invalid string.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the rule that it violates.
    pub fn reason(&self) -> &'static str {
        self.reason
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks `text` and creates a name.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidName> {
                let text = text.into();
                match $check(&text) {
                    Ok(()) => Ok(Self(text)),
                    Err(reason) => Err(InvalidName { kind: $kind, text, reason }),
                }
            }

            /// Returns the name as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;
            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
    };
}

name! {
    /// The name of a git repository, as in `git push deploy@host:<repo>`: one path component.
    RepoName, "repo", check_repo
}
name! {
    /// The name of a branch; may contain `/`. The rules are those of git-check-ref-format(1).
    BranchName, "branch", check_branch
}
name! {
    /// The name of a runner within its branch.
    RunnerName, "runner", check_runner
}
name! {
    /// The name of a domain, in lower case, as in nginx's `server_name`; `*.example.com` is allowed.
    DomainName, "domain", check_domain
}

name! {
    /// The name of a store within its branch; variables of the environment begin with it.
    StoreName, "store", check_store
}

/// A reference to one branch of one repo.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BranchRef {
    /// The repo.
    pub repo: RepoName,
    /// The branch.
    pub branch: BranchName,
}

impl BranchRef {
    /// Returns a reference to the runner `runner` of this branch.
    pub fn runner(&self, runner: &RunnerName) -> RunnerRef {
        RunnerRef { repo: self.repo.clone(), branch: self.branch.clone(), runner: runner.clone() }
    }
}

impl fmt::Display for BranchRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.repo, self.branch)
    }
}

/// A reference to one runner of one branch of one repo, as in the `upstream` of a domain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunnerRef {
    /// The repo.
    pub repo: RepoName,
    /// The branch.
    pub branch: BranchName,
    /// The runner.
    pub runner: RunnerName,
}

impl RunnerRef {
    /// Returns whether this runner belongs to `branch`.
    pub fn is_of(&self, branch: &BranchRef) -> bool {
        self.repo == branch.repo && self.branch == branch.branch
    }

    /// Returns a reference to the branch of this runner.
    pub fn branch_ref(&self) -> BranchRef {
        BranchRef { repo: self.repo.clone(), branch: self.branch.clone() }
    }
}

impl fmt::Display for RunnerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.repo, self.branch, self.runner)
    }
}

/// The maximum length of names of services and nginx files: Linux allows 255 bytes; suffixes and numbers need the rest.
pub(crate) const MAX_FILE_NAME: usize = 240;

/// Returns the length of `name` in a file name, where every character except lower-case letters, digits, `-`, `_` and `.`
/// is written as `%` and two digits.
pub(crate) fn bytes_in_file_name(name: &str) -> usize {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.');
    name.bytes().map(|byte| if plain(byte) { 1 } else { 3 }).sum()
}

/// Files in the state directory, next to the directories of repos.
const RESERVED: [&str; 2] = ["audit.log", "audit.log.1"];

fn check_repo(text: &str) -> Result<(), &'static str> {
    if RESERVED.contains(&text) {
        return Err("pypaas uses this file name in the state directory");
    }
    check_component(text)?;
    if text.ends_with(".git") {
        return Err("it must not end in `.git`");
    }
    Ok(())
}

fn check_runner(text: &str) -> Result<(), &'static str> {
    check_component(text)
}

fn check_store(text: &str) -> Result<(), &'static str> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !text.starts_with(|c: char| c.is_ascii_lowercase()) || !text.chars().all(allowed) {
        return Err("only lower-case letters, digits and `_` are allowed, and the first must be a letter");
    }
    if text.len() > 24 { Err("it is longer than 24 bytes") } else { Ok(()) }
}

fn check_component(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.starts_with('-') || text.starts_with('.') {
        return Err("it must not start with `-` or `.`");
    }
    if text.len() > 64 {
        return Err("it is longer than 64 bytes");
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.chars().all(allowed) { Ok(()) } else { Err("only letters, digits, `-`, `_` and `.` are allowed") }
}

fn check_branch(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.starts_with('-') || text.starts_with('/') || text.ends_with('/') || text.contains("//") {
        return Err("it must not start with `-` or `/`, end in `/` or contain `//`");
    }
    if text.split('/').any(|part| part.starts_with('.') || part.ends_with(".lock")) || text.ends_with('.') {
        return Err("no part of it may start with `.` or end in `.lock`, and it must not end in `.`");
    }
    if text.contains("..") || text.contains("@{") || text == "@" {
        return Err("it must not contain `..` or `@{` or be `@`");
    }
    if text.chars().any(|c| c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\')) {
        return Err("it must not contain spaces, control characters or any of `~^:?*[\\`");
    }
    if text.len() > 100 { Err("it is longer than 100 bytes") } else { Ok(()) }
}

fn check_domain(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.len() > MAX_FILE_NAME {
        return Err("it is longer than 240 bytes, which is too long for a file name");
    }
    if !text.contains(|c: char| c.is_ascii_alphanumeric()) {
        return Err("it is not a host name; there is no catch-all domain, and unknown hosts get no answer");
    }
    let rest = text.strip_prefix("*.").unwrap_or(text);
    for label in rest.split('.') {
        if label.is_empty() || label.len() > 63 {
            return Err("each part between dots has 1 to 63 characters");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err("no part of it may start or end with `-`");
        }
        if !label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_') {
            return Err(
                "only lower-case letters, digits, `-`, `_` and dots are allowed (write IDNs in their xn--… form)",
            );
        }
    }
    Ok(())
}
