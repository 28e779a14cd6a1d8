//! A place in a hook at which a test decides when it goes on.

use std::fs;

use camino::{Utf8DirEntry, Utf8Path, Utf8PathBuf};
use pypaas_sandbox::{Running, Sandbox};

/// A shell command that waits until it is let through. Nothing sleeps: both sides meet at a named pipe.
pub(crate) struct Gate {
    /// The directory of all apps' data. The pipe is in the app's own: hooks see no other directory of the host.
    data: Utf8PathBuf,
}

impl Gate {
    pub(crate) fn new(sandbox: &Sandbox) -> Self {
        Self { data: sandbox.home().join("data") }
    }

    /// Returns the command, as a YAML text. What it says is not what it is, which a push shows too.
    pub(crate) fn command(&self) -> String {
        let pipe = "$PYPAAS_DATA_DIR/gate";
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
        fs::write(self.pipe().expect("a hook waits"), "").unwrap();
    }

    fn pipe(&self) -> Option<Utf8PathBuf> {
        let within = |directory: &Utf8Path| {
            let entries = directory.read_dir_utf8().into_iter().flatten().flatten();
            entries.map(Utf8DirEntry::into_path).collect::<Vec<_>>()
        };
        let branches = within(&self.data).into_iter().flat_map(|repo| within(&repo));
        branches.map(|branch| branch.join("gate")).find(|pipe| pipe.exists())
    }
}
