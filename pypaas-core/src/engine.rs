//! The engine: what programs hold, and the verbs it has.
//!
//! Every verb walks stages over a world: it observes, plans and applies, again and again. The world is the real host, or a
//! prediction of it, which is how a dry run works; nothing is written for one of the two alone.

mod attempt;
mod deploy;
mod error;
mod machine;
mod notify;
mod predicted;
mod real;
mod route;
mod section_times;
mod waiting;
mod world;

use pypaas_config::BranchRef;

use crate::host::Host;
use crate::plan::PlanError;
use crate::rejection::explain_rejection;
use crate::{Observed, Plan, Platform, Progress, Scope};

pub use attempt::{AttemptError, Attempted, Decide, Order};
pub use error::ChangeError;
pub use machine::ApplyFailure;
use predicted::PredictedWorld;
use real::RealWorld;
use world::{Lock, World};

/// Changes a host, or predicts how it would be changed.
///
/// ```
/// # use pypaas_core::{Engine, MemoryHost, Platform, NoProgress};
/// # use pypaas_config::BranchRef;
/// # fn stop(host: &mut MemoryHost, platform: &Platform, branch: &BranchRef) -> Result<(), Box<dyn std::error::Error>> {
/// let plan = Engine::dry_run(host, platform, |engine| engine.stop(branch, "laptop"))?;
/// println!("{plan}");
/// Engine::new(host, platform, &mut NoProgress).stop(branch, "laptop")?;
/// # Ok(())
/// # }
/// ```
pub struct Engine<'a> {
    platform: &'a Platform,
    world: Box<dyn World + 'a>,
    plan: Plan,
}

impl<'a> Engine<'a> {
    /// Makes an engine that changes `host` and tells `progress` what it does.
    pub fn new(host: &'a mut dyn Host, platform: &'a Platform, progress: &'a mut dyn Progress) -> Self {
        let world = Box::new(RealWorld { host, platform, progress, sections: Vec::new() });
        Self { platform, world, plan: Plan::default() }
    }

    /// Predicts what `change` would do to `host`, which stays as it is, and returns the plan. No lock is taken.
    pub fn dry_run<T, E>(
        host: &mut dyn Host,
        platform: &Platform,
        change: impl FnOnce(&mut Engine<'_>) -> Result<T, E>,
    ) -> Result<Plan, E> {
        let world = Box::new(PredictedWorld::new(host, platform));
        let mut engine = Engine { platform, world, plan: Plan::default() };
        change(&mut engine)?;
        Ok(engine.plan)
    }

    /// Returns all that this engine has planned so far.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Observes as much as `scope` says, plans with `make`, and applies the plan.
    fn run(
        &mut self,
        scope: Scope<'_>,
        is_cancellable: bool,
        make: impl FnOnce(&Observed) -> Result<Plan, PlanError>,
    ) -> Result<(), ChangeError> {
        let observed = self.world.observe(scope)?;
        let plan = make(&observed)?;
        let outcome = self.world.apply(&plan, is_cancellable);
        self.plan.append(plan);
        outcome.map_err(|error| explain_rejection(self.platform, self.world.parts().0.files(), error).into())
    }

    /// Runs `work` while the machine's lock is held. Waiting for it ends when the caller cancels, unless what is to be done
    /// must be done all the same: cleaning up after a canceled change.
    fn with_machine_lock(
        &mut self,
        is_cancellable: bool,
        work: impl FnOnce(&mut Self) -> Result<(), ChangeError>,
    ) -> Result<(), ChangeError> {
        let path = self.platform.layout.machine_lock();
        self.world.lock(&Lock { path: &path, purpose: "switching nginx", is_cancellable, queue: None })?;
        let outcome = work(self);
        self.world.unlock(&path)?;
        outcome
    }

    /// Runs `work` while the lock of `branch` is held.
    fn with_branch_lock<T>(
        &mut self,
        branch: &BranchRef,
        purpose: &str,
        work: impl FnOnce(&mut Self) -> Result<T, ChangeError>,
    ) -> Result<T, ChangeError> {
        self.lock_branch(branch, purpose)?;
        let outcome = work(self);
        self.unlock_branch(branch)?;
        outcome
    }

    /// Takes the lock of `branch`; `purpose` is what others who wait for it are told.
    pub fn lock_branch(&mut self, branch: &BranchRef, purpose: &str) -> Result<(), ChangeError> {
        let path = self.platform.layout.branch_lock(branch);
        self.world.lock(&Lock { path: &path, purpose, is_cancellable: true, queue: None })
    }

    /// Takes the lock of `branch` for a push. Of several pushes that wait for it only the newest gets it.
    pub fn queue_for_branch(&mut self, branch: &BranchRef, purpose: &str) -> Result<(), ChangeError> {
        let layout = &self.platform.layout;
        let (path, queue) = (layout.branch_lock(branch), layout.waiting(branch));
        self.world.lock(&Lock { path: &path, purpose, is_cancellable: true, queue: Some(&queue) })
    }

    /// Gives the lock of `branch` back.
    pub fn unlock_branch(&mut self, branch: &BranchRef) -> Result<(), ChangeError> {
        Ok(self.world.unlock(&self.platform.layout.branch_lock(branch))?)
    }

    /// Fails when the caller does not want the change any more.
    fn check_not_canceled(&mut self) -> Result<(), ChangeError> {
        self.world.cancel_reason().map_or(Ok(()), |reason| Err(ChangeError::Abandoned(reason)))
    }
}
