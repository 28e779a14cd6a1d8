//! `scale`: how many processes each runner has.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Parser;
use pypaas_config::{BranchRef, EntryLines, MOST_PROCESSES, Permission, RunnerName, closest};
use pypaas_core::record;
use serde::Serialize;

use crate::arguments::BranchArguments;
use crate::command::{self, Effect, Requirement};
use crate::domain_file::scalar;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::table::{Cell, Table, terminal_width};
use crate::terminal;

/// Show how many processes each runner has, or what to write to change it
///
/// The numbers are in the repo's file, which is never rewritten: with numbers, the command checks them and prints the lines to write.
#[derive(Debug, Parser)]
#[command(name = "scale")]
#[command(after_help = "Examples:\n  pypaas scale shop\n  pypaas scale shop web=2 worker=0")]
pub(crate) struct Arguments {
    #[command(flatten)]
    branch: BranchArguments,
    /// A runner and the number of its processes
    #[arg(value_name = "RUNNER=COUNT", value_parser = wanted)]
    wanted: Vec<(RunnerName, u16)>,
    /// Print JSON
    #[arg(long, conflicts_with = "wanted")]
    json: bool,
}

fn wanted(text: &str) -> Result<(RunnerName, u16), String> {
    let (name, count) = text.split_once('=').ok_or("expected a runner and a number, such as web=2")?;
    let count = count.parse().map_err(|_| format!("`{count}` is not a number of processes"))?;
    Ok((RunnerName::new(name).map_err(|error| error.to_string())?, count))
}

/// One runner, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Row<'a> {
    runner: &'a str,
    processes: u16,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Read);

    fn requirement(&self) -> Requirement {
        Requirement::Repo(Permission::Read, self.branch.repo.clone())
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load_without_secrets(invocation)?;
        let branch = installation.branch(&self.branch.repo, &self.branch.branch)?;
        let counts = counts(&installation, &branch)?;
        let rows: Vec<Row<'_>> =
            counts.iter().map(|(name, count)| Row { runner: name.as_str(), processes: *count }).collect();
        if self.json {
            terminal::json(&rows)?;
        } else if !self.wanted.is_empty() {
            terminal::out(&edit(&installation, &branch, &counts, &self.wanted)?);
        } else if rows.is_empty() {
            terminal::out("no runner is known yet: the first push brings a Procfile\n");
        } else {
            let mut table = Table::new(["RUNNER", "PROCESSES"]);
            for row in rows {
                table.row([Cell::name(row.runner), row.processes.to_string().into()]);
            }
            terminal::out(&table.text(terminal_width(), |_| String::new()));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Returns the numbers of processes of the runners that have any, as they are configured.
fn counts(installation: &Installation, branch: &BranchRef) -> Result<BTreeMap<RunnerName, u16>, Failure> {
    let platform = &installation.platform;
    let live = record(&mut installation.host(), &platform.layout, branch)?.and_then(|record| record.live);
    let mut counts = platform.branch(branch).map(|config| config.formation.clone()).unwrap_or_default();
    for (name, runner) in platform.runners(branch, live.as_ref()) {
        if runner.command().is_some() && runner.job().is_none() {
            counts.insert(name, runner.process_count());
        }
    }
    Ok(counts)
}

/// Says what to write where. A number that is so already needs nothing.
fn edit(
    installation: &Installation,
    branch: &BranchRef,
    counts: &BTreeMap<RunnerName, u16>,
    wanted: &[(RunnerName, u16)],
) -> Result<String, Failure> {
    let Some(config) = installation.platform.branch(branch) else { return Ok(String::new()) };
    let repo = &installation.configuration().repos[&branch.repo];
    let path = installation.directory.join(&repo.file);
    let file = installation.files.iter().find(|file| file.path == repo.file);
    let find = |keys: &[&str]| {
        let keys = [&["branches", branch.branch.as_str()], keys].concat();
        file.and_then(|file| EntryLines::find(file, &keys)).map(|it| it.numbered())
    };
    for (name, count) in wanted {
        check(branch, counts, name, *count, config.procfile)?;
    }
    let mut changed = wanted.iter().filter(|(name, count)| counts.get(name) != Some(count)).peekable();
    if changed.peek().is_none() {
        return Ok(format!("{branch} has these numbers already\n"));
    }
    let mut text = String::new();
    let mut write = |place: String, line: String, before: Option<String>| {
        let verb = if before.is_some() { "replace" } else { "add" };
        text.push_str(&format!("In {path}, {place}, {verb}"));
        text.push_str(&before.map(|lines| format!("\n\n{lines}\nby")).unwrap_or_default());
        text.push_str(&format!("\n\n  {line}\n\n"));
    };
    if config.procfile {
        let mut formation = config.formation.clone();
        formation.extend(wanted.iter().cloned());
        let entries: Vec<String> =
            formation.iter().map(|(name, count)| format!("{}: {count}", scalar(name.as_str()))).collect();
        let line = format!("formation: {{{}}}", entries.join(", "));
        write(format!("in the branch `{}`", branch.branch), line, find(&["formation"]));
    } else {
        for (name, count) in changed {
            let place = format!("in the runner `{name}` of the branch `{}`", branch.branch);
            let before = find(&["runners", name.as_str(), "process_count"]);
            write(place, format!("process_count: {count}"), before);
        }
    }
    text.push_str("Then run `pypaas apply`.\n");
    Ok(text)
}

/// Refuses a runner that cannot have that many processes.
fn check(
    branch: &BranchRef,
    counts: &BTreeMap<RunnerName, u16>,
    name: &RunnerName,
    count: u16,
    may_be_none: bool,
) -> Result<(), Failure> {
    if count > MOST_PROCESSES || (count == 0 && !may_be_none) {
        let least = u16::from(!may_be_none);
        return Err(Failure::new(
            format!("`{name}` cannot have {count} processes"),
            format!("write a number from {least} to {MOST_PROCESSES}"),
        ));
    }
    if counts.contains_key(name) || (counts.is_empty() && may_be_none) {
        return Ok(());
    }
    let known: Vec<&str> = counts.keys().map(RunnerName::as_str).collect();
    let near = closest(name.as_str(), known.iter().copied());
    let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    Err(Failure::new(
        format!("{branch} has no runner `{name}` with processes"),
        format!("{near}it has {}", known.join(", ")),
    ))
}
