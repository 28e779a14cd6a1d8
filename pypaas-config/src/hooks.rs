//! `hooks` of a branch.

/// Shell commands around a deploy, each list run in order; a failing one refuses the deploy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hooks {
    /// `before_build`: in the fresh checkout, before anything is built.
    pub before_build: Vec<String>,
    /// `build`: in place of `.build.sh` and of the automatic builders. `None` when the key is absent.
    pub build: Option<Vec<String>>,
    /// `after_build`: when the build is done, while the old version still serves.
    pub after_build: Vec<String>,
    /// `maintenance`: while no process of the branch runs. Having any makes every deploy a deploy with maintenance.
    pub maintenance: Vec<String>,
}
