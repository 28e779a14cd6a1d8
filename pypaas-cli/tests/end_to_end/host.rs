//! A sandbox with the program under test.

use pypaas_sandbox::{Sandbox, SandboxBuilder};

/// Starts a host with pypaas on it.
pub(crate) fn start() -> Sandbox {
    builder().start().unwrap_or_else(|error| panic!("{error}"))
}

/// Prepares a host with pypaas on it.
pub(crate) fn builder() -> SandboxBuilder {
    Sandbox::builder(env!("CARGO_BIN_EXE_pypaas").into())
}
