//! Problems of what is deployed: `check` and `apply` are not silent about a branch that does not serve.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use camino::Utf8Path;
use pypaas_config::{BranchRef, Diagnostic, Severity};
use pypaas_core::{Deployment, NotRunning, persist_words, records, written_words};
use pypaas_linux::written_files;

use crate::failure::Failure;
use crate::format::span;
use crate::installation::Installation;
use crate::{jobs, violations};

/// How far back starts are counted, to tell a process that crashes again and again from one that just started.
const LATELY: Duration = Duration::from_secs(60);

/// How many starts in that time are a crash loop.
const CRASH_LOOP: usize = 3;

/// How much of a disk has to be free, in thousandths.
const LEAST_FREE: u64 = 10;

/// Finds the problems of all deployed branches, and of the disk they are on.
pub(crate) fn check(installation: &Installation) -> Vec<Diagnostic> {
    let mut found = disk(installation.platform.layout.home());
    let records = match records(&mut installation.host(), &installation.platform.layout) {
        Ok(records) => records,
        Err(error) => {
            found.push(Failure::from(error).diagnostic("files"));
            return found;
        }
    };
    // What was said of a branch explains what else does not hold of it.
    let mut told = BTreeSet::new();
    for (branch, _) in installation.configuration().branches() {
        let before = found.len();
        let live = records.get(&branch).and_then(|record| record.live.as_ref());
        match NotRunning::find(&mut installation.host(), &installation.platform.layout, &branch) {
            Ok(Some(NotRunning::NeverPushed | NotRunning::Stopped)) => {}
            Ok(Some(why)) => {
                found.push(Diagnostic::error("files", why.message(&branch)).fix(why.fix(&branch)));
            }
            Ok(None) => found.extend(live.and_then(|live| crash_loop(installation, &branch, live))),
            Err(error) => found.push(Failure::from(error).diagnostic("files")),
        }
        if found.len() > before {
            told.insert(branch.clone());
        }
        found.extend(live.and_then(|live| written(installation, &branch, live)));
    }
    found.extend(jobs::check(installation));
    found.extend(violations::find(installation, &told));
    found
}

/// Finds data that processes of a branch write where the next deploy removes it.
fn written(installation: &Installation, branch: &BranchRef, live: &Deployment) -> Option<Diagnostic> {
    let checkout = installation.platform.layout.checkout(branch, &live.checkout);
    let paths = written_files(&checkout, live.live_since?.into()).unwrap_or_default();
    if paths.is_empty() {
        return None;
    }
    let message = format!(
        "{branch} writes into its checkout, which the next deploy replaces: {}",
        written_words(&paths)
    );
    let file = installation.configuration().repos.get(&branch.repo).map(|repo| repo.file.as_str());
    let fix = format!(
        "{} in {} keeps such files, from the next deploy on",
        persist_words(&paths),
        file.unwrap_or_default()
    );
    Some(Diagnostic::new(Severity::Warning, "files", message, fix))
}

/// Finds a process that was started again and again lately.
fn crash_loop(installation: &Installation, branch: &BranchRef, live: &Deployment) -> Option<Diagnostic> {
    let lately = SystemTime::now().checked_sub(LATELY).unwrap_or(SystemTime::UNIX_EPOCH);
    let since = lately.max(live.at.into());
    let services: Vec<_> = live.services(branch).map(|service| (service, since)).collect();
    let stats = installation.host().service_stats(services.clone());
    services.iter().find_map(|(service, _)| {
        let starts = stats.get(service).and_then(|stats| stats.starts).unwrap_or(0);
        let message = format!("{service} is crash-looping: {starts} starts in the last {}", span(LATELY));
        let fix =
            format!("see its log, `pypaas logs {branch} {}`, then run `pypaas apply`", service.runner.runner);
        // A new version may be what ends it.
        (starts >= CRASH_LOOP).then(|| Diagnostic::error("processes", message).fix(fix).not_blocking())
    })
}

fn disk(home: &Utf8Path) -> Vec<Diagnostic> {
    let Ok(disk) = rustix::fs::statvfs(home.as_std_path()) else { return Vec::new() };
    let is_full = |free: u64, all: u64| all > 0 && free.saturating_mul(1000) / all < LEAST_FREE;
    let mut found = Vec::new();
    for (what, is_full) in
        [("space", is_full(disk.f_bavail, disk.f_blocks)), ("inodes", is_full(disk.f_favail, disk.f_files))]
    {
        if is_full {
            let message = format!("the disk of `{home}` has less than 1% of its {what} left");
            let fix = "make room; `pypaas status --disk` shows what each branch takes";
            found.push(Diagnostic::error("disk", message).fix(fix));
        }
    }
    found
}
