//! The configuration directory: where it is, and the files in it.

use std::env;
use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::{Loaded, load_with};
use pypaas_runners::runner_types;

use crate::configuration_change::ConfigurationChange;
use crate::failure::Failure;
use crate::regular_file;

/// The file that makes a directory the configuration directory.
pub(crate) const MAIN_FILE: &str = "pypaas.yml";

/// The directories of the configuration directory that hold a file a repo or domain.
const DIRECTORIES: [&str; 3] = ["repo", "repos", "domains"];

/// Returns the configuration directory: `PYPAAS_CONFIG`, else the first of `~/config` and `/etc/pypaas` with `pypaas.yml`.
pub(crate) fn configuration_directory(home: &Utf8Path) -> Result<Utf8PathBuf, Failure> {
    let places = match env::var("PYPAAS_CONFIG") {
        Ok(directory) => vec![Utf8PathBuf::from(directory)],
        Err(_) => vec![home.join("config"), Utf8PathBuf::from("/etc/pypaas")],
    };
    if let Some(found) = places.iter().find(|directory| directory.join(MAIN_FILE).symlink_metadata().is_ok())
    {
        return Ok(found.clone());
    }
    let tried: Vec<String> =
        places.iter().map(|directory| format!("`{}`", directory.join(MAIN_FILE))).collect();
    Err(Failure::new(
        format!("there is no configuration: no {}", tried.join(" and no ")),
        "write one; two lines are enough: `ports:` and `  {min: 61500, max: 61800}`",
    ))
}

/// The limit for reading configuration files; pypaas-config rejects files that are larger than 1 MiB.
const MAX_FILE: u64 = (1 << 20) + 1;

/// Reads and loads all configuration files below `directory`.
pub(crate) fn load_directory(directory: &Utf8Path) -> Result<Loaded, Failure> {
    load_directory_with(directory, &ConfigurationChange::default())
}

/// Loads what would be configured after `change`.
pub(crate) fn load_directory_with(
    directory: &Utf8Path,
    change: &ConfigurationChange,
) -> Result<Loaded, Failure> {
    let new = &change.created;
    let mut paths = files(directory)?;
    paths.retain(|path| !change.removed.contains(path));
    paths.extend(new.iter().map(|file| file.path.clone()));
    Ok(load_with(&paths, &runner_types().for_loading(), |path| match new.iter().find(|it| it.path == path) {
        Some(file) => Ok(file.text.clone().into_bytes()),
        None => regular_file::read(&directory.join(path), MAX_FILE),
    }))
}

/// Lists the files in `directory` and in the directories within it; none if it is not there. Hidden directories, such as git's, are
/// none of ours.
fn files(directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Failure> {
    let cannot = |error: io::Error| {
        Failure::new(format!("cannot read `{directory}`: {error}"), "the deploy user must be able to read it")
    };
    let mut files = Vec::new();
    let entries = match names(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        entries => entries.map_err(cannot)?,
    };
    for (name, is_directory) in entries {
        if !is_directory {
            files.push(Utf8PathBuf::from(name));
        } else if !name.starts_with('.') {
            // A directory that cannot be listed is like one that is not there, unless files in it are needed.
            let within = match names(&directory.join(&name)) {
                Err(error) if DIRECTORIES.contains(&name.as_str()) => return Err(cannot(error)),
                within => within.unwrap_or_default(),
            };
            let within = within.into_iter().filter(|(_, is_directory)| !is_directory);
            files.extend(within.map(|(file, _)| Utf8Path::new(&name).join(file)));
        }
    }
    Ok(files)
}

/// Lists the names in `directory`, and whether each is of a directory, or a link to one; a name that is not UTF-8 cannot name
/// anything of ours.
fn names(directory: &Utf8Path) -> io::Result<Vec<(String, bool)>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        // The directory itself tells what most of its entries are; only links have to be followed.
        let kind = entry.file_type()?;
        let is_directory = kind.is_dir() || (kind.is_symlink() && entry.path().is_dir());
        names.extend(entry.file_name().into_string().ok().map(|name| (name, is_directory)));
    }
    Ok(names)
}
