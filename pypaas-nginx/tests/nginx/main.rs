//! What this crate prints, as text, as nginx reads it and as nginx serves it.
//!
//! These tests need nginx and openssl, and fail without them.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the tests write files and run nginx, as the crate itself must not"
)]

mod accepted;
mod bounds;
mod client;
mod fixtures;
mod instance;
mod quoting;
mod refused;
mod sample_app;
mod served;
mod snapshots;
