//! `why`: why a domain does not answer.

use std::process::ExitCode;

use clap::Args;

use crate::diagnosis::{Address, Diagnosis, diagnose};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::table::Look;
use crate::terminal;

/// Find out why a domain does not answer: walk a request's way and stop at the first thing wrong
#[derive(Debug, Args)]
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

/// Walks the way and tells what was found on it.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let installation = Installation::load()?;
    let diagnosis = diagnose(&installation, &arguments.address);
    terminal::out(&match arguments.json {
        true => format!("{}\n", serde_json::to_string_pretty(&diagnosis)?),
        false => text(&diagnosis),
    });
    Ok(ExitCode::from(if diagnosis.wrong.is_some() { 2 } else { 0 }))
}

fn text(diagnosis: &Diagnosis) -> String {
    let mut text = format!("{}\n", diagnosis.url);
    for line in &diagnosis.checked {
        text.push_str(&format!("  {}     {line}\n", Look::Good.paint("ok")));
    }
    match &diagnosis.wrong {
        Some(wrong) => {
            text.push_str(&format!("  {}  {}\n", Look::Bad.paint("wrong"), wrong.what));
            for line in &wrong.lines {
                text.push_str(&format!("         | {}\n", terminal::harmless(line)));
            }
            text.push_str(&format!("  hint:  {}\n", wrong.mend));
        }
        None => text.push_str(
            "  Nothing is wrong on this host. What lies before it was not checked: the domain's DNS entry, a firewall.\n",
        ),
    }
    text
}
