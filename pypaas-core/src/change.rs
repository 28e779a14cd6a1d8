//! Changes: observing, planning and applying stage by stage, under locks, and mending what breaks.

mod machine;
mod waiting;

use pypaas_config::BranchRef;

use crate::blame::{blame, is_rejection};
use crate::host::{Host, LockError};
use crate::observe::web_journal;
use crate::plan::{self, PlanError, Request, Source, Stage};
use crate::{
    ApplyError, ObserveError, Plan, Platform, Record, Scope, Story, apply, observe, record, records,
};

pub use machine::{Unapplied, cleanup, converge_machine};
use waiting::take;
pub use waiting::{lock_branch, queue_for_branch, unlock_branch};

/// Says why a change did not happen. What was live before is live.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The machine cannot be seen.
    #[error(transparent)]
    Observe(#[from] ObserveError),
    /// No plan could be made.
    #[error("cannot plan it")]
    Plan(#[from] PlanError),
    /// A step failed.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// A lock cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Somebody else is at it, for too long.
    #[error("gave up after {seconds} s: {holder}")]
    Busy {
        /// How long was waited, in seconds.
        seconds: u64,
        /// Who it is, since when, and for what.
        holder: String,
    },
    /// Another push of the same branch came after it and waits, too.
    #[error("a newer push of the branch waits, too: {0}")]
    Superseded(String),
    /// Whoever asked does not want it any more.
    #[error("abandoned while waiting for a lock: {0}")]
    Abandoned(String),
}

/// Makes what `request` names live on its branch, whose lock is held: a deploy, a rebuild or a restart. Returns the
/// record that says so.
///
/// Whatever fails before the commit point is mended by planning again from the record; after it, what is left to tidy up
/// is only warned about.
pub fn deploy(
    host: &mut dyn Host,
    platform: &Platform,
    request: &Request,
    story: &mut dyn Story,
) -> Result<Record, ChangeError> {
    recover_others(host, platform, &request.branch, story)?;
    if is_switching(host, platform)? {
        converge(host, platform, &request.branch, story)?;
    }
    let mut is_live = false;
    for stage in plan::stages(platform, &request.branch) {
        let Err(error) = run_stage(host, platform, stage, request, story) else {
            is_live |= stage == Stage::Switch;
            continue;
        };
        let was_live = is_live;
        // What failed may be to make sure of the record, or what comes after it.
        is_live |= stage == Stage::Switch && !is_trying(host, platform, &request.branch)?;
        if is_live {
            let but = if was_live { "the old one is not gone" } else { "making sure of it failed" };
            story.warn(&format!("the new version is live, but {but}: {}", crate::apply::chain(&error)));
        }
        if !was_live {
            let nginx = nginx_after(stage, &error);
            let mended = converge_after(host, platform, &request.branch, story, nginx);
            if let Err(failed) = mended {
                let failed = crate::apply::chain(&failed);
                story.warn(&format!("not all is as it was before; the next command tries again: {failed}"));
            }
        }
        if !is_live {
            return Err(error);
        }
    }
    Ok(record(host.files(), &platform.layout, &request.branch)?.unwrap_or_default())
}

/// Switches maintenance of `branch`, whose lock is held, on, with a message to visitors, or off.
pub fn maintenance(
    host: &mut dyn Host,
    platform: &Platform,
    branch: &BranchRef,
    on: bool,
    message: Option<&str>,
    story: &mut dyn Story,
) -> Result<(), ChangeError> {
    let make = |observed: &_| plan::maintenance(platform, observed, branch, on, message);
    answer_otherwise(host, platform, branch, make, story)
}

/// Stops the processes of `branch`, whose lock is held, until something is made live on it again.
pub fn stop(
    host: &mut dyn Host,
    platform: &Platform,
    branch: &BranchRef,
    story: &mut dyn Story,
) -> Result<(), ChangeError> {
    let make = |observed: &_| plan::stop(platform, observed, branch);
    answer_otherwise(host, platform, branch, make, story)?;
    converge(host, platform, branch, story)
}

/// Makes nginx answer otherwise for `branch`, and remembers that.
fn answer_otherwise(
    host: &mut dyn Host,
    platform: &Platform,
    branch: &BranchRef,
    make: impl FnOnce(&crate::Observed) -> Result<Plan, PlanError>,
    story: &mut dyn Story,
) -> Result<(), ChangeError> {
    converge(host, platform, branch, story)?;
    let outcome = exclusively(host, platform, story, true, |host, story| {
        run(host, platform, Scope::Branch { branch, commit: None, ports: false }, make, story, true)
    });
    if outcome.is_err() {
        converge(host, platform, branch, story)?;
    }
    outcome
}

/// Makes the machine agree with the record of `branch`, whose lock is held.
pub fn converge(
    host: &mut dyn Host,
    platform: &Platform,
    branch: &BranchRef,
    story: &mut dyn Story,
) -> Result<(), ChangeError> {
    converge_after(host, platform, branch, story, NginxHas::PerhapsSwitched)
}

/// What is known of nginx when a change has ended early.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NginxHas {
    /// It rejected its new files, so it serves what it served before.
    NotSwitched,
    /// Nothing is known.
    PerhapsSwitched,
}

