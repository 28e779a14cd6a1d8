//! Static runners: nginx's workers must be able to reach the files.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::{RunnerRef, Serves, Severity};

use super::{CheckContext, Diagnostic};
use crate::LinuxHost;
use crate::nginx_master::Master;
use crate::proc::Account;

pub(super) fn check(host: &LinuxHost, context: &CheckContext<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let Some(worker) = worker(host) else { return found };
    let mut told = BTreeSet::new();
    let routed: BTreeSet<&RunnerRef> = context
        .domains()
        .flat_map(|(_, domain)| domain.targets())
        .filter(|it| is_static(context, it))
        .collect();
    for runner in routed {
        let checkouts = host.layout.checkouts(&runner.branch_ref());
        let Some(closed) = closed_directory(&worker, &checkouts) else { continue };
        if told.insert(closed.clone()) {
            found.push(Diagnostic::new(
                Severity::Error,
                "files",
                format!(
                    "nginx, whose workers are the user `{}`, cannot enter `{closed}`: it would answer 403 for the files of \
                     `{runner}`",
                    worker.name()
                ),
                format!("chmod o+x {closed} (others can then open what is in it by name, and not list it)"),
            ));
        }
    }
    found
}

fn is_static(context: &CheckContext<'_>, runner: &RunnerRef) -> bool {
    let branch = context.platform.branch(&runner.branch_ref());
    let config = branch.and_then(|branch| branch.runners.get(&runner.runner));
    config.is_some_and(|config| matches!(config.serves(), Serves::Files { .. }))
}

/// Returns who nginx's workers are; `None` when it does not run, which is told elsewhere.
fn worker(host: &LinuxHost) -> Option<Account> {
    let workers = Master::find(&host.nginx.pid_file).ok()?.workers().ok()?;
    workers.into_iter().find_map(Account::of_process)
}

/// Finds the outermost of the directories down to `directory`, as far as they are there, that `account` may not enter. Links are
/// followed: the home may really be elsewhere.
fn closed_directory(account: &Account, directory: &Utf8Path) -> Option<Utf8PathBuf> {
    let real = directory.ancestors().find_map(|directory| directory.canonicalize_utf8().ok())?;
    let mut directories: Vec<&Utf8Path> = real.ancestors().collect();
    directories.reverse();
    directories.into_iter().find(|directory| account.is_kept_out_of(directory)).map(Utf8Path::to_owned)
}
