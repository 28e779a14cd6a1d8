//! The files in `~/.ssh/authorized_keys.d`, one for each person or program that may log in.

use std::{env, fs, io};

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_core::Layout;
use pypaas_linux::{durable, shell_word};

use crate::failure::Failure;
use crate::installation::{home, program};
use crate::keys::{self, Key};
use crate::terminal;

/// How the names of backups end that editors and people make.
const BACKUPS: [&str; 10] =
    ["~", ".bak", ".orig", ".old", ".save", ".swp", ".tmp", ".rej", ".dpkg-old", ".dpkg-dist"];

/// What the key files say.
pub(crate) struct KeyFiles {
    /// The deploy user's home.
    home: Utf8PathBuf,
    /// The files with their texts, sorted by path.
    files: Vec<(Utf8PathBuf, String)>,
}

impl KeyFiles {
    /// Reads them. Hidden files are none, and backups are mentioned.
    pub(crate) fn read() -> Result<Self, Failure> {
        let home = home()?;
        let mut files = Vec::new();
        for path in key_files(&Layout::key_files(&home))? {
            let text = fs::read_to_string(&path).map_err(|error| {
                Failure::new(format!("cannot read `{path}`: {error}"), "authorized_keys is unchanged")
            })?;
            files.push((path, text));
        }
        Ok(Self { home, files })
    }

    /// Returns the file of the keys of `name`, if there is one.
    pub(crate) fn file_of(&self, name: &str) -> Option<&Utf8Path> {
        self.files.iter().map(|(path, _)| path.as_path()).find(|path| keys::name_of(path) == name)
    }

    /// Returns where a new file for `name` belongs.
    pub(crate) fn new_file(&self, name: &str) -> Utf8PathBuf {
        Layout::key_files(&self.home).join(format!("{name}.pub"))
    }

    /// Adds a file, or leaves one out, in memory alone.
    pub(crate) fn with(mut self, path: &Utf8Path, text: Option<String>) -> Self {
        self.files.retain(|(other, _)| other != path);
        self.files.extend(text.map(|text| (path.to_owned(), text)));
        self.files.sort();
        self
    }

    /// Reads the keys in the files. A mistake in one of them is an error.
    pub(crate) fn keys(&self) -> Result<Vec<Key>, Failure> {
        let mut all = Vec::new();
        for (path, text) in &self.files {
            all.extend(keys::parse(path, text).map_err(|error| {
                Failure::new(
                    error.to_string(),
                    "authorized_keys is unchanged; fix or remove the file, then try again",
                )
            })?);
        }
        let unchanged = "authorized_keys is unchanged; remove one of them, then try again";
        if let Some(twin) = keys::find_twin(&all).or_else(|| self.files_with_one_name()) {
            return Err(Failure::new(twin, unchanged));
        }
        Ok(all)
    }

    /// Replaces `authorized_keys` by what the files say, and says how many keys that are.
    pub(crate) fn publish(&self) -> Result<(), Failure> {
        let keys = self.keys()?;
        let target = Layout::authorized_keys(&self.home);
        if let Some(copy) = keep_hand_made(&target)? {
            terminal::err(&format!(
                "warning: {target} was not written by pypaas; its keys no longer open a shell, and a copy of it is in {copy}\n"
            ));
        }
        durable::replace(&target, keys::authorized_keys(&keys, &command()?).as_bytes(), 0o600)?;
        let count =
            |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
        let (keys, files) = (count(keys.len(), "key"), count(self.files.len(), "file"));
        terminal::out(&format!("{keys} of {files} may log in now\n"));
        Ok(())
    }

    /// Finds two files whose keys would have one name.
    fn files_with_one_name(&self) -> Option<String> {
        let name = |(path, _): &(Utf8PathBuf, String)| {
            path.as_str().strip_suffix(".pub").unwrap_or(path.as_str()).to_owned()
        };
        let files = &self.files;
        let twin = files
            .iter()
            .find(|file| files.iter().any(|other| other.0 != file.0 && name(other) == name(file)))?;
        Some(format!("`{}` and `{}.pub` both give their keys one name", name(twin), name(twin)))
    }
}

/// Lists the key files, sorted.
fn key_files(directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Failure> {
    let entries = directory.read_dir_utf8().map_err(|error| {
        let advice = format!("mkdir -p {directory} and put one file of public keys for each person in it");
        Failure::new(format!("cannot read `{directory}`: {error}"), advice)
    })?;
    let entries: Vec<_> = entries.collect::<Result<_, io::Error>>()?;
    let mut files = Vec::new();
    for entry in entries.iter().filter(|entry| entry.path().is_file()) {
        let name = entry.file_name();
        if BACKUPS.iter().any(|ending| name.ends_with(ending)) {
            terminal::err(&format!("warning: {} is ignored: it looks like a backup\n", entry.path()));
        } else if !name.starts_with('.') {
            files.push(entry.path().to_owned());
        }
    }
    files.sort();
    Ok(files)
}

/// Copies an `authorized_keys` that somebody made by hand; returns where the copy is.
fn keep_hand_made(target: &Utf8Path) -> Result<Option<Utf8PathBuf>, Failure> {
    let text = match fs::read_to_string(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text?,
    };
    if text.trim().is_empty() || text.starts_with(keys::HEADER) {
        return Ok(None);
    }
    let mut copies = (0..).map(|number| match number {
        0 => Utf8PathBuf::from(format!("{target}.before-pypaas")),
        _ => Utf8PathBuf::from(format!("{target}.before-pypaas-{number}")),
    });
    let Some(copy) = copies.find(|copy| !copy.exists()) else { return Ok(None) };
    durable::replace(&copy, text.as_bytes(), 0o600)?;
    Ok(Some(copy))
}

/// The forced command without the key's name. An unusual home or configuration directory is part of it.
fn command() -> Result<String, Failure> {
    let program = shell_word::quote(program()?.as_str());
    let set = |name: &str| env::var(name).ok().map(|value| format!("{name}={}", shell_word::quote(&value)));
    let variables: Vec<String> = ["PYPAAS_HOME", "PYPAAS_CONFIG"].into_iter().filter_map(set).collect();
    Ok(if variables.is_empty() { program } else { format!("env {} {program}", variables.join(" ")) })
}
