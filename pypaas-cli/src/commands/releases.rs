//! `releases`: what was tried on a branch, and how it ended.

use std::collections::BTreeMap;
use std::fs;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use jiff::Timestamp;
use pypaas_config::{BranchRef, Permission};
use pypaas_core::{Attempt, History, Outcome, record};
use serde::Serialize;

use crate::arguments::BranchArguments;
use crate::command::{self, Effect, Requirement};
use crate::console_reporter::seconds;
use crate::failure::Failure;
use crate::format::{ago, local};
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::table::{Cell, Look, Table, terminal_width};
use crate::terminal;

/// How many attempts are listed when nothing else is said.
const SHOWN: usize = 20;

/// List deploy attempts of a branch: commit, who, when, duration and result
#[derive(Debug, Parser)]
#[command(name = "releases")]
#[command(after_help = "Examples:\n  pypaas releases shop               the last attempts, newest first\n  \
    pypaas releases shop 12            one release, with the duration of each part\n  \
    pypaas releases shop --diff 11 12  the configuration changes between two releases")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) branch: BranchArguments,
    /// A release's number, to see all its details
    #[arg(conflicts_with = "diff")]
    release: Option<u64>,
    /// Show the last N attempts
    #[arg(short = 'n', long, value_name = "N", default_value_t = SHOWN)]
    lines: usize,
    /// Compare the configuration of two releases; without a second number, with the live release
    #[arg(long, value_name = "RELEASE", num_args = 1..=2)]
    diff: Option<Vec<u64>>,
    /// Show values of `env` in the comparison
    #[arg(long, requires = "diff")]
    pub(crate) show: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "diff")]
    json: bool,
}

/// One attempt, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Row<'a> {
    live: bool,
    #[serde(flatten)]
    attempt: &'a Attempt,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Read);

    fn requirement(&self) -> Requirement {
        let permission = if self.show { Permission::Run } else { Permission::Read };
        Requirement::Repo(permission, self.branch.repo.clone())
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    /// Lists attempts. Waits for no lock.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?;
        let branch = installation.branch(&self.branch.repo, &self.branch.branch)?;
        let layout = &installation.platform.layout;
        let record = record(&mut installation.host(), layout, &branch)?.unwrap_or_default();
        let attempts = History::new(&mut installation.host(), layout, &branch).read_with_record(&record)?;
        let live = record.live.map(|live| live.release);
        if let Some(releases) = &self.diff {
            let second = releases.get(1).copied().or(live);
            let first = find(&attempts, &branch, releases.first().copied())?;
            let second = find(&attempts, &branch, second)?;
            return diff(&installation, &branch, first, second, self.show);
        }
        let shown: Vec<&Attempt> = match self.release {
            Some(_) => vec![find(&attempts, &branch, self.release)?],
            None => attempts.iter().rev().take(self.lines).collect(),
        };
        let is_live = |attempt: &Attempt| live.is_some() && attempt.release == live;
        if self.json {
            let rows: Vec<Row<'_>> =
                shown.iter().map(|attempt| Row { live: is_live(attempt), attempt }).collect();
            terminal::json(&rows)?;
        } else if let (Some(_), [attempt]) = (self.release, shown.as_slice()) {
            terminal::out(&details(attempt, is_live(attempt)));
        } else if shown.is_empty() {
            terminal::out(&format!("nothing was tried on {branch} yet\n"));
        } else {
            terminal::out(&list(&shown, is_live, Timestamp::now(), terminal_width()));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn find<'a>(
    attempts: &'a [Attempt],
    branch: &BranchRef,
    release: Option<u64>,
) -> Result<&'a Attempt, Failure> {
    let found = attempts.iter().rev().find(|it| release.is_some() && it.release == release);
    found.ok_or_else(|| {
        let what = release.map_or_else(|| "no live release".to_owned(), |it| format!("no release {it}"));
        let known = attempts.iter().filter_map(|it| it.release);
        let hint = match (known.clone().min(), known.max()) {
            (Some(first), Some(last)) => format!("known releases: {first} to {last}"),
            _ => "nothing went live yet".to_owned(),
        };
        Failure::new(format!("{branch} has {what}"), hint)
    })
}

