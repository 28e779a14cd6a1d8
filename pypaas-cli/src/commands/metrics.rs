//! `metrics`: figures for Prometheus.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Parser;
use jiff::Timestamp;
use pypaas_config::{BranchName, BranchRef, Permission, RepoName};
use pypaas_core::{Attempt, History, Outcome};

use super::status::{Row, State, rows};
use crate::access::may_read;
use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::terminal;
use pypaas_linux::backup::Backups;
use pypaas_linux::checks::certificates;

/// Print metrics in Prometheus' text format, for node_exporter's textfile collector
#[derive(Debug, Parser)]
#[command(name = "metrics")]
#[command(after_help = "Example, from cron:\n  \
    pypaas metrics >/var/lib/node_exporter/pypaas.prom.new && mv /var/lib/node_exporter/pypaas.prom{.new,}")]
pub(crate) struct Arguments {}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Read);

    fn requirement(&self) -> Requirement {
        Requirement::Nothing
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    /// Prints figures. Waits for no lock.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?;
        let rows = rows(&installation, None, None)?;
        let mut text = String::new();
        for metric in METRICS {
            let mut samples = String::new();
            for row in &rows {
                let labels = labels(&[("repo", &row.repo), ("branch", &row.branch)]);
                if let Some(value) = (metric.value)(row) {
                    let _ = writeln!(samples, "{}{{{labels}}} {value}", metric.name);
                }
            }
            family(&mut text, metric.name, metric.help, metric.kind, &samples);
        }
        deploys(&installation, &rows, &mut text)?;
        certificates_end(&installation, &mut text);
        backups(&installation, &mut text);
        terminal::out(&text);
        Ok(ExitCode::SUCCESS)
    }
}

/// A figure of each branch.
struct Metric {
    name: &'static str,
    help: &'static str,
    kind: &'static str,
    value: fn(&Row) -> Option<f64>,
}

const METRICS: &[Metric] = &[
    Metric {
        name: "pypaas_processes_desired",
        help: "How many processes should run.",
        kind: "gauge",
        value: |row| Some(row.processes.desired as f64),
    },
    Metric {
        name: "pypaas_processes_up",
        help: "How many processes run.",
        kind: "gauge",
        value: |row| Some(row.processes.up as f64),
    },
    Metric {
        name: "pypaas_restarts_last_hour",
        help: "How often processes were started again in the last hour, not counting deploys.",
        kind: "gauge",
        value: |row| row.processes.restarts.map(|restarts| restarts as f64),
    },
    Metric {
        name: "pypaas_memory_bytes",
        help: "The resident memory of all processes.",
        kind: "gauge",
        value: |row| Some(row.processes.memory_bytes as f64),
    },
    Metric {
        name: "pypaas_in_maintenance",
        help: "Whether nginx answers in place of the branch because of maintenance.",
        kind: "gauge",
        value: |row| Some(f64::from(u8::from(row.maintenance.is_some()))),
    },
    Metric {
        name: "pypaas_stopped",
        help: "Whether the branch was stopped by hand.",
        kind: "gauge",
        value: |row| Some(f64::from(u8::from(row.state == State::Stopped))),
    },
    Metric {
        name: "pypaas_live_since_timestamp_seconds",
        help: "When the deploy of what is live began.",
        kind: "gauge",
        value: |row| row.live.as_ref().map(|live| live.deployed_at.as_second() as f64),
    },
];

fn deploys(installation: &Installation, rows: &[Row], text: &mut String) -> Result<(), Failure> {
    let mut host = installation.host();
    let (mut totals, mut durations) = (String::new(), String::new());
    for row in rows {
        let branch = BranchRef {
            repo: RepoName::new(row.repo.as_str())?,
            branch: BranchName::new(row.branch.as_str())?,
        };
        let attempts = History::new(&mut host, &installation.platform.layout, &branch).read()?;
        let Some(Attempt { totals: counted, .. }) = attempts.last() else { continue };
        let own = |outcome: Outcome| {
            labels(&[("repo", &row.repo), ("branch", &row.branch), ("outcome", outcome.word())])
        };
        for (outcome, count) in [
            (Outcome::Succeeded, counted.succeeded),
            (Outcome::Refused, counted.refused),
            (Outcome::Abandoned, counted.abandoned),
        ] {
            let _ = writeln!(totals, "pypaas_deploys_total{{{}}} {count}", own(outcome));
            if let Some(last) = attempts.iter().rev().find(|it| it.outcome == outcome) {
                let _ = writeln!(
                    durations,
                    "pypaas_last_deploy_duration_seconds{{{}}} {:.3}",
                    own(outcome),
                    last.seconds
                );
            }
        }
    }
    let help = "How many deploys, rebuilds, restarts and rollbacks ended so.";
    family(text, "pypaas_deploys_total", help, "counter", &totals);
    let help = "How long the last one took that ended so.";
    family(text, "pypaas_last_deploy_duration_seconds", help, "gauge", &durations);
    Ok(())
}

fn certificates_end(installation: &Installation, text: &mut String) {
    let mut samples = String::new();
    for (name, domain) in installation.configuration().domains.iter().filter(|(_, domain)| domain.ssl) {
        if !domain.targets().all(|target| may_read(installation, &target.repo)) {
            continue;
        }
        if let Some(end) = certificates::end(&installation.platform.layout, name, domain) {
            let labels = labels(&[("domain", name.as_str())]);
            let name = "pypaas_certificate_end_timestamp_seconds";
            let _ = writeln!(samples, "{name}{{{labels}}} {}", end.as_second());
        }
    }
    let help = "When the certificate of the domain ends.";
    family(text, "pypaas_certificate_end_timestamp_seconds", help, "gauge", &samples);
}

/// Prints when a backup and a trial last succeeded.
fn backups(installation: &Installation, text: &mut String) {
    let Some(Ok(record)) = Backups::of(&installation.platform).map(|backups| backups.record()) else {
        return;
    };
    let mut time = |name: &str, help: &str, at: Option<Timestamp>| {
        let sample = at.map(|at| format!("{name} {}\n", at.as_second())).unwrap_or_default();
        family(text, name, help, "gauge", &sample);
    };
    let made = record.succeeded.filter(|made| made.problems.is_empty()).map(|made| made.at);
    time(
        "pypaas_backup_last_success_timestamp_seconds",
        "When the last backup was made, if it lacks nothing.",
        made,
    );
    let help = "When a backup was last restored for a trial, and was right.";
    time("pypaas_backup_last_trial_timestamp_seconds", help, record.tried_at);
}

fn family(text: &mut String, name: &str, help: &str, kind: &str, samples: &str) {
    if !samples.is_empty() {
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{samples}");
    }
}

fn labels(pairs: &[(&str, &str)]) -> String {
    let escape = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let pairs = pairs.iter().map(|(name, value)| format!("{name}=\"{}\"", escape(value)));
    pairs.collect::<Vec<_>>().join(",")
}
