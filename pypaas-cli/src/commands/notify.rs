//! `notify`: those who want to know of trouble.

use std::process::ExitCode;

use clap::Parser;
use jiff::Timestamp;
use pypaas_config::{Permission, Trouble};
use pypaas_core::{AlertMessage, AlertState};
use pypaas_linux::send_alert;

use crate::alerts;
use crate::command::{self, Effect, Requirement};
use crate::failure::{FAILED, Failure};
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::terminal;

/// Tell the destinations of `notify` in pypaas.yml what has changed; the keeper does it every minute
#[derive(Debug, Parser)]
#[command(name = "notify")]
#[command(after_help = "Examples:\n  pypaas notify --test      send a message to each destination\n  \
    pypaas notify --dry-run   list what is wrong now")]
pub(crate) struct Arguments {
    /// Send a message to each destination, whatever is wrong
    #[arg(long)]
    test: bool,
    /// List what is wrong now, and send nothing
    #[arg(long, conflicts_with = "test")]
    dry_run: bool,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Admin);

    fn requirement(&self) -> Requirement {
        Requirement::Admin
    }

    fn effect(&self) -> Effect {
        if self.test { Effect::Change } else { Effect::None }
    }

    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?;
        if self.dry_run {
            for alert in alerts::find(&installation) {
                terminal::out(&format!("{}\n", alert.message));
            }
            return Ok(ExitCode::SUCCESS);
        }
        if installation.configuration().settings.notify.is_empty() {
            return Err(Failure::new(
                "nobody is to be notified",
                "write `notify: [{to: https://…}]` into pypaas.yml; docs/notifications.md has examples",
            ));
        }
        let problems = if self.test { test(&installation) } else { alerts::send(&installation)? };
        for problem in &problems {
            terminal::err(&format!("error: {problem}\n"));
        }
        Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
    }
}

/// Sends a message that says that it is a test. Returns what could not be sent.
fn test(installation: &Installation) -> Vec<String> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let message = AlertMessage {
        text: format!("{host}: this is a test of `pypaas notify --test`"),
        state: AlertState::Problem,
        kind: Trouble::Machine,
        repo: None,
        branch: None,
        message: "this is a test of `pypaas notify --test`".to_owned(),
        fix: None,
        since: Timestamp::now(),
        host,
    };
    let mut problems = Vec::new();
    for to in &installation.configuration().settings.notify {
        match send_alert(to, &message) {
            Ok(()) => terminal::out(&format!("sent to {}\n", words(&to.to))),
            Err(error) => problems.push(format!("cannot send to {}: {error}", words(&to.to))),
        }
    }
    problems
}

/// Names a destination without what may be secret in it.
fn words(to: &str) -> String {
    match to.split_once("://") {
        Some((scheme, rest)) if scheme == "http" || scheme == "https" => {
            let host = rest.split(['/', '?']).next().unwrap_or_default();
            format!("{scheme}://{}/…", host.rsplit_once('@').map_or(host, |(_, host)| host))
        }
        _ => format!("`{}`", to.lines().next().unwrap_or_default().split(' ').next().unwrap_or_default()),
    }
}
