//! Jobs: those of live branches, what is remembered of each, and running one.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use pypaas_config::{BranchRef, Diagnostic, RunnerRef, Severity};
use pypaas_core::{Deployment, Job, JobOutcome, JobRecord, JobRun, Layout, Record, records};
use pypaas_linux::{confine, durable, is_locked, run_job};

use crate::failure::Failure;
use crate::format::local;
use crate::installation::Installation;

/// A job of what is live.
#[derive(Debug, Clone)]
pub(crate) struct LiveJob {
    /// Which runner.
    pub(crate) runner: RunnerRef,
    /// What it does.
    pub(crate) job: Job,
    /// Where it does it.
    pub(crate) live: Deployment,
    /// Why it does not run now.
    pub(crate) pauses: Option<&'static str>,
}

/// Lists the jobs of all configured branches that are live.
pub(crate) fn all(installation: &Installation) -> Result<Vec<LiveJob>, Failure> {
    let platform = &installation.platform;
    let records = records(&mut installation.host(), &platform.layout)?;
    let mut jobs = Vec::new();
    for (branch, _) in platform.configuration.branches() {
        jobs.extend(
            records.get(&branch).into_iter().flat_map(|record| of_branch(installation, &branch, record)),
        );
    }
    Ok(jobs)
}

fn of_branch(installation: &Installation, branch: &BranchRef, record: &Record) -> Vec<LiveJob> {
    let Some(live) = &record.live else { return Vec::new() };
    let pauses = match record {
        Record { stopped: true, .. } => Some("the branch is stopped"),
        Record { maintenance: Some(_), .. } => Some("the branch is in maintenance"),
        _ => None,
    };
    let runners = installation.platform.runners(branch, Some(live));
    let jobs = runners.iter().filter_map(|(name, runner)| Some((branch.runner(name), runner.job()?.clone())));
    jobs.map(|(runner, job)| LiveJob { runner, job, live: live.clone(), pauses }).collect()
}

/// Reads what is remembered of a job; `None`: it was never seen.
pub(crate) fn read(layout: &Layout, runner: &RunnerRef) -> Result<Option<JobRecord>, Failure> {
    let path = layout.job(runner);
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    let damaged = |error| Failure::new(format!("cannot understand `{path}`: {error}"), "remove it");
    serde_json::from_str(&text).map(Some).map_err(damaged)
}

/// Changes what is remembered of a job while nobody else does.
pub(crate) fn update<T>(
    layout: &Layout,
    runner: &RunnerRef,
    change: impl FnOnce(&mut JobRecord) -> T,
) -> Result<T, Failure> {
    let path = layout.job(runner);
    durable::create_directory(durable::directory_of(&path))?;
    let lock = open_lock(&path.with_extension("changing"))?;
    lock.lock()?;
    let mut record = read(layout, runner)?.unwrap_or_else(|| JobRecord::new(Timestamp::now()));
    let before = record.clone();
    let result = change(&mut record);
    if record != before || !path.exists() {
        durable::replace(&path, serde_json::to_string(&record)?.as_bytes(), 0o600)?;
    }
    Ok(result)
}

/// Returns whether a run of it goes on.
pub(crate) fn is_running(layout: &Layout, runner: &RunnerRef) -> bool {
    is_locked(&layout.job_lock(runner))
}

/// Runs a job now and waits for its end; `due_at` is the time for which it runs, which was noted already. Returns why it failed.
pub(crate) fn run(
    installation: &Installation,
    job: &LiveJob,
    due_at: Option<Timestamp>,
) -> Result<Option<String>, Failure> {
    let (platform, runner) = (&installation.platform, &job.runner);
    let layout = &platform.layout;
    durable::create_directory(durable::directory_of(&layout.job(runner)))?;
    let lock = open_lock(&layout.job_lock(runner))?;
    if lock.try_lock().is_err() {
        return Err(Failure::new(
            format!("{runner} is running already"),
            "wait until it has ended: `pypaas jobs`",
        ));
    }
    let now = Timestamp::now();
    let began = update(layout, runner, |record| {
        let noted = record.runs.iter().rfind(|run| due_at.is_some() && run.due_at == due_at);
        let began = noted.map(|run| run.began_at);
        began.unwrap_or_else(|| {
            record.begin(due_at, now);
            now
        })
    })?;
    let branch = runner.branch_ref();
    let confinement = platform.confinement(&branch, &job.live.checkout);
    let mut command = confine::command(confinement.as_ref(), &["/bin/sh", "-c", &job.job.cmd]);
    command
        .current_dir(layout.checkout(&branch, &job.live.checkout))
        .env_clear()
        .envs(platform.environment(&branch, &job.live).iter());
    let outcome = run_job(command, &log(layout, runner, began), job.job.timeout);
    let failed = outcome.map_err(|error| format!("it could not be started: {error}")).unwrap_or_else(Some);
    let result = if failed.is_none() { JobOutcome::Succeeded } else { JobOutcome::Failed };
    update(layout, runner, |record| record.end(began, Timestamp::now(), result, failed.clone()))?;
    Ok(failed)
}

fn open_lock(path: &Utf8Path) -> io::Result<File> {
    OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)
}

/// The file with what a run printed.
pub(crate) fn log(layout: &Layout, runner: &RunnerRef, began: Timestamp) -> Utf8PathBuf {
    layout.job_logs(runner).join(format!("{}.log", began.strftime("%Y%m%d_%H%M%S_%3f")))
}

/// Says how a run came out: `succeeded`, `running`, `failed: …`.
pub(crate) fn outcome_words(run: &JobRun, is_running: bool) -> String {
    let word = match run.outcome {
        JobOutcome::Begun if is_running => "running",
        JobOutcome::Begun => "interrupted",
        JobOutcome::Succeeded => "succeeded",
        JobOutcome::Failed => "failed",
        JobOutcome::Skipped => "skipped",
        _ => "missed",
    };
    match &run.reason {
        Some(reason) => format!("{word}: {reason}"),
        None => word.to_owned(),
    }
}

/// Finds jobs whose last run did not succeed.
pub(crate) fn check(installation: &Installation) -> Vec<Diagnostic> {
    let layout = &installation.platform.layout;
    let mut found = Vec::new();
    for job in all(installation).unwrap_or_default() {
        let record = match read(layout, &job.runner) {
            Ok(record) => record,
            Err(failure) => {
                found.push(failure.diagnostic("jobs"));
                continue;
            }
        };
        let runs = record.map(|record| record.runs).unwrap_or_default();
        let Some(last) = runs.last() else { continue };
        let is_running = is_running(layout, &job.runner);
        if last.outcome == JobOutcome::Succeeded || last.outcome == JobOutcome::Begun && is_running {
            continue;
        }
        let message = format!(
            "the job {} of {}: {}",
            job.runner,
            local(last.began_at),
            outcome_words(last, is_running)
        );
        let log = log(layout, &job.runner, last.began_at);
        let fix = match last.outcome {
            JobOutcome::Failed | JobOutcome::Begun => {
                format!("see {log}; run it again: `pypaas jobs run {}`", job.runner)
            }
            _ => format!("to run it now: `pypaas jobs run {}`", job.runner),
        };
        found.push(Diagnostic::new(Severity::Warning, "jobs", message, fix));
    }
    found
}
