//! The real host as a world.

use std::collections::BTreeMap;

use camino::Utf8Path;
use pypaas_config::BranchRef;

use super::section_times::SectionTimes;
use super::world::{Lock, World};
use super::{ChangeError, waiting};
use crate::host::{Host, LockError};
use crate::observe::pending_switch;
use crate::{
    ApplyError, ObserveError, Observed, Plan, Platform, Progress, Record, Scope, SectionTime, apply, observe,
    record, records,
};

/// A host, and who is told what is done to it.
pub(super) struct RealWorld<'a> {
    pub(super) host: &'a mut dyn Host,
    pub(super) platform: &'a Platform,
    pub(super) progress: &'a mut dyn Progress,
    pub(super) sections: Vec<SectionTime>,
}

impl World for RealWorld<'_> {
    fn begin(&mut self, _: Scope<'_>) -> Result<(), ObserveError> {
        Ok(())
    }

    fn observe(&mut self, scope: Scope<'_>) -> Result<Observed, ObserveError> {
        observe(self.host, self.platform, scope)
    }

    fn records(&mut self) -> Result<BTreeMap<BranchRef, Record>, ObserveError> {
        records(self.host.files(), &self.platform.layout)
    }

    fn record(&mut self, branch: &BranchRef) -> Result<Record, ObserveError> {
        Ok(record(self.host.files(), &self.platform.layout, branch)?.unwrap_or_default())
    }

    fn is_switching(&mut self) -> Result<bool, ObserveError> {
        Ok(pending_switch(self.host.files(), &self.platform.layout)?.is_some())
    }

    fn web_server_is_down(&mut self) -> bool {
        let web_server = self.host.web_server();
        web_server.web_server_is_set_up() && !web_server.web_server_runs()
    }

    fn parts(&mut self) -> (&mut dyn Host, &mut dyn Progress) {
        (self.host, self.progress)
    }

    fn take_sections(&mut self) -> Vec<SectionTime> {
        std::mem::take(&mut self.sections)
    }

    fn apply(&mut self, plan: &Plan, is_cancellable: bool) -> Result<(), ApplyError> {
        let mut timed = SectionTimes::new(self.progress, &mut self.sections);
        apply(plan, &self.platform.layout, self.host, &mut timed, is_cancellable)
    }

    fn lock(&mut self, lock: &Lock<'_>) -> Result<(), ChangeError> {
        let timeout = self.platform.configuration.settings.lock_timeout;
        waiting::acquire(self.host, self.progress, lock, timeout)
    }

    fn try_lock(&mut self, path: &Utf8Path, note: &str) -> Result<bool, LockError> {
        self.host.locks().try_lock(path, note)
    }

    fn unlock(&mut self, path: &Utf8Path) -> Result<(), LockError> {
        self.host.locks().unlock(path)
    }

    fn cancel_reason(&mut self) -> Option<String> {
        self.host.caller().wants_to_stop()
    }

    fn progress(&mut self) -> &mut dyn Progress {
        self.progress
    }
}
