//! Builders: what is done with a checkout that does not say how to build itself.

use serde::{Deserialize, Serialize};

use crate::host::Commit;

/// Builds one kind of project. Pure: it looks at names and texts, and gives commands.
pub trait Builder {
    /// Its name, such as `node`.
    fn name(&self) -> &'static str;

    /// Names the files in the root of a checkout whose texts it looks at.
    fn reads(&self) -> &'static [&'static str];

    /// Says how to build a checkout of `commit`; `None` when it is not of this builder's kind.
    fn recipe(&self, commit: &Commit) -> Option<BuildRecipe>;

    /// The directories, relative to the checkout, that go in front of `PATH` for hooks, commands and processes.
    fn path(&self) -> &'static [&'static str];

    /// Names of environment variables that point tools at caches, with the directory below `PYPAAS_CACHE_DIR` of each.
    fn caches(&self) -> &'static [(&'static str, &'static str)];

    /// Environment variables of builds and processes, which the branch's `env` overrules.
    fn variables(&self) -> &'static [(&'static str, &'static str)];
}

/// How to build a checkout, and why so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildRecipe {
    /// The reason, for the pusher: ``found `package-lock.json` ``.
    pub reason: String,
    /// Programs the host must have.
    pub requires: Vec<Requirement>,
    /// Shell commands, run in order in the checkout.
    pub commands: Vec<String>,
}

/// A program a build needs, and what to do when it is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// The program.
    pub program: String,
    /// The names that it may have, where it has not always the same one; empty: only its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// How to install it: ``install it with `apt install npm` ``.
    pub remedy: String,
}

impl From<Vec<String>> for BuildRecipe {
    /// Runs commands somebody else chose.
    fn from(commands: Vec<String>) -> Self {
        Self { commands, ..Self::default() }
    }
}
