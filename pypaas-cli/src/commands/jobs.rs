//! `jobs`: commands that run at set times.

use std::fs;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use pypaas_config::{Permission, RunnerRef};
use pypaas_core::JobOutcome;
use pypaas_linux::ring;
use serde::Serialize;

use crate::access::may_read;
use crate::arguments::BranchArguments;
use crate::command::{self, Effect, Requirement};
use crate::failure::{FAILED, Failure};
use crate::format::local;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::jobs::{self, LiveJob};
use crate::table::{Cell, Table, terminal_width};
use crate::terminal;

/// List the jobs, which are runners with `type: Scheduled`, or run one now
#[derive(Debug, Parser)]
#[command(name = "jobs")]
#[command(
    after_help = "Examples:\n  pypaas jobs\n  pypaas jobs run shop nightly\n  pypaas jobs log shop nightly"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Run a job now, wait for its end and print its output
    Run {
        #[command(flatten)]
        branch: BranchArguments,
        /// The runner
        job: String,
    },
    /// Run a job for the time `due`, as the keeper does
    #[command(hide = true)]
    Due {
        #[command(flatten)]
        branch: BranchArguments,
        /// The runner
        job: String,
        /// The time
        due: Timestamp,
    },
    /// Print the output of the last run of a job
    Log {
        #[command(flatten)]
        branch: BranchArguments,
        /// The runner
        job: String,
    },
}

/// One job, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Row {
    repo: String,
    branch: String,
    runner: String,
    at: String,
    /// Why it does not run now.
    pauses: Option<&'static str>,
    next_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    last_due_at: Option<Timestamp>,
    last_ended_at: Option<Timestamp>,
    outcome: Option<JobOutcome>,
    reason: Option<String>,
    running: bool,
    #[serde(skip)]
    last: String,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Read);

    fn requirement(&self) -> Requirement {
        match &self.action {
            None => Requirement::Nothing,
            Some(Action::Run { branch, .. }) => Requirement::Repo(Permission::Run, branch.repo.clone()),
            Some(Action::Due { .. }) => Requirement::Host,
            Some(Action::Log { branch, .. }) => Requirement::Repo(Permission::Read, branch.repo.clone()),
        }
    }

    fn effect(&self) -> Effect {
        if matches!(self.action, Some(Action::Run { .. })) { Effect::Change } else { Effect::None }
    }

    /// Lists jobs, or runs one.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?;
        match &self.action {
            None => list(&installation, self.json),
            Some(Action::Run { branch, job }) => run(&installation, &find(&installation, branch, job)?),
            Some(Action::Due { branch, job, due }) => {
                let job = find(&installation, branch, job)?;
                let failed = jobs::run(&installation, &job, Some(*due));
                // One that waits for the end of this run may begin.
                ring(&installation.platform.layout.keeper_bell());
                if let Some(reason) = failed? {
                    terminal::err(&format!("{} failed: {reason}\n", job.runner));
                }
                Ok(ExitCode::SUCCESS)
            }
            Some(Action::Log { branch, job }) => {
                print_log(&installation, &find(&installation, branch, job)?.runner)
            }
        }
    }
}

fn find(installation: &Installation, branch: &BranchArguments, name: &str) -> Result<LiveJob, Failure> {
    let branch = installation.branch(&branch.repo, &branch.branch)?;
    let mut jobs = jobs::all(installation)?;
    jobs.retain(|job| job.runner.is_of(&branch));
    let names: Vec<String> = jobs.iter().map(|job| job.runner.runner.to_string()).collect();
    let found = jobs.into_iter().find(|job| job.runner.runner.as_str() == name);
    found.ok_or_else(|| {
        let fix = match names.as_slice() {
            [] => "a job is a runner with `type: Scheduled`, from the next push on".to_owned(),
            names => format!("it has {}", names.join(", ")),
        };
        Failure::new(format!("{branch} has no job `{name}`"), fix)
    })
}

fn run(installation: &Installation, job: &LiveJob) -> Result<ExitCode, Failure> {
    let failed = jobs::run(installation, job, None)?;
    print_log(installation, &job.runner)?;
    match failed {
        None => Ok(ExitCode::SUCCESS),
        Some(reason) => {
            terminal::err(&format!("{} failed: {reason}\n", job.runner));
            Ok(ExitCode::from(FAILED))
        }
    }
}

/// Prints what the last run that began has printed so far.
fn print_log(installation: &Installation, runner: &RunnerRef) -> Result<ExitCode, Failure> {
    let layout = &installation.platform.layout;
    let runs = jobs::read(layout, runner)?.map(|record| record.runs).unwrap_or_default();
    let log = runs.iter().rev().find_map(|run| fs::read(jobs::log(layout, runner, run.began_at)).ok());
    match log {
        Some(log) => terminal::out(&String::from_utf8_lossy(&log)),
        None => terminal::err(&format!("{runner} did not run yet\n")),
    }
    Ok(ExitCode::SUCCESS)
}

fn list(installation: &Installation, json: bool) -> Result<ExitCode, Failure> {
    let mut rows = Vec::new();
    for job in jobs::all(installation)?.into_iter().filter(|job| may_read(installation, &job.runner.repo)) {
        rows.push(Row::new(installation, &job)?);
    }
    if json {
        terminal::json(&rows)?;
    } else if rows.is_empty() {
        terminal::out("no live branch has a job: write a runner with `type: Scheduled`\n");
    } else {
        let mut table = Table::new(["REPO", "BRANCH", "JOB", "AT", "NEXT", "LAST"]);
        for row in &rows {
            let next = row.pauses.map(str::to_owned).or(row.next_at.map(local)).unwrap_or_default();
            table.row([
                Cell::name(&row.repo),
                Cell::name(&row.branch),
                Cell::name(&row.runner),
                row.at.clone().into(),
                next.into(),
                Cell::of_any_length(&row.last),
            ]);
        }
        terminal::out(&table.text(terminal_width(), |_| String::new()));
    }
    Ok(ExitCode::SUCCESS)
}

impl Row {
    fn new(installation: &Installation, job: &LiveJob) -> Result<Self, Failure> {
        let layout = &installation.platform.layout;
        let record = jobs::read(layout, &job.runner)?;
        let since = record.as_ref().map_or_else(Timestamp::now, |record| record.decided_until);
        let last = record.as_ref().and_then(|record| record.runs.last());
        let running = jobs::is_running(layout, &job.runner);
        let words =
            last.map(|last| format!("{} {}", local(last.began_at), jobs::outcome_words(last, running)));
        Ok(Self {
            repo: job.runner.repo.to_string(),
            branch: job.runner.branch.to_string(),
            runner: job.runner.runner.to_string(),
            at: job.job.schedule.to_string(),
            pauses: job.pauses,
            next_at: job.job.schedule.next_after(since.max(Timestamp::now()), &TimeZone::system()),
            last_at: last.map(|last| last.began_at),
            last_due_at: last.and_then(|last| last.due_at),
            last_ended_at: last.and_then(|last| last.ended_at),
            outcome: last.map(|last| last.outcome),
            reason: last.and_then(|last| last.reason.clone()),
            running,
            last: words.unwrap_or_default(),
        })
    }
}
