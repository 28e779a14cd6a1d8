//! SQLite files, which must not be copied while something writes to them.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{Mode, OFlags, open};

use super::Failure;
use crate::program;

/// How each of them begins (<https://www.sqlite.org/fileformat.html>).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// How long a copy may take.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// Lists the SQLite files below `directory`. Links are not followed. What cannot be looked at is added to `problems`.
pub(super) fn find(directory: &Utf8Path, problems: &mut Vec<String>) -> Vec<Utf8PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        if let Err(error) = look_into(&directory, &mut directories, &mut found)
            && error.kind() != ErrorKind::NotFound
        {
            problems.push(format!("`{directory}` could not be looked at: {error}"));
        }
    }
    found.sort();
    found
}

fn look_into(
    directory: &Utf8Path,
    directories: &mut Vec<Utf8PathBuf>,
    found: &mut Vec<Utf8PathBuf>,
) -> io::Result<()> {
    for entry in directory.read_dir_utf8()? {
        let entry = match entry {
            // A name that is not UTF-8: the file is copied as it is.
            Err(error) if error.kind() == ErrorKind::InvalidData => continue,
            entry => entry?,
        };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            directories.push(entry.into_path());
        } else if kind.is_file() && is_sqlite(entry.path()) {
            found.push(entry.into_path());
        }
    }
    Ok(())
}

/// Returns whether a file begins as one of SQLite's. One that cannot be read is restic's business.
fn is_sqlite(path: &Utf8Path) -> bool {
    let mut head = [0; MAGIC.len()];
    // The app may have put something else in its place by now: a link, or a pipe that nobody writes to.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let Ok(file) = open(path.as_str(), flags, Mode::empty()) else { return false };
    let mut file = File::from(file);
    let is_file = file.metadata().is_ok_and(|found| found.is_file());
    is_file && file.read_exact(&mut head).is_ok() && head == *MAGIC
}

/// Copies a file by SQLite's own backup interface: the copy is whole, whatever is written meanwhile. The name of the copy has
/// letters, digits and slashes only.
pub(super) fn copy(path: &Utf8Path, to: &Utf8Path) -> Result<(), Failure> {
    ask(path, &[".timeout 60000", &format!(".backup '{to}'")]).map(drop)?;
    // One that vanished meanwhile leaves an empty copy.
    fs::metadata(to).map(drop).map_err(|error| format!("`{path}` was not copied: {error}").into())
}

fn ask(path: &Utf8Path, commands: &[&str]) -> Result<String, Failure> {
    // The app may have put a link to a file of somebody else's in its place, or a journal that names one: SQLite would remove that.
    // Nothing is asked of the tables: a constraint in them can call functions of this program that run others.
    let words = [&["sqlite3", "-bail", "-batch", "-readonly", "-nofollow", path.as_str()], commands].concat();
    let command = program::command(&words)
        .map_err(|error| format!("`{path}` is an SQLite file, and {error}: `apt install sqlite3`"))?;
    let answer = program::ask(command, LONGEST)?;
    match answer.status.success() {
        true => Ok(answer.text),
        false => Err(format!("`{path}`: {}", answer.text.trim()).into()),
    }
}
