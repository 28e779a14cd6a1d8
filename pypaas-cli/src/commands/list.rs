//! `list`: what is configured and what of it is live.

use std::process::ExitCode;

use clap::Parser;
use jiff::Timestamp;
use pypaas_config::Permission;
use pypaas_core::{Maintenance, plan};
use serde::Serialize;

use super::branches;
use crate::access::may_read_all;
use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::format::ago;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::table::shorten;
use crate::terminal;

/// List branches: the live commit, when and by whom it was deployed, and URLs
#[derive(Debug, Parser)]
#[command(name = "list")]
#[command(after_help = "Examples:\n  pypaas list\n  ssh deploy@host list --json   for a program")]
pub(crate) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One branch, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Row {
    repo: String,
    branch: String,
    configured: bool,
    /// Whether the repo's file is broken: nothing can be pushed until it is mended, and what is live stays.
    broken: bool,
    commit: Option<String>,
    subject: Option<String>,
    release: Option<u64>,
    deployed_at: Option<Timestamp>,
    deployed_by: Option<String>,
    maintenance: Option<Maintenance>,
    stopped: bool,
    deploying: bool,
    processes: usize,
    urls: Vec<String>,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Read);

    fn requirement(&self) -> Requirement {
        Requirement::Nothing
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    /// Lists configured branches, and deployed ones that are not configured any more. Waits for no lock.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load_without_secrets(invocation)?;
        let rows = rows(&installation)?;
        if self.json {
            terminal::json(&rows)?;
            return Ok(ExitCode::SUCCESS);
        }
        let now = Timestamp::now();
        let sees_all = may_read_all(&installation);
        let text: String = rows.iter().map(|row| row.text(now)).collect();
        terminal::out(&text);
        let broken = installation.configuration().broken_domains.iter().filter(|_| sees_all);
        for domain in broken {
            terminal::out(&format!(
                "{domain}: its file is broken; nginx keeps its last working configuration\n"
            ));
        }
        if rows.is_empty() && installation.problems.is_empty() {
            terminal::out(
                "nothing is configured yet: write repo/<name>.yml in the configuration directory\n",
            );
        }
        if sees_all {
            installation.warn_about_problems();
        }
        Ok(installation.exit_code())
    }
}

fn rows(installation: &Installation) -> Result<Vec<Row>, Failure> {
    let platform = &installation.platform;
    let records = branches::read(installation, |_| true)?;
    let mut urls = plan::urls(platform);
    let row = |(branch, record): (pypaas_config::BranchRef, pypaas_core::Record)| {
        let live = record.live.as_ref();
        Row {
            repo: branch.repo.to_string(),
            branch: branch.branch.to_string(),
            configured: platform.branch(&branch).is_some(),
            broken: platform.configuration.broken_repos.contains(&branch.repo),
            commit: live.map(|live| live.commit.to_string()),
            subject: live.map(|live| live.subject.clone()),
            release: live.map(|live| live.release),
            deployed_at: live.map(|live| live.at),
            deployed_by: live.map(|live| live.by.clone()),
            maintenance: record.maintenance,
            stopped: record.stopped,
            deploying: record.candidate.is_some(),
            processes: live.map_or(0, |live| live.processes.len()),
            urls: urls.remove(&branch).unwrap_or_default(),
        }
    };
    Ok(records.into_iter().map(row).collect())
}

impl Row {
    fn text(&self, now: Timestamp) -> String {
        let mut text = format!("{} {}: ", self.repo, self.branch);
        match (&self.commit, &self.subject, self.deployed_at, &self.deployed_by) {
            (Some(commit), Some(subject), Some(at), Some(by)) => {
                text.push_str(&format!(
                    "{} \"{}\", {} by {by}",
                    &commit[..11],
                    shorten(subject),
                    ago(now, at)
                ));
            }
            _ => text.push_str("not deployed"),
        }
        for (said, when) in [
            (", in maintenance", self.maintenance.is_some()),
            (", stopped", self.stopped),
            (", being deployed", self.deploying),
            (", its configuration is broken", self.broken),
            (", no longer configured", !self.configured && !self.broken),
        ] {
            text.push_str(if when { said } else { "" });
        }
        text.push('\n');
        for url in &self.urls {
            text.push_str(&format!("    {url}\n"));
        }
        text
    }
}
