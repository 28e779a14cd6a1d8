//! Files and directories that are there after a power failure.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;

use camino::Utf8Path;

/// Replaces `path`, or makes it and the directories above it: whoever opens it, also after a crash, finds the old contents
/// or the new, and once this has returned the new.
pub fn replace(path: &Utf8Path, contents: &[u8], mode: u32) -> io::Result<()> {
    let directory = directory_of(path);
    create_directory(directory)?;
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(directory)?;
    file.write_all(contents)?;
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_directory(directory)
}

/// Makes `path` with its whole contents, unless it is there: then it stays as it is.
pub(super) fn create(path: &Utf8Path, contents: &[u8], mode: u32) -> io::Result<()> {
    let directory = directory_of(path);
    create_directory(directory)?;
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(directory)?;
    file.write_all(contents)?;
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        created => created.map_err(|failed| failed.error)?,
    };
    sync_directory(directory)
}

/// Replaces `path` only if it holds something else or has another mode. Returns whether it did.
pub(super) fn replace_if_different(path: &Utf8Path, contents: &[u8], mode: u32) -> io::Result<bool> {
    let same = fs::read(path).is_ok_and(|now| now == contents)
        && fs::symlink_metadata(path)
            .is_ok_and(|now| now.is_file() && now.permissions().mode() & 0o7777 == mode);
    if !same {
        replace(path, contents, mode)?;
    }
    Ok(!same)
}

/// Makes a directory and those above it; one there is success.
pub fn create_directory(path: &Utf8Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = directory_of(path);
    create_directory(above)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => return Ok(()),
        made => made?,
    }
    sync_directory(above)
}

/// Removes a file; none there is success. Returns whether there was one.
pub fn remove_file(path: &Utf8Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        removed => removed?,
    }
    sync_directory(directory_of(path))?;
    Ok(true)
}

/// Writes to the disk which names a directory holds.
pub(super) fn sync_directory(directory: &Utf8Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// The directory that holds `path`.
pub fn directory_of(path: &Utf8Path) -> &Utf8Path {
    match path.parent() {
        Some(above) if above.as_str().is_empty() => Utf8Path::new("."),
        Some(above) => above,
        None => path,
    }
}
