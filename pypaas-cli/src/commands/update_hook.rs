//! `update-hook`: what git asks for every pushed ref. For a branch, yes means: it is deployed and serves.

mod refs;

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use camino::Utf8PathBuf;
use clap::Parser;
use jiff::Timestamp;
use pypaas_config::{BranchName, BranchRef, Permission};
use pypaas_core::host::{Clock, Git};
use pypaas_core::plan::Source;
use pypaas_core::{AttemptKind, CommitId, record};

use self::refs::{Ref, note_tag, refuse_other_than_commit};
use super::deploying::Deploying;
use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::format::ago;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::pusher::Pusher;
use crate::terminal;
use pypaas_linux::bare_repo::branch_lock;
use pypaas_linux::git::{branch_in_the_way, comes_after, move_branch};

/// How long git may take to move a branch after its hook has said yes.
const SETTLED: Duration = Duration::from_secs(1);

/// How long git may hold the branch's lock file.
const MOVED: Duration = Duration::from_secs(30);

/// How often the branch is looked at meanwhile.
const INTERVAL: Duration = Duration::from_millis(10);

/// Answer git's `update` hook
#[derive(Debug, Parser)]
#[command(name = "update-hook", hide = true)]
pub(crate) struct Arguments {
    /// The ref's full name
    reference: String,
    /// The commit it points at, or zeros
    old: String,
    /// The commit it is to point at, or zeros
    new: String,
}

impl Arguments {
    /// Says what is pushed, for the audit log: `push shop refs/heads/main 3f2a…..9c17…`.
    pub(super) fn summary(&self) -> String {
        let Self { reference, old, new } = self;
        format!("push {} {reference} {old}..{new}", pushed_repo().unwrap_or_default())
    }
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = None;

    fn requirement(&self) -> Requirement {
        Requirement::Host
    }

    fn effect(&self) -> Effect {
        Effect::ChangeOf(self.summary())
    }

