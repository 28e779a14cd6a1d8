//! `status`: how the branches are.

mod render;
mod row;
#[cfg(test)]
mod widths;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::Parser;
use jiff::Timestamp;
use pypaas_config::{BranchName, BranchRef, Permission, RepoName};
use pypaas_core::{Attempt, History, Outcome, Record, plan, records};

use row::{Deploying, LastFailure, Live, Process, Processes};
pub(super) use row::{Row, State};

use super::{branches, watch};
use crate::access::may_read_all;
use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::table::terminal_width;
use crate::terminal;
use pypaas_linux::{DiskUse, ServiceStats, is_locked};

/// How far back restarts are counted.
const RESTARTS_SINCE: Duration = Duration::from_secs(3600);

/// Show the state of branches: what is live, processes, restarts, memory, the last failure
#[derive(Debug, Parser)]
#[command(name = "status")]
#[command(after_help = "Examples:\n  pypaas status                   all branches, one row each\n  \
    pypaas status shop main         one branch, with each of its processes\n  \
    pypaas status --watch           update the output until Ctrl-C\n  \
    ssh deploy@host status --json   for a program")]
pub(crate) struct Arguments {
    /// The repository's name; without it, all repositories
    pub(crate) repo: Option<String>,
    /// The branch's name; without it, all branches
    branch: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also show the disk usage of each branch, which takes a while
    #[arg(long)]
    disk: bool,
    /// Update the output whenever something changes, until interrupted
    #[arg(long)]
    watch: bool,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Read);

    fn requirement(&self) -> Requirement {
        self.repo.clone().map_or(Requirement::Nothing, |repo| Requirement::Repo(Permission::Read, repo))
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    /// Shows the branches. Waits for no lock; exits with 2 when the configuration is broken in parts.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let mut code = ExitCode::SUCCESS;
        watch::show(self.watch, || {
            let installation = Installation::load_without_secrets(invocation)?;
            let (repo, branch) = (self.repo.as_deref(), self.branch.as_deref());
            let mut rows = rows(&installation, repo, branch)?;
            if self.disk {
                add_disk_use(&installation, &mut rows)?;
            }
            if !self.watch && may_read_all(&installation) {
                installation.warn_about_problems();
            }
            code = installation.exit_code();
            if self.json {
                // What is watched is one line a state, so that a program can read it as it comes.
                return Ok(match self.watch {
                    true => terminal::json_line(&rows)?,
                    false => terminal::pretty_json(&rows)?,
                });
            }
            let now = Timestamp::now();
            Ok(match rows.as_slice() {
                [] => render::first_steps(&installation),
                [row] if self.branch.is_some() => row.details(now, terminal_width()),
                rows => render::overview(rows, now, terminal_width()),
            })
        })?;
        Ok(code)
    }
}

/// Looks at the branches that the caller may see, of one repo or of all.
pub(super) fn rows(
    installation: &Installation,
    repo: Option<&str>,
    branch: Option<&str>,
) -> Result<Vec<Row>, Failure> {
    let platform = &installation.platform;
    let mut host = installation.host();
    let is_wanted = |it: &BranchRef| {
        repo.is_none_or(|repo| it.repo.as_str() == repo)
            && branch.is_none_or(|branch| it.branch.as_str() == branch)
    };
    let records = branches::read(installation, is_wanted)?;
    match (repo, branch) {
        (Some(repo), Some(branch)) if records.is_empty() => drop(installation.branch(repo, branch)?),
        (Some(repo), None) if records.is_empty() => drop(installation.repo(repo)?),
        _ => {}
    }
    let now = SystemTime::now();
    let services = records.iter().flat_map(|(branch, record)| services(installation, branch, record, now));
    let stats = host.service_stats(services.map(|it| (it.name, it.since)).collect::<Vec<_>>());
    let mut urls = plan::urls(platform);
    let rows = records.iter().map(|(branch, record)| {
        let last = History::new(&mut host, &platform.layout, branch).last()?;
        let seen = Seen { stats: &stats, urls: urls.remove(branch).unwrap_or_default(), last, now };
        Ok(row(installation, branch, record, seen))
    });
    rows.collect()
}

