//! `logs`: what a branch's processes said, and what its deploys printed.

use std::collections::BTreeMap;
use std::io::stdout;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::Parser;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use pypaas_config::{BranchRef, Permission, RepoName, RunnerName};
use pypaas_core::host::Host;
use pypaas_core::{Attempt, History, ServiceName, Slot, record};
use serde::Serialize;

use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;

use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::since::Since;
use crate::table::Look;
use crate::terminal;
use pypaas_linux::{LogLine, Watch, is_gone};

/// How many lines are shown when nothing else is said.
const LINES: usize = 100;

/// How often it is looked for more.
const INTERVAL: Duration = Duration::from_millis(100);

/// Show the output of a branch's processes, sorted by time
#[derive(Debug, Parser)]
#[command(name = "logs")]
#[command(
    after_help = "Examples:\n  pypaas logs shop                  the last 100 lines of all its processes\n  \
    pypaas logs shop web --since 1h   the last hour of one runner\n  \
    pypaas logs shop -f               follow all branches of a repository\n  \
    pypaas logs shop --deploy         the output of the last deploy\n  \
    pypaas logs shop --deploy 12      the output of the deploy of release 12"
)]
pub(crate) struct Arguments {
    /// The repository's name
    pub(crate) repo: String,
    /// The branch's name; without it, all branches
    branch: Option<String>,
    /// The runner's name; without it, all runners
    runner: Option<String>,
    /// Show the last N lines [default: 100, or all with --since]
    #[arg(short = 'n', long, value_name = "N")]
    lines: Option<usize>,
    /// Show output since then: `90s`, `10m`, `1h`, `2d` ago, or a time such as `2026-11-22 10:00`
    #[arg(long, value_name = "TIME")]
    since: Option<Since>,
    /// Follow new output, including processes of later deploys
    #[arg(short, long)]
    follow: bool,
    /// Show the output of a deploy instead: the last one, or that of a release
    #[arg(long, value_name = "RELEASE", num_args = 0..=1, conflicts_with_all = ["lines", "since", "follow", "runner", "json"])]
    deploy: Option<Option<String>>,
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
}

