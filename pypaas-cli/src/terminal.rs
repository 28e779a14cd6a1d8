//! Writing to whoever is at the other end. It may have gone: what cannot be written is dropped, never a panic.

use std::io::{self, Write};
use std::process::ExitCode;

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use pypaas_core::Plan;

/// Exit status for a command line that makes no sense.
pub(crate) const USAGE: u8 = 1;

/// Writes a result, without its colors where they are not wanted.
pub(crate) fn out(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = match AutoStream::choice(&stdout) {
        // In one piece: the library would write each line by itself.
        ColorChoice::Never => stdout.write_all(strip_str(text).to_string().as_bytes()),
        _ => stdout.write_all(text.as_bytes()),
    };
}

/// Writes progress or an error.
pub(crate) fn err(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// Prints what would be done.
pub(crate) fn plan(plan: &Plan) {
    out(&if plan.is_empty() { "nothing has to be done\n".to_owned() } else { plan.to_string() });
}

/// Shows help where it was asked for, and what is wrong with a command line otherwise.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

/// Makes what an app said harmless to a terminal: colors stay (and are dropped where there is no terminal), any other
/// control character is shown as `^` and a letter instead of being obeyed.
pub(crate) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(length) = color(rest) {
            shown.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        match c {
            '\t' => shown.push(c),
            '\0'..='\u{1f}' => shown.extend(['^', char::from(c as u8 + b'@')]),
            '\u{7f}'..='\u{9f}' => shown.push('\u{fffd}'),
            _ => shown.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    shown
}

/// Returns the length of the sequence at the beginning of `text` that sets a color: `ESC [ digits ; … m`.
fn color(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    parameters[end..].starts_with('m').then_some(2 + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_can_color_its_words_and_do_nothing_else_to_a_terminal() {
        assert_eq!(harmless("a\tb é 🦀"), "a\tb é 🦀");
        assert_eq!(harmless("\u{1b}[1;31mred\u{1b}[0m"), "\u{1b}[1;31mred\u{1b}[0m");
        assert_eq!(harmless("\u{1b}]0;title\u{7}\r\u{1b}[2J\u{9b}2J"), "^[]0;title^G^M^[[2J\u{fffd}2J");
    }
}
