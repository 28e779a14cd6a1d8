//! The supervisor: does svscan run, and does it watch our directory.

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::Severity;

use super::Daemontools;
use crate::checks::{CheckContext, Diagnostic};
use crate::proc::{self, Account};

/// A running svscan.
struct Scan {
    process: u32,
    directory: Utf8PathBuf,
}

pub(super) fn check(daemontools: &Daemontools, context: &CheckContext<'_>) -> Option<Diagnostic> {
    let watched = daemontools.layout.services().to_owned();
    let diagnostic = |severity, message, fix| Some(Diagnostic::new(severity, "services", message, fix));
    let start = format!(
        "as this user, let the system start `svscan {watched}` at boot and keep it running (with systemd: \
         `ExecStart=/usr/bin/svscan {watched}` and `KillMode=process`)"
    );
    let all = scans();
    let Some(scan) = all.iter().find(|scan| is_same(&scan.directory, &watched)) else {
        let severity = context.severity(context.has_processes());
        let message = match all.first() {
            None => format!("svscan does not run, so nothing starts what is in `{watched}`"),
            Some(Scan { directory, .. }) => {
                format!("svscan runs, but it watches `{directory}` and not `{watched}`")
            }
        };
        let elsewhere = if all.is_empty() { "" } else { "; or set `services_dir` in pypaas.yml" };
        return diagnostic(severity, message, format!("{start}{elsewhere}"));
    };
    let (own, theirs) = (Account::own()?, Account::of_process(scan.process)?);
    if own.is(&theirs) {
        return None;
    }
    diagnostic(
        Severity::Error,
        format!("svscan runs `{watched}` as the user `{}`, and so would every app", theirs.name()),
        format!("let it run as `{}`, such as with `setuidgid {0} svscan {watched}`", own.name()),
    )
}

/// Lists the svscan processes. Each works in the directory it watches; of another user's, only the command line is visible.
fn scans() -> Vec<Scan> {
    proc::process_ids().into_iter().filter_map(scan).collect()
}

fn scan(process: u32) -> Option<Scan> {
    if proc::program_name(process)? != "svscan" {
        return None;
    }
    let directory = proc::working_directory(process).or_else(|| {
        let words = proc::command_line(process);
        let directory = words.split(|&byte| byte == 0).nth(1)?;
        Some(Utf8PathBuf::from(String::from_utf8_lossy(directory).into_owned()))
    });
    Some(Scan { process, directory: directory? })
}

fn is_same(one: &Utf8Path, other: &Utf8Path) -> bool {
    let real = |path: &Utf8Path| path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned());
    real(one) == real(other)
}
