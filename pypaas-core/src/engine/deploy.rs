//! Deploys, and making a branch agree with its record.

use pypaas_config::{BranchRef, on_one_line};

use super::{ChangeError, Engine};
use crate::plan::{self, Request, Source, Stage};
use crate::rejection::is_rejection;
use crate::{AttemptKind, Record, Scope};

/// What is known of nginx when a change has ended early.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ReloadOutcome {
    /// It rejected its new files, so it serves what it served before.
    Rejected,
    /// It may have loaded them.
    Unknown,
}

impl Engine<'_> {
    /// Makes what `request` names live on its branch, whose lock is held: a deploy, a rebuild or a restart. Returns the
    /// record that says so.
    ///
    /// Whatever fails before the commit point is repaired by planning again from the record; after it, what is left to clean
    /// up is only warned about.
    pub fn deploy(&mut self, request: &Request) -> Result<Record, ChangeError> {
        let branch = &request.branch;
        let commit = request.source.commit();
        self.world.begin(Scope::Branch { branch, commit, ports: true })?;
        self.recover_others(branch)?;
        if self.world.is_switching()? {
            self.converge(branch)?;
        }
        let mut is_live = false;
        for stage in plan::stages(self.platform, branch) {
            match self.run_stage(stage, request) {
                Ok(()) => is_live |= stage == Stage::Switch,
                Err(error) => is_live = self.recover(stage, branch, is_live, error)?,
            }
        }
        Ok(self.world.record(branch)?)
    }

    /// Repairs what a stage that failed has left. Returns whether the new version is live all the same; else fails with the
    /// error of the stage.
    fn recover(
        &mut self,
        stage: Stage,
        branch: &BranchRef,
        was_live: bool,
        error: ChangeError,
    ) -> Result<bool, ChangeError> {
        // What failed may be to sync the record, or what comes after it.
        let is_live = was_live || (stage == Stage::Switch && self.world.record(branch)?.candidate.is_none());
        if is_live {
            let but = match was_live {
                true => "the old version could not be removed",
                false => "its record could not be synced to disk",
            };
            self.world
                .progress()
                .warn(&format!("the new version is live, but {but}: {}", on_one_line(&error)));
        }
        if !was_live {
            let nginx = reload_outcome(stage, &error);
            if let Err(failed) = self.converge_after(branch, nginx) {
                self.world.progress().warn(&format!(
                    "could not restore the previous state completely; the next command will retry: {}",
                    on_one_line(&failed)
                ));
            }
        }
        if is_live { Ok(true) } else { Err(error) }
    }

    /// Makes the machine agree with the record of `branch`, whose lock is held.
    pub fn converge(&mut self, branch: &BranchRef) -> Result<(), ChangeError> {
        self.world.begin(Scope::Branch { branch, commit: None, ports: false })?;
        self.converge_after(branch, ReloadOutcome::Unknown)
    }

    fn converge_after(&mut self, branch: &BranchRef, nginx: ReloadOutcome) -> Result<(), ChangeError> {
        let request = Request {
            branch: branch.clone(),
            source: Source::Live,
            kind: AttemptKind::Apply,
            by: String::new(),
        };
        let restore = Stage::Restore { lenient: true };
        if let Err(error) = self.run_stage(Stage::Clear, &request) {
            let error = on_one_line(&error);
            self.world
                .progress()
                .warn(&format!("the failed version keeps running beside the live one for now: {error}"));
        }
        if self.world.is_switching()? {
            // The switch that did not end is taken back first: what it tried may be what was wrong.
            self.run_stage(restore, &request)?;
        }
        self.run_stage(restore, &request)?;
        if self.world.is_switching()? {
            // What is configured was rejected: its files go back to what nginx accepted, or it would not even start again.
            self.run_stage(restore, &request)?;
        }
        if self.world.is_switching()? && nginx == ReloadOutcome::Unknown {
            self.world.progress().warn(
                "nginx may not be serving what is on disk: nothing is stopped until it accepts its files",
            );
            return Ok(());
        }
        let observed = self.world.observe(Scope::Branch { branch, commit: None, ports: false })?;
        if plan::is_served_unrecorded(self.platform, &observed, branch) {
            self.world.progress().warn(
                "nginx routes to a version that is not recorded as live: nothing is stopped until its files can be repaired",
            );
            return Ok(());
        }
        self.run_stage(Stage::Retire, &request)
    }

    /// Converges the other branches whose deploy was killed: unfinished, and nobody holds their lock.
    fn recover_others(&mut self, own: &BranchRef) -> Result<(), ChangeError> {
        for (branch, record) in self.world.records()? {
            let other = branch != *own && record.is_unfinished() && self.platform.branch(&branch).is_some();
            let lock = self.platform.layout.branch_lock(&branch);
            if other && self.world.try_lock(&lock, "repairing a deploy that was killed")? {
                self.world.progress().note(&format!("repairing {branch}: its last deploy was killed"));
                if let Err(error) = self.converge(&branch) {
                    let error = on_one_line(&error);
                    self.world.progress().warn(&format!("{branch} could not be repaired: {error}"));
                }
                self.world.unlock(&lock)?;
            }
        }
        Ok(())
    }

    fn run_stage(&mut self, stage: Stage, request: &Request) -> Result<(), ChangeError> {
        let commit = request.source.commit();
        let scope = Scope::Branch { branch: &request.branch, commit, ports: stage.looks_at_ports() };
        let platform = self.platform;
        let is_cancellable = stage.can_be_abandoned();
        let run = |engine: &mut Self| {
            engine.run(scope, is_cancellable, |observed| stage.plan(platform, observed, request))
        };
        if stage.is_exclusive() { self.with_machine_lock(is_cancellable, run) } else { run(self) }
    }
}

/// Says what `error` tells of nginx. When a later stage begins, an earlier switch has ended.
fn reload_outcome(stage: Stage, error: &ChangeError) -> ReloadOutcome {
    match error {
        ChangeError::Apply(error) if is_rejection(error) && matches!(stage, Stage::Close | Stage::Switch) => {
            ReloadOutcome::Rejected
        }
        _ => ReloadOutcome::Unknown,
    }
}
