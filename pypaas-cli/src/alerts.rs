//! What is wrong now, and messages about it.

use std::fs::{self, File};
use std::io::ErrorKind;

use jiff::Timestamp;
use pypaas_config::{Diagnostic, Trouble};
use pypaas_core::{Alert, AlertRecord, History, Outcome, alert_id};
use pypaas_linux::checks::CheckScope;
use pypaas_linux::{durable, send_alert};

use crate::branch_checks;
use crate::failure::Failure;
use crate::installation::Installation;

/// Lists everything that is wrong now.
pub(crate) fn find(installation: &Installation) -> Vec<Alert> {
    let mut findings: Vec<Diagnostic> = installation.problems.clone();
    findings.extend(installation.host().check(&installation.platform, CheckScope::Machine));
    findings.extend(branch_checks::check(installation));
    let mut alerts: Vec<Alert> = findings.into_iter().map(of_finding).collect();
    alerts.extend(failed_deploys(installation));
    alerts.sort_by(|a, b| a.id.cmp(&b.id));
    alerts.dedup_by(|a, b| a.id == b.id);
    alerts
}

fn of_finding(finding: Diagnostic) -> Alert {
    let kind = match finding.category {
        "processes" => Trouble::CrashLoop,
        "jobs" => Trouble::Job,
        "backups" => Trouble::Backup,
        "certificates" => Trouble::Certificate,
        "disk" => Trouble::Disk,
        _ => Trouble::Machine,
    };
    let id = alert_id(kind, &finding.message);
    Alert { id, kind, repo: None, branch: None, message: finding.message, fix: finding.fix }
}

/// Lists the branches whose last deploy failed.
fn failed_deploys(installation: &Installation) -> Vec<Alert> {
    let (mut host, layout) = (installation.host(), &installation.platform.layout);
    let mut failed = Vec::new();
    for (branch, _) in installation.configuration().branches() {
        let attempts = History::new(&mut host, layout, &branch).read().unwrap_or_default();
        let Some(last) = attempts.into_iter().next_back().filter(|it| it.outcome == Outcome::Refused) else {
            continue;
        };
        let reason = last.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        let subject = if last.subject.is_empty() { String::new() } else { format!(" \"{}\"", last.subject) };
        failed.push(Alert {
            id: format!("failed: {branch}"),
            kind: Trouble::Failed,
            repo: Some(branch.repo.to_string()),
            branch: Some(branch.branch.to_string()),
            message: format!(
                "the deploy of {branch} by {} failed: {}{subject}{reason}",
                last.by,
                last.commit.short()
            ),
            fix: Some(format!("`pypaas logs {branch} --deploy` shows its output")),
        });
    }
    failed
}

/// Sends what has changed to all destinations. Returns what could not be sent: it is sent the next time.
pub(crate) fn send(installation: &Installation) -> Result<Vec<String>, Failure> {
    let destinations = &installation.configuration().settings.notify;
    let path = installation.platform.layout.state().join("alerts.json");
    // The keeper and a person would send everything twice.
    let lock = File::create(path.with_extension("lock"))?;
    lock.lock()?;
    let mut record = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => AlertRecord::default(),
        // A damaged one is ignored: then everything is sent again.
        text => serde_json::from_slice(&text?).unwrap_or_default(),
    };
    let before = record.clone();
    record.keep_only(destinations);
    let alerts = find(installation);
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let mut problems = Vec::new();
    for to in destinations {
        for pending in record.pending(to, &alerts, &host, Timestamp::now()) {
            match send_alert(to, &pending.message) {
                Ok(()) => record.note(to, &pending),
                Err(error) => {
                    problems.push(format!("cannot send `{}`: {error}", pending.message.text));
                    // The next ones would wait as long.
                    break;
                }
            }
        }
    }
    if record != before {
        durable::replace(&path, &serde_json::to_vec_pretty(&record)?, 0o600)?;
    }
    Ok(problems)
}
