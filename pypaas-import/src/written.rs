//! From what is known of an app to the files that are written.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use pypaas_config::is_unsafe_for_terminal;
use serde::Serialize;

use crate::app::{App, Secret};
use crate::repo_file::{Branch, Runner};
use crate::{Note, Tool, yaml_text};

/// The result of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The files, by their paths in the configuration directory.
    pub files: Vec<(Utf8PathBuf, String)>,
    /// Variables that are in none of them, because their values may be secrets: names and values.
    pub secrets: BTreeMap<String, String>,
    /// What was read and has no counterpart, sorted by file and line.
    pub notes: Vec<Note>,
}

#[derive(Serialize)]
struct RepoFile<'a> {
    branches: BTreeMap<&'a str, &'a Branch>,
}

impl Imported {
    /// Returns whether requests of clients reach the app.
    pub fn has_domain(&self) -> bool {
        self.files.iter().any(|(path, _)| path.starts_with("domains"))
    }

    /// Returns the secrets as lines that `pypaas secret import` reads.
    pub fn secret_lines(&self) -> String {
        self.secrets.iter().map(|(name, value)| format!("{name}='{value}'\n")).collect()
    }
}

/// Makes the files. `tool` is named in them.
pub(crate) fn write(mut app: App, tool: Tool) -> Imported {
    let domains = app.domain_files();
    leave_to_procfile(&mut app);
    let secrets = take_out_long_secrets(&mut app);
    let file = RepoFile { branches: [(app.branch_name.as_str(), &app.branch)].into() };
    let head = format!("# Imported from {tool}.\n");
    let repo = (format!("repo/{}.yml", app.repo), yaml_text(&file));
    let files = std::iter::once(repo).chain(domains);
    let files = files.map(|(path, text)| (path.into(), format!("{head}{text}"))).collect();
    app.notes.sort();
    app.notes.dedup();
    Imported { files, secrets, notes: app.notes }
}

/// Leaves the runners to the app's `Procfile` if it says all that is known of them; otherwise they are written out, and the
/// `Procfile` has no effect.
fn leave_to_procfile(app: &mut App) {
    let (is_said, release_is_said) = match &app.procfile {
        None => (false, false),
        Some((_, has_release)) => {
            let is_said = |(name, runner): (&String, &Runner)| runner.is_line_of_procfile(name);
            let is_same_release = *has_release || app.branch.hooks.release.is_none();
            (app.branch.runners.iter().all(is_said) && is_same_release, *has_release)
        }
    };
    let runners = std::mem::take(&mut app.branch.runners);
    if is_said {
        let count = |(name, runner): (String, Runner)| Some((name, runner.process_count?));
        app.branch.formation =
            runners.into_iter().filter_map(count).filter(|(_, count)| *count != 1).collect();
        if release_is_said {
            app.branch.hooks.release = None;
        }
        return;
    }
    if let Some((file, _)) = app.procfile.take() {
        app.note_unread_procfile(&file);
    }
    for (name, runner) in runners {
        match runner.process_count {
            Some(0) => {
                let instead =
                    format!("is left out because it was scaled to 0: `{}`", runner.cmd.unwrap_or_default());
                app.note("Procfile", None, &name, instead);
            }
            count => {
                let runner = Runner { process_count: count.filter(|it| *it != 1), ..runner };
                app.branch.runners.insert(name, runner);
            }
        }
    }
}

/// Takes values out that `secret import`, which reads lines, does not take.
fn take_out_long_secrets(app: &mut App) -> BTreeMap<String, String> {
    let mut secrets = BTreeMap::new();
    for (name, Secret { value, file, line }) in std::mem::take(&mut app.secrets) {
        if value.chars().any(is_unsafe_for_terminal) {
            let instead = format!(
                "contains line breaks; set it with `pypaas secret set {} {name} <FILE`",
                app.target()
            );
            app.note(&file, line, &name, instead);
        } else {
            secrets.insert(name, value);
        }
    }
    secrets
}
