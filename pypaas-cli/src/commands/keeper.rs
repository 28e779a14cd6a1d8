//! `keeper`: does what is due, for as long as it runs. The supervisor runs it.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use jiff::Timestamp;
use pypaas_config::Permission;
use pypaas_linux::Bell;

use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::issuing;
use crate::narrator::Narrator;

/// How long it sleeps at most. Files that somebody edits ring no bell.
const LONGEST: Duration = Duration::from_secs(60);

/// Renew certificates when they are due; run by the supervisor
#[derive(Debug, Parser)]
#[command(name = "keeper", hide = true)]
pub(crate) struct Arguments {}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Admin);

    fn requirement(&self) -> Requirement {
        Requirement::Host
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    /// Does what is due until it is stopped. Killed at any moment it loses nothing: what is due follows from files.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let mut bell: Option<Bell> = None;
        let mut told = String::new();
        while !is_replaced() {
            let outcome = Installation::load(invocation).and_then(|installation| {
                if bell.is_none() {
                    bell = Some(Bell::at(&installation.platform.layout.keeper_bell())?);
                }
                renew_certificates(&installation);
                Ok(())
            });
            // Once: not every minute.
            let failed = outcome.err().map(|failure| failure.text()).unwrap_or_default();
            if failed != told {
                Narrator::default().line(&failed);
                told = failed;
            }
            match &mut bell {
                Some(bell) => bell.wait(LONGEST)?,
                None => std::thread::sleep(LONGEST),
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn renew_certificates(installation: &Installation) {
    let now = Timestamp::now();
    let mut narrator = Narrator::default();
    for (name, domain, state) in issuing::states(installation) {
        if state.due_at() > now && !issuing::waits_for_use(installation, name) {
            continue;
        }
        match issuing::renew(installation, name, domain, false, &mut narrator) {
            Ok(true) => narrator.line(&format!("{name} has a new certificate")),
            Ok(false) => {}
            Err(failure) => narrator.line(&failure.text()),
        }
    }
}

/// Returns whether the program was replaced by another version, which the supervisor starts next.
fn is_replaced() -> bool {
    std::fs::read_link("/proc/self/exe").is_ok_and(|path| path.to_string_lossy().ends_with(" (deleted)"))
}
