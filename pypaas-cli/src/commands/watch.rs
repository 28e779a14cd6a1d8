//! Showing something again and again.

use std::io::{IsTerminal, stdout};
use std::thread;
use std::time::Duration;

use crate::failure::Failure;
use crate::table::terminal_height;
use crate::terminal;
use pypaas_linux::{Watch, is_gone};

/// How often it is looked at.
const INTERVAL: Duration = Duration::from_millis(500);

/// Shows what `look` gives: once, or again whenever it changes until somebody interrupts or nobody reads any more.
pub(super) fn show(again: bool, mut look: impl FnMut() -> Result<String, Failure>) -> Result<(), Failure> {
    if !again {
        terminal::out(&look()?);
        return Ok(());
    }
    let watch = Watch::new()?;
    let screen = stdout().is_terminal();
    let mut shown = String::new();
    loop {
        let text = look()?;
        if text != shown {
            if screen {
                terminal::out_on_clear_screen(&first_lines(&text, terminal_height()))
            } else {
                terminal::out(&text)
            }
            shown = text;
        }
        thread::sleep(INTERVAL);
        if watch.reason().is_some() || is_gone(stdout()) {
            return Ok(());
        }
    }
}

/// Cuts a text to what a screen of so many lines shows, and says how much is missing.
fn first_lines(text: &str, height: Option<usize>) -> String {
    let lines: Vec<&str> = text.lines().collect();
    match height {
        Some(height) if lines.len() >= height && height > 2 => {
            let shown = height - 2;
            format!("{}\n… {} more lines\n", lines[..shown].join("\n"), lines.len() - shown)
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_shows_the_beginning_and_how_much_is_missing() {
        assert_eq!(first_lines("a\nb\nc\nd\n", Some(4)), "a\nb\n… 2 more lines\n");
        assert_eq!(first_lines("a\nb\n", Some(4)), "a\nb\n");
        assert_eq!(first_lines("a\nb\n", None), "a\nb\n");
    }
}