/// One line, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Line<'a> {
    time: Option<Timestamp>,
    repo: &'a str,
    branch: &'a str,
    runner: &'a str,
    index: u16,
    slot: Slot,
    text: &'a str,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Read);

    fn requirement(&self) -> Requirement {
        Requirement::Repo(Permission::Read, self.repo.clone())
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    /// Shows lines. Waits for no lock.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?;
        if let Some(deploy) = &self.deploy {
            return show_deploy(&installation, &self, deploy.as_deref());
        }
        let wanted = Wanted::of(&installation, &self)?;
        let mut host = installation.host();
        let limit = self.lines.unwrap_or(if self.since.is_some() { usize::MAX } else { LINES });
        let since = self.since.map(|since| since.before(Timestamp::now()));
        let mut readers = BTreeMap::new();
        let mut lines = Vec::new();
        for service in host.services().list_services()?.into_iter().filter(|service| wanted.has(service)) {
            let mut reader = host.supervisor().log_reader(&service);
            lines.extend(reader.last(limit, since)?);
            readers.insert(service, reader);
        }
        let lines = in_order(lines);
        show(&self, lines.get(lines.len().saturating_sub(limit)..).unwrap_or_default())?;
        if !self.follow {
            if lines.is_empty() {
                terminal::err("no log lines\n");
            }
            return Ok(ExitCode::SUCCESS);
        }
        let watch = Watch::new()?;
        while watch.reason().is_none() && !is_gone(stdout()) {
            thread::sleep(INTERVAL);
            let mut lines = Vec::new();
            for service in host.services().list_services()?.into_iter().filter(|service| wanted.has(service))
            {
                let reader =
                    readers.entry(service.clone()).or_insert_with(|| host.supervisor().log_reader(&service));
                lines.extend(reader.more()?);
            }
            show(&self, &in_order(lines))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The services whose lines are shown.
struct Wanted {
    repo: RepoName,
    branch: Option<String>,
    runner: Option<String>,
}

impl Wanted {
    /// Checks that there is what was asked for.
    fn of(installation: &Installation, arguments: &Arguments) -> Result<Self, Failure> {
        let repo = RepoName::new(arguments.repo.as_str())?;
        let wanted = Self { repo, branch: arguments.branch.clone(), runner: arguments.runner.clone() };
        if installation.host().services().list_services()?.iter().any(|service| wanted.has(service)) {
            return Ok(wanted);
        }
        installation.repo(&arguments.repo)?;
        let Some(branch) = &arguments.branch else { return Ok(wanted) };
        let branch = installation.branch(&arguments.repo, branch)?;
        let record = record(&mut installation.host(), &installation.platform.layout, &branch)?;
        let live = record.and_then(|record| record.live);
        let runners = installation.platform.runners(&branch, live.as_ref());
        let runners: Vec<&str> = runners.keys().map(RunnerName::as_str).collect();
        match &arguments.runner {
            Some(runner) if !runners.contains(&runner.as_str()) => Err(Failure::new(
                format!("{branch} has no runner `{runner}`"),
                format!("there are: {}", runners.join(", ")),
            )),
            _ => Ok(wanted),
        }
    }

    fn has(&self, service: &ServiceName) -> bool {
        let name = &service.runner;
        name.repo == self.repo
            && self.branch.as_ref().is_none_or(|branch| name.branch.as_str() == branch)
            && self.runner.as_ref().is_none_or(|runner| name.runner.as_str() == runner)
    }
}

/// Merges the lines of several services by time; a line without a stamp stays behind the one before it.
fn in_order(lines: Vec<LogLine>) -> Vec<LogLine> {
    let mut known = None;
    let mut stamped: Vec<(Option<Timestamp>, LogLine)> = Vec::with_capacity(lines.len());
    for line in lines {
        let same = stamped.last().is_some_and(|(_, before)| before.service == line.service);
        known = line.at.or(known.filter(|_| same));
        stamped.push((known, line));
    }
    stamped.sort_by_key(|(at, _)| *at);
    stamped.into_iter().map(|(_, line)| line).collect()
}

fn show(arguments: &Arguments, lines: &[LogLine]) -> Result<(), Failure> {
    let mut text = String::new();
    for LogLine { at, service, text: said } in lines {
        let name = &service.runner;
        if arguments.json {
            text.push_str(&terminal::json_line(&Line {
                time: *at,
                repo: name.repo.as_str(),
                branch: name.branch.as_str(),
                runner: name.runner.as_str(),
                index: service.index,
                slot: service.slot,
                text: said,
            })?);
            continue;
        }
        let at = at.map(|at| at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string());
        let branch = if arguments.branch.is_none() { format!("{} ", name.branch) } else { String::new() };
        let origin = format!("{} {branch}{}.{}", at.unwrap_or_default(), name.runner, service.index);
        text.push_str(&format!("{} {}\n", Look::Faint.paint(&origin), said));
    }
    terminal::out(&text);
    Ok(())
}

/// Shows what one deploy printed.
fn show_deploy(
    installation: &Installation,
    arguments: &Arguments,
    release: Option<&str>,
) -> Result<ExitCode, Failure> {
    let branch = one_branch(installation, arguments)?;
    let layout = &installation.platform.layout;
    let attempts = History::new(&mut installation.host(), layout, &branch).read()?;
    let found = match release {
        None => attempts.last(),
        Some(release) => {
            let number: Option<u64> = release.parse().ok();
            let is_it = |it: &&Attempt| {
                (number.is_some() && it.release == number)
                    || it.log.as_deref() == Some(&format!("{release}.log"))
            };
            attempts.iter().rev().find(is_it)
        }
    };
    let name = found.and_then(|it| it.log.as_deref());
    let text = name.and_then(|name| std::fs::read(layout.deploy_logs(&branch).join(name)).ok());
    let Some(text) = text else {
        let what = release.map_or_else(|| "no deploy".to_owned(), |it| format!("no deploy `{it}`"));
        return Err(Failure::new(
            format!("there is {what} of {branch} whose output was kept"),
            format!("`pypaas releases {branch}` lists what was tried"),
        ));
    };
    for line in String::from_utf8_lossy(&text).lines() {
        terminal::out(&format!("{}\n", line));
    }
    Ok(ExitCode::SUCCESS)
}

fn one_branch(installation: &Installation, arguments: &Arguments) -> Result<BranchRef, Failure> {
    if let Some(branch) = &arguments.branch {
        return installation.branch(&arguments.repo, branch);
    }
    let repo = installation.repo(&arguments.repo)?;
    let branches: Vec<_> = installation.configuration().repos[&repo].branches.keys().collect();
    match branches.as_slice() {
        [only] => Ok(BranchRef { repo, branch: (*only).clone() }),
        several => {
            let names: Vec<&str> = several.iter().map(|branch| branch.as_str()).collect();
            let hint = format!("name one of: {}", names.join(", "));
            Err(Failure::new(format!("`{repo}` has several branches"), hint))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_several_processes_are_merged_and_unstamped_ones_stay_where_they_were() {
        let line = |service: &str, second: Option<i64>, text: &str| LogLine {
            at: second.map(|second| Timestamp::from_second(second).unwrap()),
            service: ServiceName::parse(service).unwrap(),
            text: text.to_owned(),
        };
        let (web, worker) = ("shop+main+web+0+a", "shop+main+worker+0+b");
        let merged = in_order(vec![
            line(web, Some(1), "one"),
            line(web, None, "of one"),
            line(web, Some(3), "three"),
            line(worker, None, "before all"),
            line(worker, Some(2), "two"),
        ]);
        let texts: Vec<&str> = merged.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["before all", "one", "of one", "two", "three"]);
    }
}
