//! Commands that have the terminal: one-off commands and those the admin prepared.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use pypaas_config::BranchRef;
use pypaas_core::{Deployment, Platform};
use signal_hook::consts::{SIGINT, SIGQUIT};
use signal_hook::flag;

use pypaas_linux::confine;

/// Runs the command of `words` in the checkout of `live` with its environment; input, output and terminal are the caller's. Returns its
/// exit status as a shell counts it, with a signal's number and 128 where one ended it.
pub(crate) fn run(
    words: &[impl AsRef<str>],
    platform: &Platform,
    branch: &BranchRef,
    live: &Deployment,
) -> io::Result<u8> {
    // Ctrl-C is for the command; what it makes of it shows in its exit status.
    for signal in [SIGINT, SIGQUIT] {
        flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    let environment = platform.environment(branch, live);
    let confinement = platform.confinement(branch, &live.checkout);
    let status = confine::command(confinement.as_ref(), words)
        .current_dir(platform.layout.checkout(branch, &live.checkout))
        .env_clear()
        .envs(environment.iter())
        .envs(std::env::var_os("TERM").map(|term| ("TERM", term)))
        .status()?;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    Ok(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(2))
}
