//! Attempts: a change that makes something live, from the lock of its branch to its line in the history.

use std::time::Duration;

use jiff::Timestamp;
use pypaas_config::{BranchRef, on_one_line};

use super::{ChangeError, Engine};
use crate::apply::ApplyError;
use crate::host::{CommandError, Host};
use crate::plan::{Request, Source};
use crate::{Attempt, AttemptKind, History, NotReady, Outcome, Progress, Record, SectionTime};

/// What is asked for, by whom, and how the history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// On which branch.
    pub branch: BranchRef,
    /// What it is called while it is under way, such as `deploying 3f2a3f2a3f2`.
    pub title: String,
    /// What is asked for.
    pub kind: AttemptKind,
    /// Who asks: the name of an SSH key, or `local`.
    pub by: String,
    /// From which address; `None` for a command on the host itself.
    pub from: Option<String>,
    /// When it began.
    pub at: Timestamp,
    /// What of the configuration concerns the branch, to be compared later, under its hash.
    pub configuration: Option<(String, String)>,
    /// The name of the file that holds what the attempt prints.
    pub log: Option<String>,
}

/// An error with which an attempt ends.
pub trait AttemptError: From<ChangeError> {
    /// Returns whether the attempt was canceled, so that nothing is wrong with what was tried.
    fn is_canceled(&self) -> bool;

    /// Returns the error with its causes, as the history keeps it.
    fn reason(&self) -> String;
}

impl AttemptError for ChangeError {
    fn is_canceled(&self) -> bool {
        // A transparent error is not in its own chain of causes.
        if let Self::Apply(ApplyError::Abandoned { .. }) | Self::Abandoned(_) | Self::Superseded(_) = self {
            return true;
        }
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            if matches!(error.downcast_ref(), Some(NotReady::Abandoned(_)))
                || matches!(error.downcast_ref(), Some(CommandError::Stopped { .. }))
            {
                return true;
            }
            cause = error.source();
        }
        false
    }

    fn reason(&self) -> String {
        on_one_line(self)
    }
}

/// How an attempt ended.
#[derive(Debug)]
pub struct Attempted<E> {
    /// The record that names the new version as live; `None` when there was nothing to do.
    pub outcome: Result<Option<Record>, E>,
    /// The line of the history; `None` when nothing was tried.
    pub attempt: Option<Attempt>,
}

/// Decides under the branch's lock what to make live, from the record as it is then; `None`: nothing. What it has to check on
/// the host before anything changes it checks in [`Decide::check`].
pub trait Decide<E> {
    /// Decides.
    fn source(
        &mut self,
        record: &Record,
        host: &mut dyn Host,
        progress: &mut dyn Progress,
    ) -> Result<Option<Source>, E>;

    /// Checks what the deploy needs. An error refuses it, and is kept in the history.
    fn check(&mut self, progress: &mut dyn Progress) -> Result<(), E>;
}

impl<E, F: FnMut(&Record, &mut dyn Host) -> Result<Option<Source>, E>> Decide<E> for F {
    fn source(
        &mut self,
        record: &Record,
        host: &mut dyn Host,
        _: &mut dyn Progress,
    ) -> Result<Option<Source>, E> {
        self(record, host)
    }

    fn check(&mut self, _: &mut dyn Progress) -> Result<(), E> {
        Ok(())
    }
}

