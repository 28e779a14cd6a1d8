//! Writing to whoever is at the other end: the one place that decides what reaches a terminal.
//!
//! Names in a repository, an app's output and a client's words are all on their way there. Of control characters only line
//! breaks, tabs and complete color sequences pass, and a color ends with its line. The other end may have gone: what
//! cannot be written is dropped, never a panic.

use std::io::{self, Write};
use std::process::ExitCode;

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use pypaas_config::is_unsafe_for_terminal;
use pypaas_core::Plan;
use serde::Serialize;

/// Exit status for a usage error.
pub(crate) const USAGE: u8 = 1;

/// Clears a terminal and goes to its first line.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J\u{1b}[3J";

/// Ends all colors.
const RESET: &str = "\u{1b}[0m";

/// Writes a result, without its colors where they are not wanted.
pub(crate) fn out(text: &str) {
    write_out(&safe(text));
}

/// Clears the terminal and writes a result.
pub(crate) fn out_on_clear_screen(text: &str) {
    write_out(&format!("{CLEAR}{}", safe(text)));
}

/// Writes a result that a program reads.
pub(crate) fn json(value: &(impl Serialize + ?Sized)) -> serde_json::Result<()> {
    write_out(&pretty_json(value)?);
    Ok(())
}

/// Prints a result that a program reads line by line.
pub(crate) fn json_line(value: &(impl Serialize + ?Sized)) -> serde_json::Result<String> {
    Ok(safe_json(&(serde_json::to_string(value)? + "\n")))
}

/// Prints a result that a program reads, as people would write it.
pub(crate) fn pretty_json(value: &(impl Serialize + ?Sized)) -> serde_json::Result<String> {
    Ok(safe_json(&(serde_json::to_string_pretty(value)? + "\n")))
}

fn write_out(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = match AutoStream::choice(&stdout) {
        // In one piece: the library would write each line by itself.
        ColorChoice::Never => stdout.write_all(strip_str(text).to_string().as_bytes()),
        _ => stdout.write_all(text.as_bytes()),
    };
}

/// Writes progress or an error.
pub(crate) fn err(text: &str) {
    let _ = anstream::stderr().write_all(safe(text).as_bytes());
}

/// Prints what would be done.
pub(crate) fn plan(plan: &Plan) {
    out(&if plan.is_empty() { "nothing to do\n".to_owned() } else { plan.to_string() });
}

/// Shows help where it was asked for, and what is wrong with a command line otherwise.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let text = error.render().ansi().to_string();
    if error.use_stderr() {
        err(&text);
        return ExitCode::from(USAGE);
    }
    out(&text);
    ExitCode::SUCCESS
}

/// Makes text safe for a terminal: colors pass and end with their line, any other control character is shown as `^` and
/// a letter, and what would reorder the line is replaced.
pub(crate) fn safe(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let (mut rest, mut is_colored) = (text, false);
    while let Some(c) = rest.chars().next() {
        if let Some(length) = color(rest) {
            is_colored = !matches!(&rest[..length], RESET | "\u{1b}[m");
            shown.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '\r' if rest.starts_with('\n') => {}
            '\n' if is_colored => {
                shown.push_str(RESET);
                shown.push(c);
                is_colored = false;
            }
            '\n' | '\t' => shown.push(c),
            '\0'..='\u{1f}' => shown.extend(['^', char::from(c as u8 + b'@')]),
            c if is_unsafe_for_terminal(c) => shown.push(char::REPLACEMENT_CHARACTER),
            c => shown.push(c),
        }
    }
    if is_colored {
        shown.push_str(RESET);
    }
    shown
}

/// Makes JSON safe for a terminal without changing what it says: what is left to escape is within its strings.
fn safe_json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && is_unsafe_for_terminal(c) {
            shown.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Returns the length of the sequence at the beginning of `text` that sets a color: `ESC [ digits ; … m`. One that hides
/// text is none.
fn color(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    let hides = || parameters[..end].split(';').any(|it| it.trim_start_matches('0') == "8");
    (parameters[end..].starts_with('m') && !hides()).then_some(2 + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_can_color_its_words_and_do_nothing_else_to_a_terminal() {
        assert_eq!(safe("a\tb é 🦀\n"), "a\tb é 🦀\n");
        assert_eq!(safe("\u{1b}[1;31mred\u{1b}[0m"), "\u{1b}[1;31mred\u{1b}[0m");
        assert_eq!(safe("\u{1b}]0;title\u{7}\r\u{1b}[2J\u{9b}2J"), "^[]0;title^G^M^[[2J\u{fffd}2J");
        assert_eq!(safe("from Windows\r\n"), "from Windows\n");
    }

    #[test]
    fn nothing_reorders_hides_or_runs_on() {
        assert_eq!(safe("a\u{202e}b\u{2066}c\u{200f}"), "a\u{fffd}b\u{fffd}c\u{fffd}");
        assert_eq!(safe("\u{1b}[31mred\nplain"), "\u{1b}[31mred\u{1b}[0m\nplain");
        assert_eq!(safe("\u{1b}[8mhidden \u{1b}[0;08mhidden"), "^[[8mhidden ^[[0;08mhidden");
        for unfinished in ["\u{1b}", "\u{1b}[", "\u{1b}[31", "\u{1b}[31;", "\u{1b}P"] {
            assert!(!safe(unfinished).contains('\u{1b}'), "{unfinished:?}");
        }
    }

    #[test]
    fn json_says_the_same_with_escapes() {
        let text = "\u{202e}\u{9b}2J\u{1b}é🦀";
        let written = safe_json(&serde_json::to_string(text).unwrap());
        assert!(written.chars().all(|c| !is_unsafe_for_terminal(c)), "{written}");
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
    }
}
