//! A place in a hook at which a test decides when it goes on.

use std::fs;

use camino::Utf8PathBuf;
use pypaas_sandbox::{Running, Sandbox};

/// A shell command that waits until it is let through. Nothing sleeps: both sides meet at a named pipe.
pub(crate) struct Gate {
    pipe: Utf8PathBuf,
}

impl Gate {
    pub(crate) fn new(sandbox: &Sandbox) -> Self {
        Self { pipe: sandbox.root().join("gate") }
    }

    /// Returns the command, as a YAML text. What it says is not what it is, which a push shows too.
    pub(crate) fn command(&self) -> String {
        let pipe = &self.pipe;
        format!("'mkfifo {pipe} && echo waits at \"the gate\" && cat {pipe} && rm {pipe}'")
    }

    /// Waits until `running` waits.
    #[track_caller]
    pub(crate) fn wait_for(&self, running: &Running) {
        running.wait_for("waits at the gate");
    }

    /// Lets it through.
    #[track_caller]
    pub(crate) fn open(&self) {
        fs::write(&self.pipe, "").unwrap();
    }
}
