//! Files and directories.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use camino::Utf8Path;
use jiff::Timestamp;
use pypaas_config::Persist;
use pypaas_core::host::{FileError, Files, Mode};
use pypaas_core::{Site, SiteContents};

use super::persist::persist;
use super::written_files::set_aside;
use super::{LinuxHost, durable, site};

/// How often a directory is emptied again because something still writes into it.
const REMOVE_ATTEMPTS: usize = 5;

impl Files for LinuxHost {
    fn read_file(&mut self, path: &Utf8Path) -> Result<Option<String>, FileError> {
        found(fs::read_to_string(path)).map_err(failed("read", path))
    }

    fn replace_file(&mut self, path: &Utf8Path, text: &str, mode: Mode) -> Result<(), FileError> {
        let mode = match mode {
            Mode::Public => 0o644,
            Mode::Private => 0o600,
        };
        durable::replace(path, text.as_bytes(), mode).map_err(failed("write", path))
    }

    fn read_end(&mut self, path: &Utf8Path, bytes: u64) -> Result<Option<Vec<u8>>, FileError> {
        found(read_end(path, bytes)).map_err(failed("read", path))
    }

    fn append_to_file(&mut self, path: &Utf8Path, text: &str) -> Result<(), FileError> {
        append(path, text).map_err(failed("append to", path))
    }

    fn remove_file(&mut self, path: &Utf8Path) -> Result<(), FileError> {
        durable::remove_file(path).map(drop).map_err(failed("remove", path))
    }

    fn list_directory(&mut self, path: &Utf8Path) -> Result<Vec<String>, FileError> {
        names(path).map_err(failed("list", path))
    }

    fn create_directory(&mut self, path: &Utf8Path) -> Result<(), FileError> {
        durable::create_directory(path).map_err(failed("make the directory", path))
    }

    fn remove_directory(&mut self, path: &Utf8Path) -> Result<(), FileError> {
        remove_directory(path).map_err(failed("remove the directory", path))
    }

    fn persist(
        &mut self,
        paths: &[Persist],
        checkout: &Utf8Path,
        data: &Utf8Path,
        live: Option<&Utf8Path>,
    ) -> Result<Vec<String>, FileError> {
        let mut from_live = Vec::new();
        for path in paths {
            let link = checkout.join(&path.path);
            if persist(path, checkout, data, live).map_err(failed("link into the data directory", &link))? {
                from_live.push(path.path.clone());
            }
        }
        Ok(from_live)
    }

    fn is_directory(&mut self, path: &Utf8Path) -> Result<bool, FileError> {
        match fs::metadata(path) {
            Ok(found) => Ok(found.is_dir()),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
            Err(error) => Err(failed("look at", path)(error)),
        }
    }

    fn inspect_site(
        &mut self,
        site: &Site,
        checkout: &Utf8Path,
        live: Option<&Utf8Path>,
    ) -> Result<SiteContents, FileError> {
        site::inspect(site, checkout, live).map_err(failed("look through", checkout))
    }

    fn set_aside(
        &mut self,
        directory: &Utf8Path,
        since: Timestamp,
        to: &Utf8Path,
    ) -> Result<Vec<String>, FileError> {
        set_aside(directory, since.into(), to).map_err(failed("set aside what was written into", directory))
    }
}

fn read_end(path: &Utf8Path, bytes: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    Ok(end)
}

fn append(path: &Utf8Path, text: &str) -> io::Result<()> {
    durable::create_directory(durable::directory_of(path))?;
    let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

/// Lists the names in a directory, sorted; empty when there is no directory, be it that a file has its name. Names that are not
/// UTF-8 are left out.
pub(super) fn names(directory: &Utf8Path) -> io::Result<Vec<String>> {
    let entries = match found(fs::read_dir(directory)) {
        Ok(Some(entries)) => entries,
        Ok(None) => return Ok(Vec::new()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string().ok());
    }
    names.sort();
    Ok(names)
}

/// Removes a directory with all it holds, also what is write-protected (`go mod` and pip make such directories).
pub(super) fn remove_directory(path: &Utf8Path) -> io::Result<()> {
    let mut attempt = 1;
    loop {
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if attempt == REMOVE_ATTEMPTS => return Err(error),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => unprotect(path.as_std_path()),
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            Err(error) => return Err(error),
            Ok(()) => return durable::sync_directory(durable::directory_of(path)),
        }
        attempt += 1;
    }
}

/// Gives the user all rights on `directory` and the directories in it, as far as that is possible. Links are not followed.
fn unprotect(directory: &Path) {
    if !fs::symlink_metadata(directory).is_ok_and(|found| found.is_dir()) {
        return;
    }
    // What cannot be changed makes the next removal fail, which reports it.
    let _ = fs::set_permissions(directory, Permissions::from_mode(0o700));
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        unprotect(&entry.path());
    }
}

fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

fn failed(action: &'static str, path: &Utf8Path) -> impl FnOnce(io::Error) -> FileError {
    move |source| FileError { action, path: path.to_owned(), source }
}
