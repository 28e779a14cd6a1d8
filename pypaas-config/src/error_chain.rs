//! The chain of an error's causes.

use std::error::Error;

/// Lists `error` and its causes, outermost first.
pub fn error_chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

/// Prints an error and its causes on one line: `cannot read x: permission denied`.
pub fn on_one_line(error: &(dyn Error + 'static)) -> String {
    error_chain(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
