//! What takes long: load over many changes, and everything that can be killed, killed. Prints tables.
//!
//! Run by `./test --soak`, one test at a time.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "this is all tests, and what they share is not marked as such; their tables are a result"
)]
#![allow(dead_code, reason = "what is shared with the end-to-end tests is not all used here")]

#[path = "../end_to_end/host.rs"]
mod host;
mod kills;
mod load;
#[path = "../end_to_end/shop.rs"]
mod shop;
