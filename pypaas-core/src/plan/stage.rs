//! Stages: the parts a change is planned in.

use pypaas_config::{BranchRef, Overlap};
use serde::Serialize;

use super::{
    Plan, PlanError, begin, build, restore, retire, services, start, switch, web, web::IfServerDown,
};
use crate::{AttemptKind, CheckoutName, CommitId, Deployment, Observed, Platform, Process};

/// A wish to make something live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// On which branch.
    pub branch: BranchRef,
    /// What.
    pub source: Source,
    /// Why, as the history says.
    pub kind: AttemptKind,
    /// Who asks: the name of an SSH key, or `local`.
    pub by: String,
}

/// What is to be made live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A commit, checked out and built.
    Commit(CommitId),
    /// What is live already, in new processes: a restart.
    Live,
    /// An earlier release: a rollback.
    Release {
        /// Its number.
        release: u64,
        /// Its commit.
        commit: CommitId,
        /// What it was, if its checkout is still there: then it only gets new processes, and is not built again.
        kept: Option<Box<Deployment>>,
    },
}

impl Source {
    /// Returns the checkout that is used again; `None` when a commit is checked out, or what is live stays where it is.
    pub fn kept(&self) -> Option<&CheckoutName> {
        match self {
            Self::Release { kept, .. } => kept.as_ref().map(|kept| &kept.checkout),
            Self::Commit(_) | Self::Live => None,
        }
    }

    /// Returns the commit that is checked out and built; `None` when there is a checkout already.
    pub fn commit(&self) -> Option<&CommitId> {
        match self {
            Self::Commit(commit) | Self::Release { commit, kept: None, .. } => Some(commit),
            Self::Live | Self::Release { .. } => None,
        }
    }
}

/// A part of a change that is observed, planned and applied on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Stops what a deploy that failed has tried, where it may not run beside what is live and that must start again.
    Clear,
    /// Starts what should run and makes nginx's files say what the record says.
    Restore {
        /// Whether nginx's refusal is only a warning.
        lenient: bool,
    },
    /// Chooses slot and ports and records what is tried.
    Begin,
    /// Defines services, checks out, builds.
    Build,
    /// Makes nginx answer with the maintenance page.
    Close,
    /// Starts the new processes, until they are ready.
    Start,
    /// Makes nginx route to them, and records them as live: the commit point.
    Switch,
    /// Stops and removes whatever is neither live nor tried.
    Retire,
}

impl Stage {
    /// Returns whether the machine's lock is held from observing to the end of applying: ports are chosen or nginx's files
    /// are switched, which depend on other branches.
    pub fn is_exclusive(self) -> bool {
        matches!(self, Self::Clear | Self::Restore { .. } | Self::Begin | Self::Close | Self::Switch)
    }

    /// Returns whether the change can still be abandoned.
    pub fn can_be_abandoned(self) -> bool {
        matches!(self, Self::Begin | Self::Build | Self::Close | Self::Start | Self::Switch)
    }

    /// Returns whether it matters which ports something holds: when they are chosen, and, a build later, before the processes
    /// that get them start. What accepts at a port would otherwise be taken for the new version.
    pub fn looks_at_ports(self) -> bool {
        matches!(self, Self::Begin | Self::Start)
    }

    /// Plans the stage.
    pub fn plan(
        self,
        platform: &Platform,
        observed: &Observed,
        request: &Request,
    ) -> Result<Plan, PlanError> {
        let branch = &request.branch;
        match self {
            Self::Restore { lenient } => restore::restore(platform, observed, branch, lenient),
            Self::Begin => begin::begin(platform, observed, request),
            Self::Build => build::build(platform, observed, request),
            Self::Clear => restore::clear(platform, observed, branch),
            Self::Close if !closes(platform, observed, branch) => Ok(Plan::default()),
            Self::Close => web::close(platform, observed, branch, IfServerDown::Fail),
            Self::Start => start::start(platform, observed, branch),
            Self::Switch => switch::switch(platform, observed, branch),
            Self::Retire => Ok(retire::retire(platform, observed, branch, request.source.kept())),
        }
    }
}

/// Lists the stages of a deploy of `branch`.
pub fn stages(platform: &Platform, branch: &BranchRef) -> Vec<Stage> {
    let mut stages =
        vec![Stage::Clear, Stage::Restore { lenient: false }, Stage::Retire, Stage::Begin, Stage::Build];
    let brings_runners = platform.branch(branch).is_some_and(|config| config.procfile);
    if brings_runners || needs_maintenance(platform, branch, None) {
        stages.push(Stage::Close);
    }
    stages.extend([Stage::Start, Stage::Switch, Stage::Retire]);
    stages
}

/// Returns whether what is tried needs a maintenance break; only a release that brings its runners tells after it has begun.
fn closes(platform: &Platform, observed: &Observed, branch: &BranchRef) -> bool {
    needs_maintenance(platform, branch, observed.record(branch).candidate.as_ref())
}

/// Returns whether `process` of `deployed` stops before its successor starts. One whose runner is not configured any more, or is of another
/// type by now, is a worker unless it had a port.
pub(super) fn stops_first(
    platform: &Platform,
    branch: &BranchRef,
    deployed: &Deployment,
    process: &Process,
) -> bool {
    match services::runner_of(platform, branch, deployed, process) {
        Some(runner) => runner.overlap() == Overlap::StopFirst,
        None => process.number().is_none(),
    }
}

/// Returns whether old and new versions of `branch` must not overlap: it has `maintenance` hooks, or a runner that nginx
/// routes to stops first.
pub(super) fn needs_maintenance(
    platform: &Platform,
    branch: &BranchRef,
    deployed: Option<&Deployment>,
) -> bool {
    let config = match deployed {
        Some(deployed) => platform.branch_of(branch, deployed),
        None => platform.branch(branch).cloned(),
    };
    let hooks = config.is_some_and(|config| !config.hooks.maintenance.is_empty());
    let alone =
        |runner: &dyn crate::Runner| runner.nginx().is_some() && runner.overlap() == Overlap::StopFirst;
    hooks || platform.runners(branch, deployed).values().any(|runner| alone(runner.as_ref()))
}
