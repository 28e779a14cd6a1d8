//! Maintenance and stopping: nginx answers in place of a branch.

use pypaas_config::BranchRef;

use super::{ChangeError, Engine};
use crate::plan::{self, PlanError};
use crate::{Observed, Plan, Scope};

impl Engine<'_> {
    /// Switches maintenance of `branch` on, with a message to visitors, or off, for `by`.
    pub fn maintenance(
        &mut self,
        branch: &BranchRef,
        on: bool,
        message: Option<&str>,
        by: &str,
    ) -> Result<(), ChangeError> {
        let platform = self.platform;
        self.with_branch_lock(branch, &format!("switching maintenance of {branch} for {by}"), |engine| {
            engine
                .change_routing(branch, |observed| plan::maintenance(platform, observed, branch, on, message))
        })
    }

    /// Stops the processes of `branch`, for `by`, until something is made live on it again.
    pub fn stop(&mut self, branch: &BranchRef, by: &str) -> Result<(), ChangeError> {
        let platform = self.platform;
        self.with_branch_lock(branch, &format!("stopping {branch} for {by}"), |engine| {
            engine.change_routing(branch, |observed| plan::stop(platform, observed, branch))?;
            engine.converge(branch)
        })
    }

    /// Makes nginx answer in another way for `branch`, and records that.
    fn change_routing(
        &mut self,
        branch: &BranchRef,
        make: impl FnOnce(&Observed) -> Result<Plan, PlanError>,
    ) -> Result<(), ChangeError> {
        self.converge(branch)?;
        let scope = Scope::Branch { branch, commit: None, ports: false };
        let outcome = self.with_machine_lock(true, |engine| engine.run(scope, true, make));
        if outcome.is_err() {
            self.converge(branch)?;
        }
        outcome
    }
}
