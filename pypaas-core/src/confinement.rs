//! Confinement: what a command that a repository or an app brings may see and use.

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::{BranchRef, Share};
use serde::{Deserialize, Serialize};

use crate::Platform;

/// The bounds of one command: it sees the system read-only and what is named here, and nothing else of the host.
///
/// Describes only; the program it names keeps to it. [`Confinement::words`] and the arguments of that program's `confine` command
/// say the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// The pypaas program, which confines itself and then becomes the command.
    pub program: Utf8PathBuf,
    /// Its home directory, made if it is missing.
    pub home: Utf8PathBuf,
    /// What it finds as `/tmp`, made if it is missing.
    pub temporary: Utf8PathBuf,
    /// Files and directories it may change.
    pub writable: Vec<Utf8PathBuf>,
    /// Files and directories it may read besides the system's.
    pub readable: Vec<Utf8PathBuf>,
    /// Directories of the host that it must not see, wherever they are.
    pub hidden: Vec<Utf8PathBuf>,
    /// TCP ports it may listen on besides those the kernel chooses.
    pub ports: Vec<u16>,
}

impl Confinement {
    /// Describes the bounds of the commands and processes of `branch`: its data and cache are its own, and what `share` says.
    pub(crate) fn of_branch(platform: &Platform, branch: &BranchRef, shares: &[Share]) -> Self {
        let layout = &platform.layout;
        let shared = |writable| {
            let chosen = shares.iter().filter(move |share| share.writable == writable);
            chosen.map(|share| layout.expand(&share.path)).collect::<Vec<_>>()
        };
        let mut writable = vec![layout.data(branch), layout.cache(branch)];
        writable.extend(shared(true));
        let mut readable = shared(false);
        if !platform.stores(branch).is_empty() {
            readable.push(layout.store_sockets());
        }
        Self {
            program: platform.program.clone(),
            home: layout.app_home(branch),
            temporary: layout.app_temporary(branch),
            writable,
            readable,
            hidden: layout.private().into_iter().chain(platform.configuration_directory.clone()).collect(),
            ports: Vec::new(),
        }
    }

    /// Lets it change `directory`, too.
    pub fn with(mut self, directory: &Utf8Path) -> Self {
        self.writable.insert(0, directory.to_owned());
        self
    }

    /// Returns the words in front of a command that confine it.
    pub fn words(&self) -> Vec<String> {
        let mut words = vec![self.program.to_string(), "confine".to_owned()];
        let mut option = |name: &str, value: String| words.push(format!("--{name}={value}"));
        option("home", self.home.to_string());
        option("tmp", self.temporary.to_string());
        for (name, paths) in [("write", &self.writable), ("read", &self.readable), ("hide", &self.hidden)] {
            paths.iter().for_each(|path| option(name, path.to_string()));
        }
        self.ports.iter().for_each(|port| option("port", port.to_string()));
        words.push("--".to_owned());
        words
    }
}
