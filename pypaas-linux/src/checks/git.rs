//! git: is it there, and new enough.

use std::time::Duration;

use pypaas_config::Severity;

use super::Diagnostic;
use crate::program;

/// How long git may take to say its version.
const ANSWER: Duration = Duration::from_secs(10);

/// Objects of a push that is refused are kept apart and thrown away since this version (`receive.unpackLimit` and the
/// quarantine of git-receive-pack(1)).
const LEAST: (u32, u32) = (2, 11);

/// Since this version git writes a branch through to the disk when it moves (`core.fsync`, git-config(1)).
const DURABLE: (u32, u32) = (2, 36);

pub(super) fn check() -> Option<Diagnostic> {
    let told = program::command(&["git", "--version"]).and_then(|command| program::ask(command, ANSWER));
    let diagnostic =
        |severity, message: String, mend: &str| Some(Diagnostic::new(severity, "git", message, mend));
    let text = match told {
        Ok(told) => told.text,
        Err(error) => {
            return diagnostic(Severity::Error, format!("git cannot be run: {error}"), "install git");
        }
    };
    let text = text.trim();
    match version(text) {
        None => {
            diagnostic(Severity::Error, format!("git does not say its version, but `{text}`"), "install git")
        }
        Some(found) if found < LEAST => diagnostic(
            Severity::Error,
            format!("this is {text}, which keeps what refused pushes brought"),
            "install git 2.36 or newer",
        ),
        Some(found) if found < DURABLE => diagnostic(
            Severity::Warning,
            format!("this is {text}: after a power failure a branch may name a commit that is gone"),
            "install git 2.36 or newer",
        ),
        Some(_) => None,
    }
}

/// Reads `git version 2.39.5 (Debian)`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.strip_prefix("git version ")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_read() {
        assert_eq!(version("git version 2.47.3"), Some((2, 47)));
        assert_eq!(version("git version 2.39.5 (Apple Git-154)"), Some((2, 39)));
        assert_eq!(version("git: not found"), None);
    }
}
