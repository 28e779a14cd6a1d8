//! `keys`: who may log in, and with what.

use std::io::{self, Read};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use pypaas_config::{Permission, closest};
use pypaas_linux::durable;
use serde::Serialize;

use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::key_files::KeyFiles;
use crate::keys::{Key, is_name};
use crate::table::{Cell, Table, terminal_width};
use crate::terminal;

/// The longest input that is read.
const MAX_INPUT: u64 = 64 * 1024;

/// List the SSH keys that may log in, add some, or remove those of a person
#[derive(Debug, Parser)]
#[command(name = "keys")]
#[command(after_help = "Examples:\n  pypaas keys list\n  ssh deploy@host keys add ada <ada.pub\n  \
    ssh deploy@host keys add ci --only push <ci.pub\n  pypaas keys remove ada\n\n\
    `pypaas.yml` (`admins`) and the repos (`access`) say what a name may do; docs/permissions.md explains it.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List names, keys and what limits them
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Read public keys from standard input, one a line, and let them log in
    Add {
        /// The name of the person or program
        name: String,
        /// The only permissions that these keys have: read, run, push or admin
        #[arg(long, value_delimiter = ',', value_parser = permission)]
        only: Vec<Permission>,
        /// Print what would be written, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Remove the keys of a person or program
    Remove {
        /// The name
        name: String,
        /// Print what would be removed, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

fn permission(text: &str) -> Result<Permission, &'static str> {
    Permission::parse(text).ok_or("there are admin, push, run and read")
}

/// One key, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    fingerprint: String,
    /// The only permissions that its file gives it; absent: nothing in the file limits it.
    only: Option<Vec<String>>,
    /// Options of sshd, such as `from="…"`.
    options: Vec<String>,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Admin);

    fn requirement(&self) -> Requirement {
        Requirement::Admin
    }

    fn effect(&self) -> Effect {
        match self.action {
            Action::List { .. }
            | Action::Add { dry_run: true, .. }
            | Action::Remove { dry_run: true, .. } => Effect::None,
            _ => Effect::Change,
        }
    }

    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let files = KeyFiles::read()?;
        match self.action {
            Action::List { json } => list(&files.keys()?, json)?,
            Action::Add { name, only, dry_run } => add(files, &name, &only, dry_run)?,
            Action::Remove { name, dry_run } => remove(files, &name, invocation, dry_run)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn list(keys: &[Key], json: bool) -> Result<(), Failure> {
    let rows: Vec<Row> = keys
        .iter()
        .map(|key| Row {
            name: key.name.clone(),
            fingerprint: key.fingerprint(),
            only: key.only.as_ref().map(|only| only.iter().map(ToString::to_string).collect()),
            options: key.options.clone(),
        })
        .collect();
    if json {
        terminal::json(&rows)?;
    } else if rows.is_empty() {
        terminal::out("no key may log in: `pypaas keys add <name> <key.pub` adds one\n");
    } else {
        let mut table = Table::new(["NAME", "KEY", "ONLY", "OPTIONS"]);
        for row in rows {
            let only = row.only.map(|only| only.join(", ")).unwrap_or_default();
            table.row([
                Cell::name(row.name),
                row.fingerprint.into(),
                only.into(),
                row.options.join(",").into(),
            ]);
        }
        terminal::out(&table.text(terminal_width(), |_| String::new()));
    }
    Ok(())
}

fn add(files: KeyFiles, name: &str, only: &[Permission], dry_run: bool) -> Result<(), Failure> {
    if let Some(file) = files.file_of(name) {
        return Err(Failure::new(
            format!("`{name}` has keys already, in {file}"),
            "choose another name, add a line to that file, or remove the name first",
        ));
    }
    if !is_name(name) || name.is_empty() || name.starts_with('.') || name.ends_with(".pub") {
        return Err(Failure::new(
            format!("`{name}` cannot name keys"),
            "only letters, digits and `._@+-` are allowed, and no point or hyphen in front",
        ));
    }
    let mut text = String::new();
    if !only.is_empty() {
        let only: Vec<String> = only.iter().map(Permission::to_string).collect();
        text = format!("# pypaas: {}\n", only.join(", "));
    }
    let length = text.len();
    io::stdin().lock().take(MAX_INPUT).read_to_string(&mut text).map_err(|error| {
        Failure::new(format!("cannot read the keys from standard input: {error}"), "nothing was changed")
    })?;
    let path = files.new_file(name);
    let before = files.keys()?.len();
    let files = files.with(&path, Some(text.clone()));
    if files.keys()?.len() == before {
        let what = if text.len() == length { "standard input is empty" } else { "standard input has no key" };
        return Err(Failure::new(
            what,
            format!("pass the public key: `keys add {name} <~/.ssh/id_ed25519.pub`"),
        ));
    }
    if dry_run {
        terminal::out(&format!("would create {path}:\n\n{text}"));
        return Ok(());
    }
    durable::replace(&path, text.as_bytes(), 0o600)?;
    terminal::out(&format!("created {path}\n"));
    files.publish()
}

fn remove(files: KeyFiles, name: &str, invocation: &Invocation, dry_run: bool) -> Result<(), Failure> {
    let keys = files.keys()?;
    let Some(path) = files.file_of(name).map(ToOwned::to_owned) else {
        let mut names: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
        names.dedup();
        let near = closest(name, names.iter().copied()).map(|near| format!("did you mean `{near}`? "));
        return Err(Failure::new(
            format!("`{name}` has no keys"),
            format!("{}these have: {}", near.unwrap_or_default(), names.join(", ")),
        ));
    };
    if invocation.key.is_some() && invocation.by == name {
        return Err(Failure::new(
            format!("you use a key of `{name}` yourself, and could not log in any more"),
            "use another key, or run the command on the host",
        ));
    }
    if dry_run {
        terminal::out(&format!("would remove {path}\n"));
        return Ok(());
    }
    durable::remove_file(&path)?;
    terminal::out(&format!("removed {path}\n"));
    files.with(&path, None).publish()
}
