//! Data that processes wrote into their checkout: databases and uploads, and what is done about them.

use std::fs;
use std::io;
use std::time::{Duration, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};

use super::durable;
use super::files::{names, remove_directory};

/// Directories whose files can be made again.
const NO_DATA: [&str; 12] = [
    ".bundle",
    ".cache",
    ".git",
    ".next",
    ".venv",
    "__pycache__",
    "cache",
    "log",
    "logs",
    "node_modules",
    "tmp",
    "venv",
];

/// Ends of the names of files that can be made again.
const NO_DATA_ENDS: [&str; 8] = [".lock", ".log", ".pid", ".pyc", ".sock", ".socket", ".swp", ".tmp"];

/// What SQLite writes beside a database whose own file it does not touch yet.
const BESIDE_A_DATABASE: [&str; 3] = ["-journal", "-shm", "-wal"];

/// How deep directories are looked through.
const DEEPEST: usize = 12;

/// How long files that were set aside are kept.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Finds the files below `directory` that were written after `since` and look like data, sorted. Links are not followed.
pub fn written_files(directory: &Utf8Path, since: SystemTime) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    look_through(directory, Utf8Path::new(""), since, 0, &mut found)?;
    let databases: Vec<String> = found
        .iter()
        .flat_map(|path| BESIDE_A_DATABASE.iter().filter_map(|end| path.strip_suffix(end)))
        .filter(|path| directory.join(path).is_file())
        .map(str::to_owned)
        .collect();
    found.extend(databases);
    found.sort();
    found.dedup();
    Ok(found)
}

fn look_through(
    root: &Utf8Path,
    below: &Utf8Path,
    since: SystemTime,
    depth: usize,
    found: &mut Vec<String>,
) -> io::Result<()> {
    for name in names(&root.join(below))? {
        let path = below.join(&name);
        let Ok(entry) = fs::symlink_metadata(root.join(&path)) else { continue };
        if entry.is_dir() {
            if depth < DEEPEST && !NO_DATA.contains(&name.as_str()) {
                look_through(root, &path, since, depth + 1, found)?;
            }
        } else if entry.is_file()
            && entry.modified()? > since
            && !NO_DATA_ENDS.iter().any(|end| name.ends_with(end))
        {
            found.push(path.into_string());
        }
    }
    Ok(())
}

/// Moves those files to `to`, and removes what was set aside beside it long ago. Returns their paths.
pub(super) fn set_aside(directory: &Utf8Path, since: SystemTime, to: &Utf8Path) -> io::Result<Vec<String>> {
    let found = written_files(directory, since)?;
    for path in &found {
        let target = to.join(path);
        durable::create_directory(durable::directory_of(&target))?;
        match fs::rename(directory.join(path), &target) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                fs::copy(directory.join(path), &target)?;
            }
            moved => moved?,
        }
    }
    forget(durable::directory_of(to))?;
    Ok(found)
}

/// Removes from `directory` what was set aside long ago.
fn forget(directory: &Utf8Path) -> io::Result<()> {
    let limit = SystemTime::now().checked_sub(KEPT).unwrap_or(SystemTime::UNIX_EPOCH);
    for name in names(directory)? {
        let path: Utf8PathBuf = directory.join(name);
        if fs::symlink_metadata(&path)?.modified()? < limit {
            remove_directory(&path)?;
        }
    }
    Ok(())
}
