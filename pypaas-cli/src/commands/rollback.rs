//! `rollback`: an earlier release, live again.

use std::process::ExitCode;

use clap::Parser;
use pypaas_config::{BranchRef, Permission};
use pypaas_core::host::Git;
use pypaas_core::plan::{PlanError, Request, Source};
use pypaas_core::{CheckoutName, CommitId, Deployed, Record, Slot, record};

use super::deploying::Deploying;
use crate::arguments::{BranchArguments, WaitArguments};
use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::history::{self, Attempt, Kind, Outcome};
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::terminal;

/// Make an earlier release live again, beside the one that is, with the same checks as a push
#[derive(Debug, Parser)]
#[command(name = "rollback")]
#[command(after_help = "Examples:\n  pypaas rollback shop main            the release before this one\n  \
    pypaas rollback shop main 12         that one; `pypaas releases shop main` lists them\n  \
    pypaas rollback shop main --dry-run  what would be done")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) branch: BranchArguments,
    /// The release's number; without it, the last one before the live one that had another commit
    release: Option<u64>,
    #[command(flatten)]
    wait: WaitArguments,
    /// Print the plan and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Push);

    fn requirement(&self) -> Requirement {
        Requirement::Repo(Permission::Push, self.branch.repo.clone())
    }

    fn effect(&self) -> Effect {
        Effect::Change
    }

    /// Rolls back: at once where the release's checkout is kept, else its commit is built again.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?.waiting(self.wait.lock_timeout);
        let branch = installation.branch(&self.branch.repo, &self.branch.branch)?;
        let layout = &installation.platform.layout;
        let request = |record: &Record| {
            let earlier = target(&installation, &branch, record, self.release)?;
            let is_there = |checkout: &CheckoutName| layout.checkout(&branch, checkout).is_dir();
            let kept = earlier
                .checkout
                .clone()
                .filter(is_there)
                .map(|checkout| Box::new(deployed(&earlier, checkout)));
            let source = Source::Earlier { release: earlier.number, commit: earlier.commit, kept };
            Ok::<_, Failure>(Request { branch: branch.clone(), source, by: invocation.by.clone() })
        };
        let before = record(&mut installation.host(), layout, &branch)?.unwrap_or_default();
        let wanted = request(&before)?;
        let Source::Earlier { release, commit, .. } = &wanted.source else { return Ok(ExitCode::SUCCESS) };
        let deploying = Deploying {
            installation: &installation,
            branch: branch.clone(),
            title: format!("rolling back to release {release}, {},", commit.short()),
            kind: Kind::Rollback,
            invocation,
            received: None,
        };
        if self.dry_run {
            deploying.dry_run(&wanted)?;
            return Ok(ExitCode::SUCCESS);
        }
        // What is live may be another one once the branch's lock is there.
        deploying.run(|record, _| request(record).map(Some))?;
        let head = installation.host().branch_head(&layout.repo(&branch.repo), branch.branch.as_str())?;
        if let Some(head) = head.filter(|head| head != commit) {
            terminal::err(&format!(
                "       In the repository `{}` is still at {}; the next push goes on from there\n",
                branch.branch,
                head.short()
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A release that went live once.
struct Earlier {
    number: u64,
    commit: CommitId,
    subject: String,
    checkout: Option<CheckoutName>,
    builder: Option<String>,
    at: jiff::Timestamp,
}

/// Finds the release that is asked for.
fn target(
    installation: &Installation,
    branch: &BranchRef,
    record: &Record,
    release: Option<u64>,
) -> Result<Earlier, Failure> {
    let live = record.live.as_ref().ok_or_else(|| PlanError::NotDeployed(branch.clone()))?;
    let attempts = history::read_with_record(&installation.platform.layout, branch, record)?;
    let mut known: Vec<Earlier> = attempts.into_iter().filter_map(Earlier::of).collect();
    // Whoever rolls back once more wants to go further back.
    let position = live.restored.unwrap_or(live.release);
    let is_meant = |it: &Earlier| match release {
        Some(release) => it.number == release,
        None => it.number < position && it.commit != live.commit,
    };
    known.sort_by_key(|it| it.number);
    let numbers: Vec<String> = known.iter().map(|it| it.number.to_string()).collect();
    let found = known.into_iter().rev().find(is_meant);
    let found = found.ok_or_else(|| match release {
        Some(release) => Failure::new(
            format!("{branch} has no release {release}"),
            format!("there are: {}", numbers.join(", ")),
        ),
        None => Failure::new(
            format!("{branch} has no earlier release of another commit"),
            format!("`pypaas releases {branch}` lists what there was"),
        ),
    })?;
    match found.number == live.release {
        true => Err(Failure::new(
            format!("release {} of {branch} is live", live.release),
            "`restart` gives it new processes, `rebuild` builds it again",
        )),
        false => Ok(found),
    }
}

impl Earlier {
    fn of(attempt: Attempt) -> Option<Self> {
        let number = attempt.release.filter(|_| attempt.outcome == Outcome::Succeeded)?;
        let Attempt { commit, subject, checkout, builder, at, .. } = attempt;
        Some(Self { number, commit, subject, checkout, builder, at })
    }
}

/// Says what the release was; its slot and processes are chosen anew.
fn deployed(earlier: &Earlier, checkout: CheckoutName) -> Deployed {
    Deployed {
        release: earlier.number,
        commit: earlier.commit.clone(),
        subject: earlier.subject.clone(),
        checkout,
        slot: Slot::A,
        processes: Vec::new(),
        builder: earlier.builder.clone(),
        restored: None,
        by: String::new(),
        at: earlier.at,
    }
}
