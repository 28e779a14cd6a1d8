//! A prediction of a host as a world: nothing happens, and what was planned so far counts as done.

use std::collections::BTreeMap;

use camino::Utf8Path;
use pypaas_config::BranchRef;

use super::ChangeError;
use super::world::{Lock, World};
use crate::host::{Host, LockError};
use crate::{
    ApplyError, NoProgress, ObserveError, Observed, Plan, Platform, Progress, Record, Scope, SectionTime,
    observe,
};

/// What is predicted of a host, from one observation of it.
pub(super) struct PredictedWorld<'a> {
    host: &'a mut dyn Host,
    platform: &'a Platform,
    /// What was observed, and what has changed since; nothing until the change has begun.
    state: Option<Observed>,
    progress: NoProgress,
}

impl<'a> PredictedWorld<'a> {
    pub(super) fn new(host: &'a mut dyn Host, platform: &'a Platform) -> Self {
        Self { host, platform, state: None, progress: NoProgress }
    }

    /// Returns what is predicted now.
    fn state(&mut self, scope: Scope<'_>) -> Result<&mut Observed, ObserveError> {
        let state = match self.state.take() {
            Some(state) => state,
            None => observe(self.host, self.platform, scope)?,
        };
        Ok(self.state.insert(state))
    }
}

impl World for PredictedWorld<'_> {
    fn begin(&mut self, scope: Scope<'_>) -> Result<(), ObserveError> {
        self.state(scope).map(drop)
    }

    fn observe(&mut self, scope: Scope<'_>) -> Result<Observed, ObserveError> {
        self.state(scope).cloned()
    }

    fn records(&mut self) -> Result<BTreeMap<BranchRef, Record>, ObserveError> {
        Ok(self.state(Scope::Machine)?.records.clone())
    }

    fn record(&mut self, branch: &BranchRef) -> Result<Record, ObserveError> {
        Ok(self.state(Scope::Machine)?.record(branch))
    }

    fn is_switching(&mut self) -> Result<bool, ObserveError> {
        Ok(self.state(Scope::Machine)?.pending_switch.is_some())
    }

    fn web_server_is_down(&mut self) -> bool {
        self.state.as_ref().is_some_and(|state| state.web_is_set_up && !state.web_runs)
    }

    fn parts(&mut self) -> (&mut dyn Host, &mut dyn Progress) {
        (self.host, &mut self.progress)
    }

    fn take_sections(&mut self) -> Vec<SectionTime> {
        Vec::new()
    }

    fn apply(&mut self, plan: &Plan, _: bool) -> Result<(), ApplyError> {
        self.state = self.state.take().map(|state| state.after(plan));
        Ok(())
    }

    fn lock(&mut self, _: &Lock<'_>) -> Result<(), ChangeError> {
        Ok(())
    }

    /// Takes no lock, so changes of others are never predicted.
    fn try_lock(&mut self, _: &Utf8Path, _: &str) -> Result<bool, LockError> {
        Ok(false)
    }

    fn unlock(&mut self, _: &Utf8Path) -> Result<(), LockError> {
        Ok(())
    }

    fn cancel_reason(&mut self) -> Option<String> {
        None
    }

    fn progress(&mut self) -> &mut dyn Progress {
        &mut self.progress
    }
}
