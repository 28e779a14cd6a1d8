//! Problems of what is deployed: `check` and `apply` are not silent about a branch that does not serve.

use std::time::{Duration, SystemTime};

use camino::Utf8Path;
use pypaas_config::{BranchRef, Diagnostic, Severity};
use pypaas_core::{
    Deployment, NotRunning, ServiceName, WebFileName, WebInstance, persist_words, records, written_words,
};
use pypaas_linux::written_files;

use crate::failure::Failure;
use crate::installation::Installation;
use crate::wording::span;

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
    for (branch, _) in installation.configuration().branches() {
        let layout = &installation.platform.layout;
        match NotRunning::find(&mut installation.host(), layout, &branch) {
            Ok(Some(NotRunning::NeverPushed | NotRunning::Stopped)) => {}
            Ok(Some(why)) => {
                found.push(Diagnostic::error("files", why.message(&branch)).fix(why.fix(&branch)));
            }
            Ok(None) => {
                let record = records.get(&branch);
                let serving = record.filter(|record| record.maintenance.is_none());
                let live = serving.and_then(|record| record.live.as_ref());
                found.extend(live.into_iter().flat_map(|live| processes(installation, &branch, live)));
                found.extend(lost_files(installation, &branch));
                found.extend(
                    records
                        .get(&branch)
                        .and_then(|it| it.live.as_ref())
                        .and_then(|live| written(installation, &branch, live)),
                );
            }
            Err(error) => found.push(Failure::from(error).diagnostic("files")),
        }
    }
    found
}

/// Finds domains of a branch that nginx has no file for.
fn lost_files(installation: &Installation, branch: &BranchRef) -> Vec<Diagnostic> {
    let layout = &installation.platform.layout;
    let mut found = Vec::new();
    for (name, _) in installation.platform.domains(branch) {
        let mains = WebInstance::ALL.map(WebFileName::main);
        let own = WebInstance::ALL.map(|instance| WebFileName::domain_of(instance, name));
        let path = mains.iter().chain(&own).map(|file| layout.web_file(file)).find(|path| !path.exists());
        if let Some(path) = path {
            let message = format!("nginx does not serve {name}: there is no `{path}`");
            found.push(Diagnostic::error("nginx", message).fix("run `pypaas apply`").not_blocking());
        }
    }
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

fn processes(installation: &Installation, branch: &BranchRef, live: &Deployment) -> Vec<Diagnostic> {
    let has_command = |service: &&ServiceName| {
        let runner = installation.platform.runner(&service.runner, Some(live));
        runner.is_none_or(|runner| runner.command().is_some())
    };
    let services: Vec<ServiceName> = live.services(branch).collect();
    let lately = SystemTime::now().checked_sub(LATELY).unwrap_or(SystemTime::UNIX_EPOCH);
    let since = lately.max(live.at.into());
    let own = services.iter().filter(has_command);
    let stats =
        installation.host().service_stats(own.clone().map(|it| (it.clone(), since)).collect::<Vec<_>>());
    own.filter_map(|service| {
        let stats = stats.get(service).cloned().unwrap_or_default();
        let starts = stats.starts.unwrap_or(0);
        let message = match stats.process {
            _ if starts >= CRASH_LOOP => {
                format!("{service} is crash-looping: {starts} starts in the last {}", span(LATELY))
            }
            None => format!("{service} is down"),
            Some(_) => return None,
        };
        let fix =
            format!("see its log, `pypaas logs {branch} {}`, then run `pypaas apply`", service.runner.runner);
        // A new version may be what ends it.
        Some(Diagnostic::error("services", message).fix(fix).not_blocking())
    })
    .collect()
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
            found.push(Diagnostic::error("files", message).fix(fix));
        }
    }
    found
}
