//! `rebuild_authorized_keys`: who may log in.

use std::process::ExitCode;
use std::{env, fs, io};

use camino::{Utf8Path, Utf8PathBuf};
use clap::Parser;
use pypaas_core::Layout;

use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::installation::{home, program};
use crate::invocation::Invocation;
use crate::{keys, terminal};
use pypaas_config::Permission;
use pypaas_linux::{durable, shell_word};

/// How the names of backups end that editors and people make.
const BACKUPS: [&str; 10] =
    ["~", ".bak", ".orig", ".old", ".save", ".swp", ".tmp", ".rej", ".dpkg-old", ".dpkg-dist"];

/// Write authorized_keys from the key files in ~/.ssh/authorized_keys.d
#[derive(Debug, Parser)]
#[command(name = "rebuild_authorized_keys", visible_alias = "rebuild-authorized-keys")]
#[command(
    after_help = "Example:\n  cp laptop.pub ~/.ssh/authorized_keys.d/ && pypaas rebuild_authorized_keys\n\nA line `# pypaas: read` before the keys of a file limits them to reading; the permissions are admin, push, run and read."
)]
pub(crate) struct Arguments {}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Admin);

    fn requirement(&self) -> Requirement {
        Requirement::Admin
    }

    fn effect(&self) -> Effect {
        Effect::Change
    }

    /// Reads every key file and replaces `authorized_keys`. A mistake in one of them changes nothing.
    fn run(self, _: &Invocation) -> Result<ExitCode, Failure> {
        let home = home()?;
        let directory = Layout::key_files(&home);
        let mut all = Vec::new();
        let files = key_files(&directory)?;
        for file in &files {
            let text = fs::read_to_string(file).map_err(|error| {
                Failure::new(format!("cannot read `{file}`: {error}"), "authorized_keys is unchanged")
            })?;
            all.extend(keys::parse(file, &text).map_err(|error| {
                Failure::new(
                    error.to_string(),
                    "authorized_keys is unchanged; fix or remove the file, then try again",
                )
            })?);
        }
        let unchanged = "authorized_keys is unchanged; remove one of them, then try again";
        if let Some(twin) = keys::find_twin(&all).or_else(|| files_with_one_name(&files)) {
            return Err(Failure::new(twin, unchanged));
        }
        let target = Layout::authorized_keys(&home);
        if let Some(copy) = keep_hand_made(&target)? {
            terminal::err(&format!(
                "warning: {target} was not written by pypaas; its keys no longer open a shell, and a copy of it is in {copy}\n"
            ));
        }
        durable::replace(&target, keys::authorized_keys(&all, &command()?).as_bytes(), 0o600)?;
        let count =
            |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
        let (keys, files) = (count(all.len(), "key"), count(files.len(), "file"));
        terminal::out(&format!("{keys} of {files} may log in now\n"));
        Ok(ExitCode::SUCCESS)
    }
}

/// Lists the key files, sorted; hidden ones are none, and backups are mentioned.
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

/// Finds two files whose keys would have one name.
fn files_with_one_name(files: &[Utf8PathBuf]) -> Option<String> {
    let name = |file: &Utf8PathBuf| file.as_str().strip_suffix(".pub").unwrap_or(file.as_str()).to_owned();
    let twin =
        files.iter().find(|file| files.iter().any(|other| other != *file && name(other) == name(file)))?;
    Some(format!("`{}` and `{}.pub` both give their keys one name", name(twin), name(twin)))
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
