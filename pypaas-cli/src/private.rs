//! Files that only the deploy user can read, whatever the umask of the login is.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;

use camino::Utf8Path;
use pypaas_core::Layout;
use rustix::fs::Mode;
use rustix::process::umask;

/// Lets nobody but this user read or write what this program creates. What nginx serves is created with a mode of its own.
pub(crate) fn begin() {
    umask(Mode::RWXG | Mode::RWXO);
}

/// Closes directories of pypaas's own to other users, on hosts that were laxer. Returns those that were open.
pub(crate) fn close_directories(home: &Utf8Path) -> io::Result<Vec<&'static str>> {
    let mut open = Vec::new();
    for name in Layout::PRIVATE {
        let path = home.join(name);
        // A link leads to what somebody else may have to read.
        let Ok(found) = fs::symlink_metadata(&path) else { continue };
        if found.is_dir() && found.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(&path, Permissions::from_mode(0o700))?;
            open.push(name);
        }
    }
    Ok(open)
}
