//! `check`: say what is wrong with the configuration and with this host, and how to mend it.

use std::process::ExitCode;

use camino::Utf8PathBuf;
use clap::Args;
use pypaas_config::{Problem, Severity};
use serde::Serialize;

use crate::failure::{FAILED, Failure};
use crate::installation::{Installation, MAIN_FILE, configuration_directory, home, load_directory};
use crate::terminal;
use pypaas_linux::checks::{CheckScope, Diagnostic};

/// Exit status when there are warnings and no errors.
const WARNED: u8 = 4;

/// Check the configuration and this host, and say how to mend what is wrong
///
/// Exits with 0 when all is right, 4 when there are warnings only, and 2 when there are errors.
#[derive(Debug, Args)]
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
    findings: Vec<Finding>,
}

/// One thing that is wrong, of the configuration or of the host.
#[derive(Debug, Serialize)]
struct Finding {
    severity: &'static str,
    /// `configuration`, `nginx`, `services`, `files`, `certificates`, `ports` or `git`.
    about: &'static str,
    /// The file of the configuration; `None` for the host.
    file: Option<Utf8PathBuf>,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
    /// How to mend it; for the configuration the report says so.
    mend: Option<String>,
    /// All of it, as people read it.
    report: String,
}

/// Reads the whole configuration, then looks at the host. Changes nothing.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let home = home()?;
    let directory = configuration_directory(&home)?;
    let loaded = load_directory(&directory)?;
    let mut findings: Vec<Finding> = loaded.problems.iter().map(Finding::from).collect();
    let mut is_usable = loaded.configuration.is_some();
    if let Some(configuration) = loaded.configuration {
        match Installation::new(&home, configuration, loaded.problems) {
            Ok(installation) => {
                let defects = installation.host().check(&installation.platform, CheckScope::Machine);
                findings.extend(defects.into_iter().map(Finding::from));
            }
            Err(failure) => {
                findings.push(Finding::of_settings(&failure));
                is_usable = false;
            }
        }
    }
    let has = |severity| findings.iter().any(|finding| finding.severity == word(severity));
    let code = match (has(Severity::Error), has(Severity::Warning)) {
        (true, _) => ExitCode::from(FAILED),
        (false, true) => ExitCode::from(WARNED),
        (false, false) => ExitCode::SUCCESS,
    };
    let report = Report { configuration: directory, findings };
    if arguments.json {
        terminal::out(&format!("{}\n", serde_json::to_string_pretty(&report)?));
    } else {
        terminal::out(&report.text(is_usable));
    }
    Ok(code)
}

impl Report {
    fn text(&self, is_usable: bool) -> String {
        let is_of_host = |finding: &&Finding| finding.file.is_none();
        let mut text: String =
            self.findings.iter().map(|finding| format!("{}\n\n", finding.report)).collect();
        if self.findings.iter().all(|finding| is_of_host(&finding)) {
            text.push_str(&format!("the configuration in {} is right\n", self.configuration));
        }
        if !is_usable {
            text.push_str("this host was not looked at: first mend pypaas.yml\n");
        } else if !self.findings.iter().any(|finding| is_of_host(&finding)) {
            text.push_str("this host is ready: nginx, svscan and git are as they should be\n");
        }
        text
    }
}

impl Finding {
    /// Tells what only the interpreters of `pypaas.yml` notice, such as a mistake in a script template.
    fn of_settings(failure: &Failure) -> Self {
        let (severity, message) = (word(Severity::Error), failure.causes());
        let file = Utf8PathBuf::from(MAIN_FILE);
        let report = format!("{severity}: {message}\n--> {file}");
        let about = "configuration";
        Self { severity, about, file: Some(file), line: None, column: None, message, mend: None, report }
    }
}

impl From<&Problem> for Finding {
    fn from(problem: &Problem) -> Self {
        let place = |number: usize| Some(number).filter(|number| *number > 0);
        Self {
            severity: word(problem.severity),
            about: "configuration",
            file: Some(problem.file.clone()),
            line: place(problem.line),
            column: place(problem.column),
            message: problem.message.clone(),
            mend: None,
            report: problem.report.trim_end().to_owned(),
        }
    }
}

impl From<Diagnostic> for Finding {
    fn from(Diagnostic { severity, category, message, fix, .. }: Diagnostic) -> Self {
        let severity = word(severity);
        let report = format!("{severity}: {message}\n  = help: {fix}");
        Self {
            severity,
            about: category,
            file: None,
            line: None,
            column: None,
            message,
            mend: Some(fix),
            report,
        }
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}
