//! `check`: say what is wrong with the configuration and with this host, and how to mend it.

use std::process::ExitCode;

use camino::Utf8PathBuf;
use clap::Parser;
use pypaas_config::{Diagnostic, Permission, Severity};
use serde::Serialize;

use crate::access::may_read_all;
use crate::command::{self, Effect, Requirement};
use crate::configuration_directory::{MAIN_FILE, configuration_directory, load_directory};
use crate::failure::{FAILED, Failure};
use crate::format::count;
use crate::installation::{Installation, home};
use crate::invocation::Invocation;
use crate::{branch_checks, terminal};
use pypaas_linux::checks::CheckScope;

/// Exit status when there are warnings and no errors.
const WARNED: u8 = 4;

/// Check the configuration and this host, and say how to fix problems
///
/// Exits with 0 if there are no problems, 4 if there are only warnings, and 2 if there are errors.
#[derive(Debug, Parser)]
#[command(name = "check")]
#[command(after_help = "Examples:\n  pypaas check\n  pypaas check --json   for a program")]
pub(crate) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What was found, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Report {
    configuration: Utf8PathBuf,
    findings: Vec<Diagnostic>,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = None;

    fn requirement(&self) -> Requirement {
        Requirement::Nothing
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    /// Reads the whole configuration, then looks at the host. Changes nothing.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let home = home()?;
        let directory = configuration_directory(&home)?;
        let loaded = load_directory(&directory)?;
        let problems = loaded.problems.clone();
        let (mut findings, mut seen) = (Vec::new(), Seen::All);
        match Installation::of(invocation, &home, &directory, loaded) {
            Ok(installation) => {
                findings.extend(installation.shown_problems().cloned());
                if may_read_all(&installation) {
                    let defects = installation.host().check(&installation.platform, CheckScope::Machine);
                    findings.extend(defects);
                    findings.extend(branch_checks::check(&installation));
                } else {
                    seen = Seen::Part { hidden: installation.problems.len() - findings.len() };
                }
            }
            Err(failure) if invocation.key.is_some() => return Err(failure),
            Err(failure) => {
                seen = Seen::NoHost;
                findings.extend(problems.iter().cloned());
                if !problems.iter().any(Diagnostic::is_error) {
                    // Only the interpreters of pypaas.yml notice a mistake in a script template.
                    findings.push(failure.diagnostic("configuration").at(MAIN_FILE, None, None));
                }
            }
        }
        let has = |severity| findings.iter().any(|finding| finding.severity == severity);
        let code = match (has(Severity::Error) || seen.hides_problems(), has(Severity::Warning)) {
            (true, _) => ExitCode::from(FAILED),
            (false, true) => ExitCode::from(WARNED),
            (false, false) => ExitCode::SUCCESS,
        };
        let report = Report { configuration: directory, findings };
        if self.json {
            terminal::json(&report)?;
        } else {
            terminal::out(&report.text(seen));
        }
        Ok(code)
    }
}

/// How much was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// All of it.
    All,
    /// The configuration, but not the host: `pypaas.yml` cannot be used.
    NoHost,
    /// What the key that was used may read; so many problems are in other files.
    Part {
        /// How many.
        hidden: usize,
    },
}

impl Seen {
    fn hides_problems(self) -> bool {
        matches!(self, Self::Part { hidden } if hidden > 0)
    }
}

impl Report {
    fn text(&self, seen: Seen) -> String {
        let is_of_host = |finding: &&Diagnostic| finding.place.is_none();
        let mut text: String = self.findings.iter().map(|finding| format!("{finding}\n\n")).collect();
        if self.findings.iter().all(|finding| is_of_host(&finding)) && !seen.hides_problems() {
            text.push_str(&format!("the configuration in {} is valid\n", self.configuration));
        }
        match seen {
            Seen::NoHost => text.push_str("host checks skipped: fix pypaas.yml first\n"),
            Seen::Part { hidden } => {
                if hidden > 0 {
                    let hidden = count(hidden, "problem is", "problems are");
                    text.push_str(&format!("{hidden} in files that this key may not read\n"));
                }
                text.push_str("host checks skipped: this key may not read every repo\n");
            }
            Seen::All if !self.findings.iter().any(|finding| is_of_host(&finding)) => {
                text.push_str("host ready: nginx, svscan and git OK\n");
            }
            Seen::All => {}
        }
        text
    }
}
