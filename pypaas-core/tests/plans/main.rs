//! Plans of the example configurations, printed, walked and broken on a machine in memory.

#![expect(clippy::print_stdout, reason = "how many points were tried is a result")]
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the example configurations are files, and a real nginx reads what is generated"
)]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]

mod applying;
mod attempts;
mod bad_luck;
mod commands;
mod crash_anywhere;
mod dead_ends;
mod dry_run_is_true;
mod edits;
mod hostile;
mod invariants;
mod keeping;
mod memory;
mod nginx_files;
mod ports;
mod printed;
mod recovering;
mod stopping;
