//! `rollback`: an earlier release, live again.

use std::process::ExitCode;

use clap::Parser;
use pypaas_config::Permission;
use pypaas_core::host::{Git, Host};
use pypaas_core::plan::Source;
use pypaas_core::{AttemptKind, Progress, Record, RollbackError, record, rollback};

use super::deploying::Deploying;
use crate::arguments::{BranchArguments, WaitArguments};
use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::terminal;

/// Make an earlier release live again, with the same checks as a push
#[derive(Debug, Parser)]
#[command(name = "rollback")]
#[command(after_help = "Examples:\n  pypaas rollback shop            the release before this one\n  \
    pypaas rollback shop 12         release 12; `pypaas releases shop` lists them\n  \
    pypaas rollback shop --dry-run  what would be done")]
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
        let release = self.release;
        let decide = |record: &Record, host: &mut dyn Host, _: &mut dyn Progress| {
            Ok(Some(rollback(host.files(), layout, &branch, record, release).map_err(explain)?))
        };
        let mut host = installation.host();
        let before = record(&mut host, layout, &branch)?.unwrap_or_default();
        let found = rollback(&mut host, layout, &branch, &before, release).map_err(explain)?;
        let Source::Release { release, commit, .. } = &found else { return Ok(ExitCode::SUCCESS) };
        let deploying = Deploying {
            installation: &installation,
            branch: branch.clone(),
            title: format!("rolling back to release {release}, {}, of", commit.short()),
            kind: AttemptKind::Rollback,
            invocation,
            received: None,
        };
        if self.dry_run {
            deploying.dry_run(decide)?;
            return Ok(ExitCode::SUCCESS);
        }
        // What is live may be another one once the branch's lock is there.
        deploying.run(decide)?;
        let head = installation.host().branch_head(&layout.repo(&branch.repo), branch.branch.as_str())?;
        if let Some(head) = head.filter(|head| head != commit) {
            terminal::err(&format!(
                "       In the repository `{}` is still at {}; the next push continues from there\n",
                branch.branch,
                head.short()
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Says what there is to go back to.
fn explain(error: RollbackError) -> Failure {
    let hint = match &error {
        RollbackError::NoSuchRelease { known, .. } => {
            let known: Vec<String> = known.iter().map(u64::to_string).collect();
            format!("there are: {}", known.join(", "))
        }
        RollbackError::NoEarlier(branch) => format!("`pypaas releases {branch}` lists what there was"),
        _ => return error.into(),
    };
    Failure::new(error.to_string(), hint)
}
