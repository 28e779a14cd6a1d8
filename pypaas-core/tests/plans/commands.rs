//! Commands, as people give them, carried out on a machine in memory as the program does.

use pypaas_config::BranchRef;
use pypaas_core::plan::{Request, Source};
use pypaas_core::{AttemptKind, Engine, MemoryHost, NoProgress, Platform, record};

use crate::memory::{carry_out, push, restart};

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// `git push` of the so many-th commit. One that was pushed before is a rebuild or a way back.
    Push(BranchRef, u8),
    /// `restart`.
    Restart(BranchRef),
    /// `rollback` to what was live before.
    Rollback(BranchRef),
    /// `maintenance on` or `off`.
    Maintenance(BranchRef, bool),
    /// `stop`; a restart or a push starts it again.
    Stop(BranchRef),
    /// `apply`.
    Apply,
    /// `cleanup`.
    Cleanup,
}

impl Command {
    /// Gives the command. What it could not do in part is an error, too.
    pub(crate) fn give(&self, host: &mut MemoryHost, platform: &Platform) -> Result<(), String> {
        let outcome = match self {
            Self::Push(branch, number) => {
                let request = push(host, platform, branch, *number);
                carry_out(host, platform, &request).map(drop)
            }
            Self::Restart(branch) => carry_out(host, platform, &restart(branch)).map(drop),
            Self::Rollback(branch) => {
                let request = rollback(host, platform, branch)?;
                carry_out(host, platform, &request).map(drop)
            }
            Self::Maintenance(branch, on) => {
                Engine::new(host, platform, &mut NoProgress).maintenance(branch, *on, None, "laptop")
            }
            Self::Stop(branch) => Engine::new(host, platform, &mut NoProgress).stop(branch, "laptop"),
            Self::Apply | Self::Cleanup => {
                let whole = if *self == Self::Apply { Engine::apply } else { Engine::cleanup };
                let failed = whole(&mut Engine::new(host, platform, &mut NoProgress), "laptop");
                let failed = failed.map_err(|error| format!("{error:?}"))?;
                return if failed.is_empty() { Ok(()) } else { Err(format!("{failed:#?}")) };
            }
        };
        outcome.map_err(|error| format!("{error:?}"))
    }

    /// The branch it is about, if it is about one.
    pub(crate) fn branch(&self) -> Option<&BranchRef> {
        match self {
            Self::Push(branch, _)
            | Self::Restart(branch)
            | Self::Rollback(branch)
            | Self::Stop(branch)
            | Self::Maintenance(branch, _) => Some(branch),
            Self::Apply | Self::Cleanup => None,
        }
    }
}

/// Asks for the release before the live one, built again.
fn rollback(host: &mut MemoryHost, platform: &Platform, branch: &BranchRef) -> Result<Request, String> {
    let record =
        record(host, &platform.layout, branch).map_err(|error| error.to_string())?.unwrap_or_default();
    let live = record.live.as_ref().map(|live| live.release);
    let earlier = record
        .releases
        .iter()
        .rev()
        .find(|it| Some(it.release) < live)
        .ok_or("there is no release before it")?;
    let source = Source::Release { release: earlier.release, commit: earlier.commit.clone(), kept: None };
    let kind = AttemptKind::Rollback;
    Ok(Request { branch: branch.clone(), source, kind, by: "laptop".to_owned() })
}
