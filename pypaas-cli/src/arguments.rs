//! Arguments that several commands share.

use std::time::Duration;

use clap::Args;

/// What clap calls a repo that needs a branch, though neither needs to be there.
pub(crate) const REPO_OF_BRANCH: &str = "repo-of-branch";

/// One configured branch.
#[derive(Debug, Clone, Args)]
pub(crate) struct BranchArguments {
    /// The repository's name
    pub(crate) repo: String,
    /// The branch's name; may be left out if the repo has only one
    pub(crate) branch: String,
}

/// One configured branch, or all that are deployed.
#[derive(Debug, Clone, Args)]
pub(crate) struct BranchesArguments {
    /// The repository's name; without it, all deployed branches
    #[arg(id = REPO_OF_BRANCH, value_name = "REPO", requires = "branch")]
    pub(crate) repo: Option<String>,
    /// The branch's name; may be left out if the repo has only one
    pub(crate) branch: Option<String>,
}

/// How long others are waited for.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct WaitArguments {
    /// How long to wait for another change of the same branch [default: `lock_timeout` of pypaas.yml]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) lock_timeout: Option<Duration>,
}

fn duration(text: &str) -> Result<Duration, &'static str> {
    pypaas_config::parse_duration(text).ok_or("expected a duration such as 500ms, 30s, 2m or 1h")
}
