//! Changes of the whole machine.

use std::collections::BTreeSet;

use pypaas_config::{BranchRef, RepoName};

use super::{ChangeError, Engine};
use crate::plan::{self, Request, Source};
use crate::rejection::rejected_files;
use crate::{AttemptKind, PendingSwitch, Scope, WebFileName};

/// Something that could not be made to agree with the configuration; it goes on as it was.
#[derive(Debug)]
pub struct ApplyFailure {
    /// What: a branch, or nginx's files.
    pub subject: String,
    /// Why.
    pub error: ChangeError,
}

impl Engine<'_> {
    /// Makes the whole machine agree with the configuration and the records, for `by`: what is live runs, processes whose
    /// configuration has changed are replaced as a restart does it, nginx's files say what is configured, and what is not
    /// configured any more is gone. Returns what could not be applied; one failure stops nothing else.
    pub fn apply(&mut self, by: &str) -> Result<Vec<ApplyFailure>, ChangeError> {
        self.world.begin(Scope::Machine)?;
        let mut failed = Vec::new();
        if self.world.web_server_is_down() && !self.platform.configuration.domains.is_empty() {
            self.world.progress().note(
                "nginx does not run: its files are written, and new processes behind it wait until it does",
            );
        }
        let purpose = format!("applying the configuration for {by}");
        for branch in plan::recorded(self.platform, &self.world.records()?) {
            let outcome = self.with_branch_lock(&branch, &purpose, |engine| engine.apply_branch(&branch, by));
            if let Err(error) = outcome {
                self.check_not_canceled()?;
                failed.push(ApplyFailure { subject: branch.to_string(), error });
            }
        }
        self.collect_garbage(&purpose, None, &mut failed)?;
        Ok(failed)
    }

    /// Removes services, checkouts, records and nginx files of branches and domains that are not configured any more, and
    /// repairs the hook of every repository, for `by`. Repositories and data directories stay; what belongs to a broken
    /// configuration file stays too. Returns what could not be removed.
    pub fn cleanup(&mut self, by: &str) -> Result<Vec<ApplyFailure>, ChangeError> {
        self.world.begin(Scope::Machine)?;
        let mut failed = Vec::new();
        let platform = self.platform;
        self.with_machine_lock(true, |engine| {
            engine.run(Scope::Machine, true, |observed| Ok(plan::hooks(platform, observed)))
        })?;
        self.collect_garbage(&format!("cleaning up for {by}"), None, &mut failed)?;
        Ok(failed)
    }

    /// Removes services, checkouts, records and routes of `repo`, which is not configured any more, for `by`. Its repository and
    /// what else [`Layout::of_repo`](crate::Layout::of_repo) lists stay. Returns what could not be removed.
    pub fn remove(&mut self, repo: &RepoName, by: &str) -> Result<Vec<ApplyFailure>, ChangeError> {
        self.world.begin(Scope::Machine)?;
        let mut failed = Vec::new();
        self.collect_garbage(&format!("removing {repo} for {by}"), Some(repo), &mut failed)?;
        Ok(failed)
    }

    /// Makes nginx's files say what is configured, and nothing else. Returns what could not be changed.
    pub fn apply_web_files(&mut self) -> Result<Vec<ApplyFailure>, ChangeError> {
        self.world.begin(Scope::Machine)?;
        let mut failed = Vec::new();
        self.with_machine_lock(true, |engine| {
            engine.switch_web_files(&mut failed);
            Ok(())
        })?;
        Ok(failed)
    }

    /// Makes a branch, whose lock is held, agree with its record, and then its processes with the configuration.
    fn apply_branch(&mut self, branch: &BranchRef, by: &str) -> Result<(), ChangeError> {
        self.converge(branch)?;
        let observed = self.world.observe(Scope::Branch { branch, commit: None, ports: false })?;
        if !plan::wants_new_processes(self.platform, &observed, branch)? {
            return Ok(());
        }
        self.world.progress().note(&format!("{branch} runs with an outdated configuration"));
        let request = Request {
            branch: branch.clone(),
            source: Source::Live,
            kind: AttemptKind::Apply,
            by: by.to_owned(),
        };
        self.deploy(&request).map(drop)
    }

    /// Makes nginx's files right, then removes what is not configured: of one repo, or of all.
    fn collect_garbage(
        &mut self,
        purpose: &str,
        only: Option<&RepoName>,
        failed: &mut Vec<ApplyFailure>,
    ) -> Result<(), ChangeError> {
        self.with_machine_lock(true, |engine| {
            engine.switch_web_files(failed);
            Ok(())
        })?;
        if self.world.is_switching()? {
            // nginx may still send requests to what would be stopped.
            return Ok(());
        }
        let platform = self.platform;
        let observed = self.world.observe(Scope::Machine)?;
        let unconfigured = plan::unconfigured_branches(platform, &observed);
        for branch in unconfigured.into_iter().filter(|it| only.is_none_or(|repo| it.repo == *repo)) {
            let outcome = self.with_branch_lock(&branch, purpose, |engine| {
                engine.run(Scope::Machine, false, |observed| {
                    Ok(plan::remove_branch(platform, observed, &branch))
                })
            });
            if let Err(error) = outcome {
                self.check_not_canceled()?;
                failed.push(ApplyFailure { subject: branch.to_string(), error });
            }
        }
        Ok(())
    }

    /// Makes nginx's files say what they should. A file that nginx rejects goes on saying what it accepted last, and the
    /// others do not suffer for it.
    fn switch_web_files(&mut self, failed: &mut Vec<ApplyFailure>) {
        let mut excluded = BTreeSet::new();
        loop {
            match self.switch_except(&excluded) {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => {
                    let rejected = self.rejected_files(&error).unwrap_or_default();
                    let is_known = rejected.is_subset(&excluded);
                    excluded.extend(rejected);
                    failed.push(ApplyFailure { subject: "nginx's files".to_owned(), error });
                    if is_known {
                        // Nothing can be told apart: all go back.
                        if let Err(error) = self.switch_except(&excluded) {
                            failed.push(ApplyFailure { subject: "nginx's files".to_owned(), error });
                        }
                        return;
                    }
                }
            }
        }
    }

    /// Switches all files except those `excluded`, or takes back a switch that did not end. Returns whether it was the former.
    fn switch_except(&mut self, excluded: &BTreeSet<WebFileName>) -> Result<bool, ChangeError> {
        let takes_back = self.world.is_switching()?;
        let platform = self.platform;
        self.run(Scope::Machine, false, |observed| plan::web_files(platform, observed, excluded))?;
        Ok(!takes_back)
    }

    /// Names the files of the switch under way that `error` is about.
    fn rejected_files(&mut self, error: &ChangeError) -> Result<BTreeSet<WebFileName>, ChangeError> {
        let ChangeError::Apply(error) = error else { return Ok(BTreeSet::new()) };
        let layout = &self.platform.layout;
        let journal = crate::observe::pending_switch(self.world.parts().0.files(), layout)?;
        Ok(rejected_files(error, &journal.unwrap_or_else(PendingSwitch::default)))
    }
}
