//! `rebuild_authorized_keys`: who may log in.

use std::process::ExitCode;
use std::{env, fs, io};

use camino::{Utf8Path, Utf8PathBuf};
use clap::Parser;
use pypaas_core::Layout;

use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::installation::{home, program, shell_word};
use crate::invocation::Invocation;
use crate::{keys, terminal};
use pypaas_config::Permission;
use pypaas_linux::durable;

/// Write authorized_keys from the key files in ~/.ssh/authorized_keys.d
#[derive(Debug, Parser)]
#[command(name = "rebuild_authorized_keys", visible_alias = "rebuild-authorized-keys")]
#[command(
    after_help = "Example:\n  cp laptop.pub ~/.ssh/authorized_keys.d/ && pypaas rebuild_authorized_keys\n\nA line `# pypaas: read` before the keys of a file limits them to reading; there are `push`, `run` and `read`."
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
        let target = Layout::authorized_keys(&home);
        durable::replace(&target, keys::authorized_keys(&all, &command()?).as_bytes(), 0o600)?;
        let count =
            |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
        let (keys, files) = (count(all.len(), "key"), count(files.len(), "file"));
        terminal::out(&format!("{keys} of {files} may log in now\n"));
        Ok(ExitCode::SUCCESS)
    }
}

/// Lists the key files, sorted; hidden ones and editors' backups are none.
fn key_files(directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Failure> {
    let entries = directory.read_dir_utf8().map_err(|error| {
        let advice = format!("mkdir -p {directory} and put one file of public keys for each person in it");
        Failure::new(format!("cannot read `{directory}`: {error}"), advice)
    })?;
    let entries: Vec<_> = entries.collect::<Result<_, io::Error>>()?;
    let is_key_file = |name: &str| !name.starts_with('.') && !name.ends_with('~');
    let files = entries.iter().filter(|entry| is_key_file(entry.file_name()) && entry.path().is_file());
    let mut files: Vec<Utf8PathBuf> = files.map(|entry| entry.path().to_owned()).collect();
    files.sort();
    Ok(files)
}

/// The forced command without the key's name. An unusual home or configuration directory is part of it.
fn command() -> Result<String, Failure> {
    let program = shell_word(program()?.as_str());
    let set = |name: &str| env::var(name).ok().map(|value| format!("{name}={}", shell_word(&value)));
    let variables: Vec<String> = ["PYPAAS_HOME", "PYPAAS_CONFIG"].into_iter().filter_map(set).collect();
    Ok(if variables.is_empty() { program } else { format!("env {} {program}", variables.join(" ")) })
}
