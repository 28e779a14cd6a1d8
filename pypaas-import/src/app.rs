//! The app as it is put together while its files are read.

use std::collections::BTreeMap;

use pypaas_config::{BranchName, RepoName, is_reserved_variable, is_variable};
use pypaas_runners::Procfile;

use crate::document::{Entry, Map};
use crate::repo_file::{Branch, Runner};
use crate::scale::Count;
use crate::sites::Sites;
use crate::variables::{Variable, looks_secret};
use crate::{ImportError, Note, Source};

/// What is known of the app so far. Readers fill it; [`crate::written::write`] makes files of it.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) repo: RepoName,
    pub(crate) branch_name: BranchName,
    pub(crate) branch: Branch,
    /// The `Procfile` that pypaas reads as the other tool did, and whether the `release` hook is from it.
    pub(crate) procfile: Option<(String, bool)>,
    pub(crate) sites: Sites,
    pub(crate) secrets: BTreeMap<String, Secret>,
    pub(crate) notes: Vec<Note>,
}

/// A value that may be a secret, and where it was read.
#[derive(Debug, Clone)]
pub(crate) struct Secret {
    pub(crate) value: String,
    pub(crate) file: String,
    pub(crate) line: usize,
}

/// Where a value stood before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In a file of the app's repository: everybody with the code has it.
    Repository,
    /// In the tool alone: it may be a secret.
    Export,
}

impl App {
    pub(crate) fn new(repo: RepoName, branch_name: BranchName) -> Self {
        Self {
            repo,
            branch_name,
            branch: Branch::default(),
            procfile: None,
            sites: Sites::default(),
            secrets: BTreeMap::new(),
            notes: Vec::new(),
        }
    }

    /// Lists something that has no counterpart.
    pub(crate) fn note(
        &mut self,
        file: &str,
        line: impl Into<Option<usize>>,
        what: &str,
        instead: impl Into<String>,
    ) {
        let (file, line, what) = (file.to_owned(), line.into(), format!("`{what}`"));
        self.notes.push(Note { file, line, what, instead: instead.into() });
    }

    /// Lists a key that has no counterpart.
    pub(crate) fn note_entry(&mut self, entry: &Entry, instead: impl Into<String>) {
        let what = if entry.path.is_empty() { &entry.key } else { &entry.path };
        self.note(&entry.file, entry.line, what, instead);
    }

    /// Lists the key `key`, if it is there.
    pub(crate) fn note_key(&mut self, map: &mut Map, key: &str, instead: &str) {
        if let Some(entry) = map.take(key) {
            self.note_entry(&entry, instead);
        }
    }

    /// Lists the keys that nobody took.
    pub(crate) fn note_rest(&mut self, mut map: Map) {
        for entry in map.rest() {
            self.note_entry(&entry, "`pypaas import` does not know this key");
        }
    }

    /// Reads the lines of a `Procfile` as pypaas does.
    pub(crate) fn read_procfile(&mut self, source: &Source) -> Result<(), ImportError> {
        let lines = Procfile::lines(&source.text).map_err(|error| ImportError::of_manifest(source, error))?;
        let mut has_release = false;
        for line in lines {
            match line.name {
                "release" => {
                    self.branch.hooks.release = Some(line.command.to_owned());
                    has_release = true;
                }
                "web" => self.add_runner("web", Runner::web(line.command)),
                name => self.add_runner(name, Runner::worker(line.command)),
            }
        }
        self.procfile = Some((source.name.clone(), has_release));
        Ok(())
    }

    /// Adds a runner; its name gets a number if there is one of that name.
    pub(crate) fn add_runner(&mut self, name: &str, runner: Runner) {
        let name = self.free_name(name);
        self.branch.runners.insert(name, runner);
    }

    /// Returns `name`, with a number behind it if another runner has it.
    pub(crate) fn free_name(&self, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        names.find(|it| !self.branch.runners.contains_key(it)).unwrap_or_default()
    }

    /// Sets the numbers of processes.
    pub(crate) fn scale(&mut self, file: &str, counts: Vec<Count>) {
        for Count { process, number, line } in counts {
            match self.branch.runners.get_mut(&process) {
                Some(runner) if matches!(runner.kind, "Scheduled" | "NginxStatic") => {}
                Some(runner) => runner.process_count = Some(number),
                None if number == 0 => {}
                None => self.note(file, line, &process, "no process has this name"),
            }
        }
    }

    /// Lists processes of which nothing says how many there were, on tools that run none of them then.
    pub(crate) fn note_unknown_counts(&mut self, how_to_tell: &str) {
        let Some((file, _)) = &self.procfile else { return };
        let file = file.clone();
        let unknown = |(name, runner): (&String, &Runner)| {
            (runner.kind == "SimpleProcess" && runner.process_count.is_none()).then(|| name.clone())
        };
        let unknown: Vec<String> = self.branch.runners.iter().filter_map(unknown).collect();
        for name in unknown {
            self.note(
                &file,
                None,
                &name,
                format!("set to one process, because the number is not known; {how_to_tell}"),
            );
        }
    }

    /// Adds a variable: to `env` if everybody who has the code knows its value anyway, otherwise to the secrets.
    pub(crate) fn add_variable(&mut self, file: &str, variable: Variable, origin: Origin) {
        let Variable { name, value, line } = variable;
        if !is_variable(&name) {
            return self.note(file, line, &name, "is not a valid name of a variable");
        }
        match name.as_str() {
            "PORT" => {
                let instead =
                    "each process gets a port of its own in `PORT`; the app must listen on that one";
                return self.note(file, line, &name, instead);
            }
            name if is_reserved_variable(name) => {
                return self.note(
                    file,
                    line,
                    name,
                    "pypaas or the shell sets this variable itself; use another name",
                );
            }
            _ => {}
        }
        if origin == Origin::Export {
            if self.branch.env.get(&name) == Some(&value) {
                // The repository has the same value.
                return;
            }
            self.branch.env.remove(&name);
            self.secrets.insert(name, Secret { value, file: file.to_owned(), line });
        } else if looks_secret(&name, &value) {
            self.note(
                file,
                line,
                &name,
                "looks like a secret although it is in the repository; it is imported as a secret, not into `env`",
            );
            self.secrets.insert(name, Secret { value, file: file.to_owned(), line });
        } else {
            self.branch.env.insert(name, value);
        }
    }

    /// Adds the database of the branch, which takes the place of one that `file` names.
    pub(crate) fn add_postgres(&mut self) {
        self.branch.stores.insert("db".to_owned(), "Postgres");
    }

    /// Lists a `Procfile` that pypaas has no use for, because the repo's file says more.
    pub(crate) fn note_unread_procfile(&mut self, file: &str) {
        let instead = format!("has no effect: `repo/{}.yml` says how the app is run", self.repo);
        self.note(file, None, file, instead);
    }

    /// Returns the branch as commands name it.
    pub(crate) fn target(&self) -> String {
        format!("{} {}", self.repo, self.branch_name)
    }
}

/// Returns whether a value is the address of a Postgres database.
pub(crate) fn is_postgres(value: &str) -> bool {
    value.starts_with("postgres://") || value.starts_with("postgresql://")
}
