//! `persist`: links from a checkout into the data directory.
//!
//! What a checkout and a data directory hold was written by the app, so no link in them is followed.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::Persist;

use super::files::remove_directory;
use super::{durable, program};

/// Puts, in `checkout`, a link into `data` in the place of `path`. Returns whether its data was taken from `live`.
pub(super) fn persist(
    path: &Persist,
    checkout: &Utf8Path,
    data: &Utf8Path,
    live: Option<&Utf8Path>,
) -> io::Result<bool> {
    make_way(checkout, &path.path)?;
    make_way(data, &path.path)?;
    let (link, target) = (checkout.join(&path.path), data.join(&path.path));
    let mut is_from_live = false;
    if !exists(&target)? {
        let live = live.map(|live| live.join(&path.path)).filter(|it| is_own(it));
        if let Some(live) = live {
            copy(&live, &target)?;
            is_from_live = true;
        } else if is_own(&link) {
            copy(&link, &target)?;
        } else if path.is_directory {
            fs::create_dir(&target)?;
        }
    }
    remove(&link)?;
    symlink(&target, &link)?;
    durable::sync_directory(durable::directory_of(&target))?;
    Ok(is_from_live)
}

/// Makes the directories above `path` in `root`. A link or a file in their place is an error.
fn make_way(root: &Utf8Path, path: &str) -> io::Result<()> {
    let mut directory: Utf8PathBuf = root.to_owned();
    let parts: Vec<&str> = path.split('/').collect();
    for part in &parts[..parts.len().saturating_sub(1)] {
        directory.push(part);
        match fs::symlink_metadata(&directory) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                let message = format!("`{directory}` is not a directory, so nothing in it can be persisted");
                return Err(io::Error::new(io::ErrorKind::NotADirectory, message));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir(&directory)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn exists(path: &Utf8Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Returns whether there is a file or directory at `path`, and no link.
fn is_own(path: &Utf8Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_file() || found.is_dir())
}

/// Copies a file or directory, with the files that SQLite keeps beside a database; `cp` keeps links as they are.
fn copy(from: &Utf8Path, to: &Utf8Path) -> io::Result<()> {
    for end in ["", "-wal", "-journal"] {
        let (from, to) = (format!("{from}{end}"), format!("{to}{end}"));
        if is_own(Utf8Path::new(&from)) {
            let copied = program::command(&["cp", "--archive", "--no-target-directory", "--", &from, &to])?
                .status()?;
            if !copied.success() {
                return Err(io::Error::other(format!("`cp` could not copy `{from}`")));
            }
        }
    }
    Ok(())
}

fn remove(path: &Utf8Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => remove_directory(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