/// Adds how much of the disk each of the branches takes.
fn add_disk_use(installation: &Installation, rows: &mut [Row]) -> Result<(), Failure> {
    let layout = &installation.platform.layout;
    let mut host = installation.host();
    let records = records(&mut host, layout)?;
    for row in rows {
        let branch = BranchRef {
            repo: RepoName::new(row.repo.as_str())?,
            branch: BranchName::new(row.branch.as_str())?,
        };
        let record = records.get(&branch).cloned().unwrap_or_default();
        row.disk = Some(DiskUse::of(&host, &branch, &record));
    }
    Ok(())
}

/// A process that should run, and since when its starts count.
struct Wanted {
    name: pypaas_core::ServiceName,
    port: Option<u16>,
    since: SystemTime,
    first: usize,
}

/// Lists the processes of the live release. The first start of one that is younger than the time looked back is no restart.
fn services(
    installation: &Installation,
    branch: &BranchRef,
    record: &Record,
    now: SystemTime,
) -> Vec<Wanted> {
    let Some(live) = &record.live else { return Vec::new() };
    let has_command = |process: &&pypaas_core::Process| {
        let runner = installation.platform.runner(&branch.runner(&process.runner), Some(live));
        runner.is_none_or(|runner| runner.command().is_some())
    };
    let hour_ago = now.checked_sub(RESTARTS_SINCE).unwrap_or(now);
    let since = hour_ago.max(live.at.into());
    let first = usize::from(since > hour_ago);
    let wanted = |process: &pypaas_core::Process| Wanted {
        name: process.service(branch, live.slot),
        port: process.port,
        since,
        first,
    };
    live.processes.iter().filter(has_command).map(wanted).collect()
}

/// What was seen of a branch beside its record.
struct Seen<'a> {
    /// Of all services.
    stats: &'a BTreeMap<pypaas_core::ServiceName, ServiceStats>,
    urls: Vec<String>,
    last: Option<Attempt>,
    now: SystemTime,
}

fn row(installation: &Installation, branch: &BranchRef, record: &Record, seen: Seen<'_>) -> Row {
    let platform = &installation.platform;
    let instances: Vec<Process> = services(installation, branch, record, seen.now)
        .into_iter()
        .map(|wanted| {
            let stats = seen.stats.get(&wanted.name).cloned().unwrap_or_default();
            Process {
                runner: wanted.name.runner.runner.to_string(),
                index: wanted.name.index,
                slot: wanted.name.slot,
                port: wanted.port,
                pid: stats.process.map(|(pid, _)| pid),
                uptime_seconds: stats.process.map(|(_, uptime)| uptime.as_secs()),
                restarts: stats.starts.map(|starts| starts.saturating_sub(wanted.first)),
                memory_bytes: stats.memory,
            }
        })
        .collect();
    let processes = Processes::of(instances);
    let last = seen.last.filter(|it| it.outcome != Outcome::Succeeded);
    Row {
        repo: branch.repo.to_string(),
        branch: branch.branch.to_string(),
        configured: platform.branch(branch).is_some(),
        broken: platform.configuration.broken_repos.contains(&branch.repo),
        state: state(record, &processes),
        live: record.live.as_ref().map(Live::of),
        processes,
        maintenance: record.maintenance,
        message: record.message.clone(),
        deploying: record.candidate.as_ref().map(|new| Deploying {
            commit: new.commit.to_string(),
            by: new.by.clone(),
            at: new.at,
            running: is_locked(&platform.layout.branch_lock(branch)),
        }),
        last_failure: last.map(|it| LastFailure {
            outcome: it.outcome,
            kind: it.kind,
            commit: it.commit.to_string(),
            by: it.by,
            at: it.at,
            reason: it.reason,
        }),
        urls: seen.urls,
        disk: None,
    }
}

fn state(record: &Record, processes: &Processes) -> State {
    match (&record.live, record.maintenance) {
        (None, _) => State::NotDeployed,
        _ if record.stopped => State::Stopped,
        (_, Some(_)) => State::Maintenance,
        _ if processes.up == processes.desired => State::Up,
        _ if processes.up == 0 => State::Down,
        _ => State::Degraded,
    }
}
