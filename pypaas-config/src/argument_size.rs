//! How much Linux passes to a process when it starts it. Past that no process starts: "Argument list too long".

use crate::fields::Field;
use crate::finding::{Finding, Findings};
use crate::span::Span;

/// The longest command or variable, with its name and a `=`, in bytes: `MAX_ARG_STRLEN` without the NUL at its end (execve(2)).
const LONGEST_ARGUMENT: usize = 128 * 1024 - 1;

/// Refuses an argument or variable that is too long. `what` is the subject of the message.
pub(crate) fn check(at: Span, what: &str, length: usize, findings: &mut Findings) {
    if length > LONGEST_ARGUMENT {
        findings.add(
            Finding::error(at, format!("{what} has {length} bytes"))
                .label(format!("Linux passes at most {LONGEST_ARGUMENT} bytes to a process"))
                .help("put it into a file, in the repository or in `$PYPAAS_DATA_DIR`"),
        );
    }
}

/// Refuses shell commands that are too long.
pub(crate) fn check_commands(field: Field<'_>, findings: &mut Findings) {
    let longest = field.texts().unwrap_or_default().iter().map(String::len).max();
    check(field.key, &format!("a command of `{}`", field.name), longest.unwrap_or_default(), findings);
}
