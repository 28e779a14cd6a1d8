//! `certificates`: those that an authority issues to this host.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use jiff::Timestamp;
use pypaas_config::{Domain, DomainName, Permission};
use pypaas_linux::checks::certificates::IssuedState;
use serde::Serialize;

use crate::access::may_read;
use crate::command::{self, Effect, Requirement};
use crate::console_reporter::ConsoleReporter;
use crate::failure::{FAILED, Failure};
use crate::format::local;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::issuing;
use crate::table::{Cell, Table, terminal_width};
use crate::terminal;

/// List the certificates of domains with `ssl: auto`, or renew them
#[derive(Debug, Parser)]
#[command(name = "certificates")]
#[command(
    after_help = "Examples:\n  pypaas certificates\n  pypaas certificates renew              those that are due\n  \
    pypaas certificates renew shop.example --force"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Get certificates that are due: where there is none, and after two thirds of their life
    Renew {
        /// The domain; all if it is left out
        domain: Option<String>,
        /// Also get one that is not due. Authorities limit how often
        #[arg(long)]
        force: bool,
        /// Print what would be done, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

/// One domain, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Row {
    domain: String,
    names: Vec<String>,
    issued_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    /// When the next attempt is due; `None`: now.
    due_at: Option<Timestamp>,
    failures: u32,
    problem: Option<String>,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Read);

    fn requirement(&self) -> Requirement {
        if self.action.is_some() { Requirement::Admin } else { Requirement::Nothing }
    }

    fn effect(&self) -> Effect {
        if self.action.is_some() { Effect::Change } else { Effect::None }
    }

    /// Lists certificates, or renews them. Waits for no lock while it lists.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?;
        if let Some(Action::Renew { domain, force, dry_run }) = self.action {
            return renew(&installation, domain.as_deref(), force, dry_run);
        }
        let now = Timestamp::now();
        let states = issuing::states(&installation)
            .into_iter()
            .filter(|(_, domain, _)| domain.targets().all(|target| may_read(&installation, &target.repo)));
        let rows: Vec<Row> =
            states.map(|(name, domain, state)| Row::new(name, domain, &state, now)).collect();
        if self.json {
            terminal::json(&rows)?;
        } else if rows.is_empty() {
            terminal::out("no domain says `ssl: auto`, so pypaas keeps no certificates\n");
        } else {
            terminal::out(&table(&rows));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn renew(
    installation: &Installation,
    wanted: Option<&str>,
    force: bool,
    dry_run: bool,
) -> Result<ExitCode, Failure> {
    let now = Timestamp::now();
    let mut states = issuing::states(installation);
    if let Some(wanted) = wanted {
        states.retain(|(name, ..)| name.as_str() == wanted);
        if states.is_empty() {
            let hint = format!("write `ssl: auto` into domains/{wanted}.yml");
            return Err(Failure::new(format!("no domain `{wanted}` says `ssl: auto`"), hint));
        }
    }
    // Whoever names a domain has mended what kept it.
    let is_due =
        |state: &IssuedState| force || wanted.is_some() && state.failed.is_some() || state.due_at() <= now;
    states.retain(|(name, _, state)| is_due(state) || issuing::waits_for_use(installation, name));
    let mut reporter = ConsoleReporter::default();
    let mut code = ExitCode::SUCCESS;
    for (name, domain, state) in &states {
        if dry_run {
            let names: Vec<String> = domain.names(name).map(ToString::to_string).collect();
            terminal::out(&format!("would get a certificate for {}\n", names.join(", ")));
            continue;
        }
        let force = force || wanted.is_some() && state.failed.is_some();
        match issuing::renew(installation, name, domain, force, &mut reporter) {
            Ok(true) => reporter.line(&format!("{name} has a new certificate")),
            Ok(false) => {}
            Err(failure) => {
                failure.report();
                code = ExitCode::from(FAILED);
            }
        }
    }
    if states.is_empty() {
        terminal::out("no certificate is due\n");
    }
    Ok(code)
}

impl Row {
    fn new(name: &DomainName, domain: &Domain, state: &IssuedState, now: Timestamp) -> Self {
        Self {
            domain: name.to_string(),
            names: domain.names(name).map(ToString::to_string).collect(),
            issued_at: state.validity.map(|(begin, _)| begin),
            expires_at: state.validity.map(|(_, end)| end),
            due_at: Some(state.due_at()).filter(|due| *due > now),
            failures: state.failed.as_ref().map_or(0, |failed| failed.failures),
            problem: state.failed.as_ref().map(|failed| failed.reason.clone()),
        }
    }
}

fn table(rows: &[Row]) -> String {
    let mut table = Table::new(["domain", "expires", "next attempt", "problem"]);
    for row in rows {
        let time = |at: Option<Timestamp>, none: &str| at.map_or_else(|| none.to_owned(), local);
        table.row([
            Cell::name(&row.domain),
            Cell::from(time(row.expires_at, "no certificate yet")),
            Cell::from(time(row.due_at, "now")),
            Cell::of_any_length(row.problem.as_deref().unwrap_or("-")),
        ]);
    }
    table.text(terminal_width(), |_| String::new())
}
