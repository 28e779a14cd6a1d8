//! Showing something again and again.

use std::io::{IsTerminal, stdout};
use std::thread;
use std::time::Duration;

use anstream::adapter::strip_str;
use unicode_width::UnicodeWidthStr;

use crate::failure::Failure;
use crate::table::{terminal_height, terminal_width};
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
                terminal::out_on_clear_screen(&first_lines(&text, terminal_height(), terminal_width()))
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

/// Cuts a text to what a screen of so many lines and columns shows, and says how much is missing.
fn first_lines(text: &str, height: Option<usize>, width: Option<usize>) -> String {
    let Some(height) = height.filter(|height| *height > 2) else { return text.to_owned() };
    // A line that is wider than the screen takes several of its lines.
    let rows = |line: &&str| strip_str(line).to_string().width().div_ceil(width.unwrap_or(usize::MAX)).max(1);
    let lines: Vec<&str> = text.lines().collect();
    if lines.iter().map(rows).sum::<usize>() < height {
        return text.to_owned();
    }
    let ends = lines.iter().scan(0, |end, line| {
        *end += rows(line);
        Some(*end)
    });
    let shown = ends.take_while(|end| *end <= height - 2).count();
    format!("{}\n… {} more lines\n", lines[..shown].join("\n"), lines.len() - shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_shows_the_beginning_and_how_much_is_missing() {
        assert_eq!(first_lines("a\nb\nc\nd\n", Some(4), Some(80)), "a\nb\n… 2 more lines\n");
        assert_eq!(first_lines("a\nb\n", Some(4), Some(80)), "a\nb\n");
        assert_eq!(first_lines("a\nb\n", None, None), "a\nb\n");
        assert_eq!(first_lines("a\nwide\nc\nd\n", Some(5), Some(2)), "a\nwide\n… 2 more lines\n");
    }
}