fn list(
    attempts: &[&Attempt],
    is_live: impl Fn(&Attempt) -> bool,
    now: Timestamp,
    width: Option<usize>,
) -> String {
    let mut table = Table::new(["RELEASE", "OUTCOME", "COMMIT", "WHEN", "BY", "TOOK", "CONFIGURATION"]);
    for attempt in attempts {
        let (outcome, look) = match attempt.outcome {
            Outcome::Succeeded if is_live(attempt) => ("live", Look::Good),
            Outcome::Succeeded => ("succeeded", Look::Faint),
            other => (other.word(), Look::Bad),
        };
        table.row([
            Cell::name(attempt.release.map_or_else(|| "-".to_owned(), |release| release.to_string())),
            Cell::new(outcome, look),
            Cell::of_any_length(format!("{} {}", attempt.commit.short(), attempt.subject)),
            ago(now, attempt.at).into(),
            format!("{}, {}", attempt.by, what(attempt)).into(),
            match attempt.sections.is_empty() {
                true => "".into(),
                false => seconds(Duration::from_secs_f64(attempt.seconds.max(0.0))).into(),
            },
            attempt.configuration.clone().unwrap_or_default().into(),
        ]);
    }
    table.text(width, |position| {
        let reason = attempts.get(position).and_then(|attempt| attempt.reason.as_deref());
        reason.map(|reason| format!("         {}\n", Look::Faint.paint(reason))).unwrap_or_default()
    })
}

fn what(attempt: &Attempt) -> String {
    match attempt.rollback_of {
        Some(restored) => format!("{} to {restored}", attempt.kind.word()),
        None => attempt.kind.word().to_owned(),
    }
}

fn details(attempt: &Attempt, is_live: bool) -> String {
    let from = attempt.from.as_deref().map(|from| format!(" from {from}")).unwrap_or_default();
    let mut text = format!(
        "release {}{}: {} \"{}\"\n  {} by {}{from} at {}\n",
        attempt.release.unwrap_or_default(),
        if is_live { ", live" } else { "" },
        attempt.commit,
        attempt.subject,
        what(attempt),
        attempt.by,
        local(attempt.at),
    );
    if let Some(configuration) = &attempt.configuration {
        text.push_str(&format!("  configuration {configuration}\n"));
    }
    text.push_str(&format!("  {} altogether\n", seconds(Duration::from_secs_f64(attempt.seconds.max(0.0)))));
    for section in &attempt.sections {
        let took = seconds(Duration::from_secs_f64(section.seconds.max(0.0)));
        text.push_str(&format!("  {took:>9}  {}\n", section.title));
    }
    text
}

