//! Who pushes: `git-receive-pack` leaves it in a file, and git's `update` hook, which git starts, finds it there.
//!
//! It is a file that only pypaas can write, found by the process that is waiting for git, and not a variable: any command of
//! a build or an app could set a variable for a command of its own.

use std::fs;
use std::io;
use std::os::unix::process::parent_id;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use pypaas_config::Permission;
use pypaas_core::Layout;
use serde::{Deserialize, Serialize};

use crate::invocation::{Invocation, Key};
use pypaas_linux::durable;

/// Who pushes, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pusher {
    /// The name of the key.
    by: String,
    /// What its key file limits it to.
    only: Option<Vec<String>>,
    /// The client's address.
    from: Option<String>,
    /// When receiving began.
    pub(crate) since: Timestamp,
}

/// The file of a push, for as long as the push takes.
#[derive(Debug)]
pub(crate) struct PushFile(Utf8PathBuf);

impl PushFile {
    /// Says who pushes to the hooks that this process is about to have git run.
    pub(crate) fn write(home: &Utf8Path, invocation: &Invocation) -> io::Result<Self> {
        let only = invocation.key.as_ref().and_then(|key| key.only.as_ref());
        let pusher = Pusher {
            by: invocation.by.clone(),
            only: only.map(|only| only.iter().map(Permission::to_string).collect()),
            from: invocation.from.clone(),
            since: Timestamp::now(),
        };
        let path = Layout::pusher(home, std::process::id());
        durable::create_directory(durable::directory_of(&path))?;
        // A push that was killed may have left one, of a process that had this one's number.
        durable::replace(&path, serde_json::to_string(&pusher)?.as_bytes(), 0o600)?;
        Ok(Self(path))
    }
}

impl Drop for PushFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl Pusher {
    /// Finds who pushes, in a hook: git's parent is the process that wrote it down. `None` when somebody pushes on the host
    /// itself.
    pub(crate) fn find(home: &Utf8Path) -> Option<Self> {
        let status = fs::read_to_string(format!("/proc/{}/status", parent_id())).ok()?;
        let waiting = status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()?;
        serde_json::from_str(&fs::read_to_string(Layout::pusher(home, waiting)).ok()?).ok()
    }

    /// Returns the invocation of a hook, which acts for whoever pushes.
    pub(crate) fn act(self, hook: &Invocation) -> Invocation {
        let only = self.only.map(|only| only.iter().filter_map(|it| Permission::parse(it)).collect());
        Invocation { by: self.by, from: self.from, key: Some(Key { only }), ..hook.clone() }
    }
}
