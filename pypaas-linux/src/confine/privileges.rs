//! Privileges: given up for good.

use std::io;

use caps::CapSet;
use caps::errors::CapsError;
use nix::sys::prctl;

/// Nothing that is executed from now on gains anything by it: no set-user-ID program, no file capability.
pub(super) fn give_up() -> io::Result<()> {
    Ok(prctl::set_no_new_privs()?)
}

/// Drops all capabilities.
pub(super) fn drop_all() -> Result<(), CapsError> {
    // For a user that is root, this is the way back to the others. Who may not close it has never had any.
    if caps::has_cap(None, CapSet::Effective, caps::Capability::CAP_SETPCAP)? {
        caps::clear(None, CapSet::Bounding)?;
    }
    for set in [CapSet::Ambient, CapSet::Inheritable, CapSet::Effective, CapSet::Permitted] {
        caps::clear(None, set)?;
    }
    Ok(())
}
