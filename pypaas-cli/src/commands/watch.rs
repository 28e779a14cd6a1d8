//! Showing something again and again.

use std::io::{IsTerminal, stdout};
use std::thread;
use std::time::Duration;

use crate::failure::Failure;
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
                terminal::out_on_clear_screen(&text)
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
