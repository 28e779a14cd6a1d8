//! `why`: why a domain does not answer.

use std::process::ExitCode;

use clap::Parser;

use crate::command::{self, Effect, Requirement};
use crate::diagnosis::{Address, Diagnosis, diagnose};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::table::Look;
use crate::terminal;
use pypaas_config::Permission;

/// Trace a request for a domain, stop at the first problem and say how to fix it
#[derive(Debug, Parser)]
#[command(name = "why")]
#[command(
    after_help = "Examples:\n  pypaas why shop.example.com\n  pypaas why https://shop.example.com/cart\n\n\
    Exits with 2 when something is wrong."
)]
pub(crate) struct Arguments {
    /// A domain, or the URL that does not answer
    pub(crate) address: Address,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Read);

    fn requirement(&self) -> Requirement {
        Requirement::Domain(Permission::Read, self.address.host.clone())
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    /// Walks the way and tells what was found on it.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?;
        let diagnosis = diagnose(&installation, &self.address);
        terminal::out(&match self.json {
            true => terminal::pretty_json(&diagnosis)?,
            false => text(&diagnosis),
        });
        Ok(ExitCode::from(if diagnosis.problem.is_some() { 2 } else { 0 }))
    }
}

fn text(diagnosis: &Diagnosis) -> String {
    let mut text = format!("{}\n", diagnosis.url);
    for line in &diagnosis.checked {
        text.push_str(&format!("  {}     {line}\n", Look::Good.paint("ok")));
    }
    match &diagnosis.problem {
        Some(problem) => {
            text.push_str(&format!("  {}  {}\n", Look::Bad.paint("error"), problem.message));
            for line in &problem.because {
                text.push_str(&format!("         | {line}\n"));
            }
            text.push_str(&problem.fix.as_ref().map(|fix| format!("  hint:  {fix}\n")).unwrap_or_default());
        }
        None => text.push_str("  No problem found on this host. DNS and firewalls were not checked.\n"),
    }
    text
}
