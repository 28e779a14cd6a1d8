//! Dying at a chosen step: what a test of the whole program does to it. No shipped program has this.

use std::fs;

use camino::Utf8Path;
use rustix::process::{Signal, getpid, kill_process};

/// The file in the deploy user's home that says how many steps are left.
const FILE: &str = "crash-at";

/// Counts a step that is about to begin, and dies without a word when it is the one that a file in `home` chose.
pub fn before_step(home: &Utf8Path) {
    let file = home.join(FILE);
    let Some(left) = fs::read_to_string(&file).ok().and_then(|text| text.trim().parse::<u32>().ok()) else {
        return;
    };
    let Some(left) = left.checked_sub(1) else {
        // Whether it is gone matters more than why not: the next command would die, too.
        let _ = fs::remove_file(&file);
        let _ = kill_process(getpid(), Signal::KILL);
        return;
    };
    let _ = fs::write(&file, left.to_string());
}