impl Engine<'_> {
    /// Takes the lock of the branch, of several pushes only for the newest, lets `decide` say what to make live, does it,
    /// and writes down how it ended.
    pub fn attempt<E: AttemptError>(&mut self, order: &Order, decide: &mut dyn Decide<E>) -> Attempted<E> {
        let purpose = format!("{} {} for {}", order.title, order.branch, order.by);
        let lock = match order.kind {
            AttemptKind::Push => Self::queue_for_branch,
            _ => Self::lock_branch,
        };
        if let Err(error) = lock(self, &order.branch, &purpose) {
            return Attempted { outcome: Err(error.into()), attempt: None };
        }
        let mut attempt = None;
        let outcome = self.attempt_locked(order, decide, &mut attempt);
        let outcome = match self.unlock_branch(&order.branch) {
            Ok(()) => outcome,
            Err(error) => Err(error.into()),
        };
        Attempted { outcome, attempt }
    }

    fn attempt_locked<E: AttemptError>(
        &mut self,
        order: &Order,
        decide: &mut dyn Decide<E>,
        attempt: &mut Option<Attempt>,
    ) -> Result<Option<Record>, E> {
        let before = self.world.record(&order.branch).map_err(ChangeError::from)?;
        self.record_killed(&order.branch, &before);
        let (host, progress) = self.world.parts();
        let Some(source) = decide.source(&before, host, progress)? else { return Ok(None) };
        let Order { branch, kind, by, .. } = order.clone();
        let request = Request { branch, source, kind, by };
        let begin = self.elapsed();
        self.world.take_sections();
        let outcome =
            decide.check(self.world.progress()).and_then(|()| self.deploy(&request).map_err(E::from));
        let took = self.elapsed().saturating_sub(begin);
        *attempt = self.describe(order, &request, &before, outcome.as_ref()).map(|described| {
            let timed =
                Attempt { seconds: took.as_secs_f64(), sections: self.world.take_sections(), ..described };
            self.record_attempt(&order.branch, timed)
        });
        outcome.map(Some)
    }

    /// Writes down the attempt before this one, if pypaas was killed before it could do so itself.
    fn record_killed(&mut self, branch: &BranchRef, before: &Record) {
        let Some(candidate) = &before.candidate else { return };
        let layout = &self.platform.layout;
        let known = History::new(self.world.parts().0.files(), layout, branch).read().unwrap_or_default();
        let is_it = |it: &Attempt| it.checkout.as_ref() == Some(&candidate.checkout) && it.at == candidate.at;
        if known.iter().any(is_it) {
            return;
        }
        let reason = Some("pypaas was killed during the deploy".to_owned());
        self.record_attempt(branch, Attempt { reason, ..Attempt::of(candidate, Outcome::Abandoned) });
    }

    /// Describes how an attempt ended.
    fn describe<E: AttemptError>(
        &mut self,
        order: &Order,
        request: &Request,
        before: &Record,
        outcome: Result<&Record, &E>,
    ) -> Option<Attempt> {
        let Order { branch, configuration, .. } = order;
        let live = outcome.ok().and_then(|record| record.live.as_ref());
        let known = before.live.as_ref().map(|live| &live.commit);
        let commit = live.map(|live| &live.commit).or(request.source.commit()).or(known)?.clone();
        let layout = &self.platform.layout;
        let host = self.world.parts().0;
        let subject = host.git().commit(&layout.repo(&branch.repo), &commit, &[]).map(|found| found.subject);
        let mut history = History::new(host.files(), layout, branch);
        let configuration = configuration
            .as_ref()
            .and_then(|(hash, text)| history.keep_configuration(hash, text).ok().map(|()| hash.clone()));
        Some(Attempt {
            outcome: match outcome {
                Ok(_) => Outcome::Succeeded,
                Err(error) if error.is_canceled() => Outcome::Abandoned,
                Err(_) => Outcome::Refused,
            },
            kind: order.kind,
            release: live.map(|live| live.release),
            rollback_of: live.and_then(|live| live.rollback_of),
            commit,
            subject: subject.unwrap_or_default(),
            by: order.by.clone(),
            from: order.from.clone(),
            at: order.at,
            seconds: 0.0,
            sections: Vec::<SectionTime>::new(),
            configuration,
            checkout: live.map(|live| live.checkout.clone()),
            builder: live.and_then(|live| live.builder.clone()),
            manifest: live.and_then(|live| live.manifest.clone()),
            log: order.log.clone(),
            reason: outcome.err().map(E::reason),
            totals: Default::default(),
            unknown: Default::default(),
        })
    }

    /// Returns the attempt as the history has it. A history that cannot be written does not undo a deploy.
    fn record_attempt(&mut self, branch: &BranchRef, attempt: Attempt) -> Attempt {
        let layout = &self.platform.layout;
        let (host, progress) = self.world.parts();
        History::new(host.files(), layout, branch).append(attempt.clone()).unwrap_or_else(|error| {
            progress.warn(&format!("cannot add this to the history of {branch}: {}", on_one_line(&error)));
            attempt
        })
    }

    fn elapsed(&mut self) -> Duration {
        self.world.parts().0.clock().elapsed()
    }
}