/// Prints what differs between two configurations.
fn diff(
    installation: &Installation,
    branch: &BranchRef,
    first: &Attempt,
    second: &Attempt,
    show: bool,
) -> Result<ExitCode, Failure> {
    let read = |attempt: &Attempt| {
        let hash = attempt.configuration.as_deref().unwrap_or_default();
        let path = installation.platform.layout.configurations(branch).join(hash);
        fs::read_to_string(&path).map_err(|error| {
            let release = attempt.release.unwrap_or_default();
            let what = format!("cannot read the configuration of release {release} in `{path}`: {error}");
            Failure::new(what, "pick a newer release")
        })
    };
    let (before, after) = (read(first)?, read(second)?);
    let lines = difference(&before, &after, show);
    if lines.is_empty() {
        terminal::out("no differences\n");
    }
    for line in lines {
        let look = if line.starts_with('-') { Look::Bad } else { Look::Good };
        terminal::out(&format!("{}\n", look.paint(&line)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Lists values that differ, by key, as `- key = before` and `+ key = after`.
fn difference(before: &str, after: &str, show: bool) -> Vec<String> {
    let (before, after) = (values(before), values(after));
    let mut keys: Vec<&&str> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    let mut lines = Vec::new();
    for key in keys {
        let (old, new) = (before.get(*key), after.get(*key));
        if old == new {
            continue;
        }
        for (sign, value) in [('-', old), ('+', new)] {
            if let Some(value) = value {
                let value = if key.starts_with("env.") && !show { "(hidden)" } else { value };
                lines.push(format!("{sign} {key} = {value}"));
            }
        }
    }
    lines
}

fn values(text: &str) -> BTreeMap<&str, &str> {
    text.lines().filter_map(|line| line.split_once(" = ")).collect()
}

#[cfg(test)]
mod tests {
    use pypaas_core::{AttemptKind, CommitId};

    use super::*;

    fn at(width: usize) -> String {
        let attempt = |release: Option<u64>, subject: &str| Attempt {
            outcome: if release.is_some() { Outcome::Succeeded } else { Outcome::Refused },
            kind: AttemptKind::Push,
            release,
            rollback_of: None,
            commit: CommitId::new("3f2a".repeat(10)).unwrap(),
            subject: subject.to_owned(),
            by: "ada-lovelace".to_owned(),
            from: None,
            at: "2026-11-22T09:57:00Z".parse().unwrap(),
            seconds: 4.2,
            sections: Vec::new(),
            configuration: Some("7899318d48d".to_owned()),
            checkout: None,
            builder: None,
            manifest: None,
            log: None,
            reason: release.is_none().then(|| "the build failed".to_owned()),
            totals: pypaas_core::Totals::default(),
            unknown: pypaas_core::UnknownFields::default(),
        };
        let attempts = [attempt(Some(12), &"word ".repeat(600)), attempt(None, "Fix it")];
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        let text = list(&attempts.iter().collect::<Vec<_>>(), |it| it.release.is_some(), now, Some(width));
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn attempts_at_the_widths_of_common_terminals() {
        insta::assert_snapshot!(at(40), @"
        12
          OUTCOME        live
          COMMIT         3f2a3f2a3f2 word word …
          WHEN           3 minutes ago
          BY             ada-lovelace, push
          CONFIGURATION  7899318d48d
        -
          OUTCOME        refused
          COMMIT         3f2a3f2a3f2 Fix it
          WHEN           3 minutes ago
          BY             ada-lovelace, push
          CONFIGURATION  7899318d48d
                 the build failed
        ");
        insta::assert_snapshot!(at(80), @"
        RELEASE  OUTCOME  COMMIT        WHEN           BY             TOOK  CONFIGURATI…
        12       live     3f2a3f2a3f2…  3 minutes ago  ada-lovelace…        7899318d48d
        -        refused  3f2a3f2a3f2…  3 minutes ago  ada-lovelace…        7899318d48d
                 the build failed
        ");
        insta::assert_snapshot!(at(120), @"
        RELEASE  OUTCOME  COMMIT                                          WHEN           BY                  TOOK  CONFIGURATION
        12       live     3f2a3f2a3f2 word word word word word word wor…  3 minutes ago  ada-lovelace, push        7899318d48d
        -        refused  3f2a3f2a3f2 Fix it                              3 minutes ago  ada-lovelace, push        7899318d48d
                 the build failed
        ");
    }

    #[test]
    fn a_difference_names_keys_and_hides_values_of_the_environment() {
        let before = "env.A = secret\nenv.B = same\nruntime = 1\ngone = 1\n";
        let after = "env.A = other\nenv.B = same\nruntime = 2\nnew = 1\n";
        assert_eq!(
            difference(before, after, false),
            [
                "- env.A = (hidden)",
                "+ env.A = (hidden)",
                "- gone = 1",
                "+ new = 1",
                "- runtime = 1",
                "+ runtime = 2"
            ]
        );
        assert_eq!(difference(before, after, true)[..2], ["- env.A = secret", "+ env.A = other"]);
        assert!(difference(before, before, true).is_empty());
    }
}