fn converge_after(
    host: &mut dyn Host,
    platform: &Platform,
    branch: &BranchRef,
    story: &mut dyn Story,
    nginx: NginxHas,
) -> Result<(), ChangeError> {
    let request = Request { branch: branch.clone(), source: Source::Live, by: String::new() };
    if let Err(error) = run_stage(host, platform, Stage::Clear, &request, story) {
        let error = crate::apply::chain(&error);
        story.warn(&format!("what was tried runs beside what is live for a while: {error}"));
    }
    if is_switching(host, platform)? {
        // The switch that did not end is taken back first: what it tried may be what was wrong.
        run_stage(host, platform, Stage::Restore { lenient: true }, &request, story)?;
    }
    run_stage(host, platform, Stage::Restore { lenient: true }, &request, story)?;
    if is_switching(host, platform)? {
        // What is wanted was rejected: its files go back to what nginx accepted, or it would not even start again.
        run_stage(host, platform, Stage::Restore { lenient: true }, &request, story)?;
    }
    if is_switching(host, platform)? && nginx == NginxHas::PerhapsSwitched {
        story.warn(
            "nginx may serve something else than its files say: nothing is stopped until it accepts them",
        );
        return Ok(());
    }
    let observed = observe(host, platform, Scope::Branch { branch, commit: None, ports: false })?;
    if plan::is_served_unrecorded(platform, &observed, branch) {
        story.warn(
            "nginx leads to a version that is not recorded as live: nothing is stopped until its files can be put right",
        );
        return Ok(());
    }
    run_stage(host, platform, Stage::Retire, &request, story)
}

/// Returns whether a switch of nginx's files has not ended.
fn is_switching(host: &mut dyn Host, platform: &Platform) -> Result<bool, ChangeError> {
    Ok(web_journal(host.files(), &platform.layout)?.is_some())
}

/// Returns whether the record of `branch` has something that is tried.
fn is_trying(host: &mut dyn Host, platform: &Platform, branch: &BranchRef) -> Result<bool, ChangeError> {
    Ok(record(host.files(), &platform.layout, branch)?.is_some_and(|record| record.trying.is_some()))
}

/// Says what `error` tells of nginx. When a later stage begins, an earlier switch has ended.
fn nginx_after(stage: Stage, error: &ChangeError) -> NginxHas {
    match error {
        ChangeError::Apply(error) if is_rejection(error) && matches!(stage, Stage::Close | Stage::Switch) => {
            NginxHas::NotSwitched
        }
        _ => NginxHas::PerhapsSwitched,
    }
}

/// Converges the other branches whose deploy was killed: unfinished, and nobody holds their lock.
fn recover_others(
    host: &mut dyn Host,
    platform: &Platform,
    own: &BranchRef,
    story: &mut dyn Story,
) -> Result<(), ChangeError> {
    for (branch, record) in records(host.files(), &platform.layout)? {
        let other = branch != *own && record.is_unfinished() && platform.branch(&branch).is_some();
        let lock = platform.layout.branch_lock(&branch);
        if other && host.locks().try_lock(&lock, "mending a deploy that was killed")? {
            story.note(&format!("mending {branch}: its last deploy was killed"));
            if let Err(error) = converge(host, platform, &branch, story) {
                let error = crate::apply::chain(&error);
                story.warn(&format!("{branch} could not be mended: {error}"));
            }
            host.locks().unlock(&lock)?;
        }
    }
    Ok(())
}

fn run_stage(
    host: &mut dyn Host,
    platform: &Platform,
    stage: Stage,
    request: &Request,
    story: &mut dyn Story,
) -> Result<(), ChangeError> {
    let commit = request.source.commit();
    let scope = Scope::Branch { branch: &request.branch, commit, ports: stage.looks_at_ports() };
    let make = |observed: &_| stage.plan(platform, observed, request);
    let abandonable = stage.can_be_abandoned();
    if stage.is_exclusive() {
        exclusively(host, platform, story, abandonable, |host, story| {
            run(host, platform, scope, make, story, abandonable)
        })
    } else {
        run(host, platform, scope, make, story, abandonable)
    }
}

fn run(
    host: &mut dyn Host,
    platform: &Platform,
    scope: Scope<'_>,
    make: impl FnOnce(&crate::Observed) -> Result<Plan, PlanError>,
    story: &mut dyn Story,
    can_be_abandoned: bool,
) -> Result<(), ChangeError> {
    let observed = observe(host, platform, scope)?;
    let plan = make(&observed)?;
    Ok(apply(&plan, &platform.layout, host, story, can_be_abandoned)
        .map_err(|error| blame(platform, host.files(), error))?)
}

/// Runs `work` while the machine's lock is held. Waiting for it ends when the caller wants to stop, unless what is to be
/// done must be done all the same: mending what an abandoned change left.
fn exclusively(
    host: &mut dyn Host,
    platform: &Platform,
    story: &mut dyn Story,
    can_be_abandoned: bool,
    work: impl FnOnce(&mut dyn Host, &mut dyn Story) -> Result<(), ChangeError>,
) -> Result<(), ChangeError> {
    let lock = platform.layout.machine_lock();
    take(host, platform, &lock, "switching nginx", story, can_be_abandoned, None)?;
    let outcome = work(host, story);
    host.locks().unlock(&lock)?;
    outcome
}
