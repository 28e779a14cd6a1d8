//! Spare services: supervised already, down, and nobody's yet.
//!
//! svscan looks for new services every five seconds. It knows a directory by its device and inode, whatever name leads to
//! it, and `supervise` only by where it was started. So the first start of a service exchanges its directory, which
//! nothing supervises, for a spare one, in a single step that a crash cannot divide; what was the service's directory is the
//! next spare. svscan may notice either directory at any moment: it starts a supervisor there, which is right for both.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;

use camino::Utf8Path;
use pypaas_core::{Definition, Layout};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::services::{make_link, write_script};
use super::supervise::Supervise;
use crate::durable;

/// How many there are: so many processes start at once without a wait. Two supervisors each, of 0.1 MB.
pub(crate) const COUNT: usize = 6;

/// Makes the spare services that are missing. svscan notices them when it looks next.
pub fn fill_spare_services(layout: &Layout) -> io::Result<()> {
    let _lock = lock(layout)?;
    for number in 0..COUNT {
        let (directory, link) = (layout.spare_service(number), layout.spare_service_link(number));
        if fs::read_link(&link).is_ok_and(|target| target == directory) && directory.is_dir() {
            continue;
        }
        clear(&directory)?;
        make_link(&directory, &link)?;
    }
    Ok(())
}

/// Gives the service in `directory`, which nothing supervises, a directory that is supervised. Returns whether there was
/// one.
pub(crate) fn exchange(layout: &Layout, directory: &Utf8Path, definition: &Definition) -> io::Result<bool> {
    let _lock = lock(layout)?;
    for number in 0..COUNT {
        let spare = layout.spare_service(number);
        if Supervise::of(&spare).is_alive()? && Supervise::of(&spare.join("log")).is_alive()? {
            write_script(&spare.join("log/run"), &definition.log)?;
            write_script(&spare.join("run"), &definition.run)?;
            // One that runs in spite of `clear` runs another script.
            Supervise::of(&spare.join("log")).send("t")?;
            if !swap(directory, &spare)? {
                return Ok(false);
            }
            durable::sync_directory(&layout.services_real())?;
            clear(&spare)?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes the directory of a spare service, or empties one that was a service's. Its logger is down as well: where svscan was
/// quick, it is told to be.
fn clear(directory: &Utf8Path) -> io::Result<()> {
    for part in [directory, &directory.join("log")] {
        let supervisor = Supervise::of(part);
        supervisor.disable()?;
        supervisor.send("d")?;
        durable::remove_file(&part.join("run"))?;
    }
    Ok(())
}

/// Exchanges two directories. Returns whether the file system can.
fn swap(one: &Utf8Path, other: &Utf8Path) -> io::Result<bool> {
    match renameat_with(CWD, one.as_str(), CWD, other.as_str(), RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Waits for the lock. Whoever has it is done in a moment.
fn lock(layout: &Layout) -> io::Result<File> {
    let path = layout.spare_services_lock();
    durable::create_directory(durable::directory_of(&path))?;
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    loop {
        match file.lock() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            locked => return locked.map(|()| file),
        }
    }
}