    /// Deploys the pushed commit, or refuses the ref with the reason.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let name = match Ref::read(&self.reference)? {
            Ref::Branch(name) => name,
            Ref::Tag(tag) => {
                note_tag(tag, CommitId::new(self.new.as_str())?.is_zero());
                return Ok(ExitCode::SUCCESS);
            }
        };
        let installation = Installation::load(invocation)?;
        let repo = pushed_repo()?;
        let pusher = Pusher::find(installation.platform.layout.home());
        let received = pusher.and_then(|it| Timestamp::now().duration_since(it.since).try_into().ok());
        let branch = installation.branch(&repo, name)?;
        let (old, new) = (CommitId::new(self.old.as_str())?, CommitId::new(self.new.as_str())?);
        if new.is_zero() {
            return Err(refuse_deletion(&installation, &branch));
        }
        refuse_other_than_commit(&installation, &branch, &new)?;
        if old.is_zero() {
            refuse_clash(&installation, &branch)?;
        }
        let deploying = Deploying {
            installation: &installation,
            branch: branch.clone(),
            title: format!("deploying {} of", new.short()),
            kind: AttemptKind::Push,
            invocation,
            received,
        };
        let mut moved_to = None;
        deploying.run(|record, _, progress| {
            let live = record.live.as_ref();
            // After a rollback the branch is not where what is live is, and nobody is about to move it there.
            let moves_to = live.filter(|live| live.rollback_of.is_none()).map(|live| &live.commit);
            moved_to = where_it_moved(&installation, &branch, &old, &new, moves_to)?;
            if let Some(live) = live.filter(|live| live.commit != old && live.rollback_of.is_some()) {
                progress.note(&format!(
                    "`{}` was at {}, but {} is live: {} rolled it back {}",
                    branch.branch,
                    old.short(),
                    live.commit.short(),
                    live.by,
                    ago(Timestamp::now(), live.at)
                ));
            }
            if record.live.as_ref().is_some_and(|live| live.commit == new) {
                terminal::err(&format!(
                    "{} is live already; to build it again, run `rebuild`\n",
                    new.short()
                ));
                return Ok(None);
            }
            Ok(Some(Source::Commit(new.clone())))
        })?;
        if let Some(head) = moved_to {
            // git moves the branch only from where this push found it.
            let repo = installation.platform.layout.repo(&branch.repo);
            move_branch(&repo, branch.branch.as_str(), &head, &old).map_err(Failure::from_cause)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The hook runs in the bare repository: its directory's name is the repo's.
fn pushed_repo() -> Result<String, Failure> {
    let directory = Utf8PathBuf::try_from(env::current_dir()?)?;
    Ok(directory.file_name().unwrap_or_default().to_owned())
}

fn refuse_deletion(installation: &Installation, branch: &BranchRef) -> Failure {
    let BranchRef { repo, branch } = branch;
    let file = installation.configuration().repos.get(repo).map(|it| it.file.to_string()).unwrap_or_default();
    Failure::new(
        format!("branch `{branch}` is not deleted by a push"),
        format!("take it out of {file} and run `pypaas cleanup`: that stops it and removes what it left"),
    )
}

/// Refuses a new branch that git could not record after its deploy.
fn refuse_clash(installation: &Installation, branch: &BranchRef) -> Result<(), Failure> {
    let repo = installation.platform.layout.repo(&branch.repo);
    let clash = branch_in_the_way(&repo, branch.branch.as_str()).map_err(Failure::from_cause)?;
    let Some(other) = clash else { return Ok(()) };
    if remove_unconfigured(installation, branch, &other)? {
        return refuse_clash(installation, branch);
    }
    Err(Failure::new(
        format!(
            "git cannot store branch `{}` next to branch `{other}`, which was pushed before",
            branch.branch
        ),
        format!(
            "give one of them another name; if `{other}` is not needed any more, take it out of the configuration, then \
             push again"
        ),
    ))
}

/// Removes the branch `other` from the repository if it is not configured any more and nothing of it is deployed: nobody can
/// push to it, or deploy it.
fn remove_unconfigured(
    installation: &Installation,
    branch: &BranchRef,
    other: &str,
) -> Result<bool, Failure> {
    let Ok(name) = BranchName::new(other) else { return Ok(false) };
    let other = BranchRef { repo: branch.repo.clone(), branch: name };
    if installation.platform.branch(&other).is_some() {
        return Ok(false);
    }
    let (layout, mut host) = (&installation.platform.layout, installation.host());
    if record(&mut host, layout, &other)?.is_some() {
        return Err(Failure::new(
            format!(
                "git cannot store branch `{}` next to branch `{}`, which still runs though it is not configured",
                branch.branch, other.branch
            ),
            "run `pypaas cleanup`, which removes it, then push again",
        ));
    }
    let repo = layout.repo(&branch.repo);
    let Some(head) = host.branch_head(&repo, other.branch.as_str())? else { return Ok(false) };
    let none = CommitId::new("0".repeat(40))?;
    move_branch(&repo, other.branch.as_str(), &head, &none).map_err(Failure::from_cause)?;
    terminal::err(&format!(
        "note: branch `{}`, which is not configured any more, is removed from the repository; it was at {head}\n",
        other.branch
    ));
    Ok(true)
}

/// Two pushes of one ref both get here, the second when the first is done. Returns where the branch is if it has moved
/// since this push began, and the new commit comes after that one; fails if it does not, for that would undo the first.
///
/// The push before this one gives the lock back when its hook ends; git moves the branch a moment later. A deploy that was
/// killed after its commit point leaves the branch behind for good.
fn where_it_moved(
    installation: &Installation,
    branch: &BranchRef,
    old: &CommitId,
    new: &CommitId,
    live: Option<&CommitId>,
) -> Result<Option<CommitId>, Failure> {
    let repo = installation.platform.layout.repo(&branch.repo);
    let name = branch.branch.as_str();
    let lock = branch_lock(&repo, name);
    let mut host = installation.host();
    let begin = host.elapsed();
    let mut head = host.branch_head(&repo, name)?;
    let mut told = false;
    loop {
        let waited = host.elapsed().saturating_sub(begin);
        let moving = lock.exists();
        let lags = live.is_some() && head.as_ref() != live && waited < SETTLED;
        if !moving && !lags {
            break;
        }
        if moving && waited > MOVED {
            return Err(Failure::new(
                format!("git does not finish writing down where branch `{name}` is: `{lock}` is there"),
                "if no other push is under way, remove that file, then push again",
            ));
        }
        if moving && waited > SETTLED && !told {
            let what = live.map_or(name, CommitId::short);
            terminal::err(&format!("       waiting until git has recorded {what}\n"));
            told = true;
        }
        host.pause(INTERVAL);
        head = host.branch_head(&repo, name)?;
    }
    if head.as_ref() == Some(old).filter(|old| !old.is_zero()) {
        return Ok(None);
    }
    if let Some(head) = head
        && comes_after(&repo, new, &head).map_err(Failure::from_cause)?
    {
        return Ok(Some(head));
    }
    Err(Failure::new(format!("branch `{name}` changed while you were pushing"), "fetch, then push again"))
}
