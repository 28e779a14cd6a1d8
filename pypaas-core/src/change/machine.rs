//! Changes of the whole machine.

use std::collections::BTreeSet;

use pypaas_config::BranchRef;

use super::{ChangeError, exclusively, is_switching, lock_branch, run, unlock_branch};
use crate::blame::rejected_files;
use crate::host::Host;
use crate::observe::web_journal;
use crate::plan::{self, Request, Source};
use crate::{Platform, Scope, Story, WebFileName, converge, deploy, observe, records};

/// Something that could not be made to agree with the configuration; it goes on as it was.
#[derive(Debug)]
pub struct Unapplied {
    /// What: a branch, or nginx's files.
    pub subject: String,
    /// Why.
    pub error: ChangeError,
}

/// Makes the whole machine agree with the configuration and the records, for `by`: see [`plan::machine`]. Returns what could
/// not be; one failure stops nothing else.
pub fn converge_machine(
    host: &mut dyn Host,
    platform: &Platform,
    by: &str,
    story: &mut dyn Story,
) -> Result<Vec<Unapplied>, ChangeError> {
    let mut failed = Vec::new();
    if !host.web_server().web_server_runs() && !platform.configuration.domains.is_empty() {
        story.note(
            "nginx does not run: its files are put right, and new processes behind it wait until it does",
        );
    }
    let purpose = format!("applying the configuration for {by}");
    for branch in plan::recorded(platform, &records(host.files(), &platform.layout)?) {
        let work =
            |host: &mut dyn Host, story: &mut dyn Story| converge_branch(host, platform, &branch, by, story);
        if let Err(error) = under_lock(host, platform, &branch, &purpose, story, work) {
            give_up_when_abandoned(host)?;
            failed.push(Unapplied { subject: branch.to_string(), error });
        }
    }
    tidy(host, platform, &purpose, story, &mut failed)?;
    Ok(failed)
}

/// Removes what nobody owns: see [`plan::cleanup`]. Returns what could not be removed.
pub fn cleanup(
    host: &mut dyn Host,
    platform: &Platform,
    by: &str,
    story: &mut dyn Story,
) -> Result<Vec<Unapplied>, ChangeError> {
    let mut failed = Vec::new();
    exclusively(host, platform, story, true, |host, story| {
        run(host, platform, Scope::Machine, |observed| Ok(plan::hooks(platform, observed)), story, true)
    })?;
    tidy(host, platform, &format!("cleaning up for {by}"), story, &mut failed)?;
    Ok(failed)
}

/// Makes a branch, whose lock is held, agree with its record, and then its processes with the configuration.
fn converge_branch(
    host: &mut dyn Host,
    platform: &Platform,
    branch: &BranchRef,
    by: &str,
    story: &mut dyn Story,
) -> Result<(), ChangeError> {
    converge(host, platform, branch, story)?;
    let observed = observe(host, platform, Scope::Branch { branch, commit: None, ports: false })?;
    if !plan::wants_new_processes(platform, &observed, branch)? {
        return Ok(());
    }
    story.note(&format!("{branch} is configured otherwise than it runs"));
    let request = Request { branch: branch.clone(), source: Source::Live, by: by.to_owned() };
    deploy(host, platform, &request, story).map(drop)
}

/// Puts nginx's files right, then removes what is not configured.
fn tidy(
    host: &mut dyn Host,
    platform: &Platform,
    purpose: &str,
    story: &mut dyn Story,
    failed: &mut Vec<Unapplied>,
) -> Result<(), ChangeError> {
    exclusively(host, platform, story, true, |host, story| {
        switch_web_files(host, platform, story, failed);
        Ok(())
    })?;
    if is_switching(host, platform)? {
        // nginx may still send requests to what would be stopped.
        return Ok(());
    }
    let observed = observe(host, platform, Scope::Machine)?;
    for branch in plan::orphans(platform, &observed) {
        let make = |observed: &_| Ok(plan::remove(platform, observed, &branch));
        let work = |host: &mut dyn Host, story: &mut dyn Story| {
            run(host, platform, Scope::Machine, make, story, false)
        };
        if let Err(error) = under_lock(host, platform, &branch, purpose, story, work) {
            give_up_when_abandoned(host)?;
            failed.push(Unapplied { subject: branch.to_string(), error });
        }
    }
    Ok(())
}

/// Makes nginx's files say what they should. A file that nginx rejects goes on saying what it accepted last, and the others
/// do not suffer for it.
fn switch_web_files(
    host: &mut dyn Host,
    platform: &Platform,
    story: &mut dyn Story,
    failed: &mut Vec<Unapplied>,
) {
    let mut held_back = BTreeSet::new();
    loop {
        match switch_but(host, platform, &held_back, story) {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => {
                let blamed = blamed(host, platform, &error).unwrap_or_default();
                let is_known = blamed.is_subset(&held_back);
                held_back.extend(blamed);
                failed.push(Unapplied { subject: "nginx's files".to_owned(), error });
                if is_known {
                    // Nothing can be told apart: all go back.
                    if let Err(error) = switch_but(host, platform, &held_back, story) {
                        failed.push(Unapplied { subject: "nginx's files".to_owned(), error });
                    }
                    return;
                }
            }
        }
    }
}

/// Switches all files but those `held_back`, or takes back a switch that did not end. Returns whether it was the former.
fn switch_but(
    host: &mut dyn Host,
    platform: &Platform,
    held_back: &BTreeSet<WebFileName>,
    story: &mut dyn Story,
) -> Result<bool, ChangeError> {
    let takes_back = is_switching(host, platform)?;
    let make = |observed: &_| plan::web_files(platform, observed, held_back);
    run(host, platform, Scope::Machine, make, story, false)?;
    Ok(!takes_back)
}

/// Names the files of the switch under way that `error` is about.
fn blamed(
    host: &mut dyn Host,
    platform: &Platform,
    error: &ChangeError,
) -> Result<BTreeSet<WebFileName>, ChangeError> {
    let ChangeError::Apply(error) = error else { return Ok(BTreeSet::new()) };
    let journal = web_journal(host.files(), &platform.layout)?.unwrap_or_default();
    Ok(rejected_files(error, &journal))
}

fn under_lock(
    host: &mut dyn Host,
    platform: &Platform,
    branch: &BranchRef,
    purpose: &str,
    story: &mut dyn Story,
    work: impl FnOnce(&mut dyn Host, &mut dyn Story) -> Result<(), ChangeError>,
) -> Result<(), ChangeError> {
    lock_branch(host, platform, branch, purpose, story)?;
    let outcome = work(host, story);
    unlock_branch(host, &platform.layout, branch)?;
    outcome
}

/// Fails when whoever asked does not want it any more.
fn give_up_when_abandoned(host: &mut dyn Host) -> Result<(), ChangeError> {
    host.caller().wants_to_stop().map_or(Ok(()), |reason| Err(ChangeError::Abandoned(reason)))
}
