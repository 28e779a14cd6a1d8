//! `repo/<name>.yml`: a repository and its branches.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::{BranchName, Hooks, RunnerConfig, RunnerName};

/// One repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repo {
    /// The file that says so, relative to the configuration directory.
    pub file: Utf8PathBuf,
    /// `branches`: those that can be pushed.
    pub branches: BTreeMap<BranchName, Branch>,
}

/// One branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// `runners`.
    pub runners: BTreeMap<RunnerName, RunnerConfig>,
    /// `env`: for builds, hooks, custom commands and processes; scalars keep the spelling they were written in.
    pub env: BTreeMap<String, String>,
    /// `hooks`.
    pub hooks: Hooks,
    /// `custom_cmds`: name to shell command.
    pub custom_cmds: BTreeMap<String, String>,
    /// `build`.
    pub build: BuildChoice,
}

/// `build` of a branch: what happens when it has no `build` hook.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BuildChoice {
    /// `.build.sh` when it is there, else what the checkout holds decides.
    #[default]
    Auto,
    /// Nothing is built.
    None,
}
