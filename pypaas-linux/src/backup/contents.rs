//! What is in a backup: directories as they are, and copies of databases that are whole.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::{BranchName, BranchRef, RepoName, StoreName, StoreRef};
use pypaas_core::{Layout, Platform, database};
use serde::{Deserialize, Serialize};

use super::{Failure, restic, sqlite};
use crate::stores::postgres::Postgres;
use crate::{durable, files};

/// The directories and files of the home that are in a backup. Checkouts and caches are made again.
pub(super) const PARTS: [&str; 6] =
    ["repos", "state", "data", "certificates", "stores/key", ".ssh/authorized_keys.d"];

/// What is handed to restic.
#[derive(Debug)]
pub(super) struct Contents {
    /// The home of the host.
    pub(super) home: Utf8PathBuf,
    /// The paths, absolute.
    pub(super) paths: Vec<Utf8PathBuf>,
    /// A file with a pattern for each path that is left out.
    pub(super) excluded: Utf8PathBuf,
    /// What could not be copied; everything else is there.
    pub(super) problems: Vec<String>,
}

/// What a backup says of itself, beside the copies of databases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The home of the host that made it.
    pub home: Utf8PathBuf,
    /// Its configuration directory.
    pub configuration: Utf8PathBuf,
    /// The databases of branches.
    pub stores: Vec<StoreDump>,
    /// The SQLite files: each is left out where it is.
    pub sqlite: Vec<SqliteCopy>,
}

/// The dump of one database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreDump {
    /// The repo.
    pub repo: RepoName,
    /// The branch.
    pub branch: BranchName,
    /// The name of the store.
    pub store: StoreName,
    /// The file, below the directory of the manifest.
    pub file: Utf8PathBuf,
    /// How many tables have their rows in it.
    pub tables: usize,
}

/// The copy of one SQLite file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqliteCopy {
    /// Where it is, below the home.
    pub path: Utf8PathBuf,
    /// The copy, below the directory of the manifest.
    pub file: Utf8PathBuf,
}

impl Manifest {
    /// The name of its file.
    pub(super) const FILE: &str = "manifest.json";
}

impl StoreDump {
    /// Returns the store that was dumped.
    pub fn reference(&self) -> StoreRef {
        let branch = BranchRef { repo: self.repo.clone(), branch: self.branch.clone() };
        StoreRef { branch, name: self.store.clone() }
    }
}

/// The directory in which copies of databases wait for restic.
pub(super) fn staging(layout: &Layout) -> Utf8PathBuf {
    layout.backup().join("staging")
}

/// Lists the files and directories that are in a backup as they are.
pub(super) fn paths(platform: &Platform) -> Vec<Utf8PathBuf> {
    let mut paths: Vec<Utf8PathBuf> = PARTS.iter().map(|part| platform.layout.home().join(part)).collect();
    paths.push(configuration(platform));
    paths.retain(|path| path.exists());
    paths
}

fn configuration(platform: &Platform) -> Utf8PathBuf {
    let known = platform.configuration_directory.clone();
    known.unwrap_or_else(|| platform.layout.home().join("config"))
}

/// Copies the databases, and lists everything that belongs to the backup.
pub(super) fn gather(platform: &Platform, note: &mut dyn FnMut(&str)) -> Result<Contents, Failure> {
    let layout = &platform.layout;
    let staging = staging(layout);
    files::remove_directory(&staging)?;
    durable::create_directory(&staging.join("stores"))?;
    durable::create_directory(&staging.join("sqlite"))?;
    let mut problems = Vec::new();
    let stores = dump_stores(platform, &staging, &mut problems, note)?;
    let data = layout.home().join("data");
    durable::create_directory(&data)?;
    let real = data.canonicalize_utf8()?;
    let found = sqlite::find(&real, &mut problems);
    if !found.is_empty() {
        note(&format!("copying {} SQLite {}", found.len(), if found.len() == 1 { "file" } else { "files" }));
    }
    let (mut copies, mut excluded) = (Vec::new(), String::new());
    // In the list of what is left out, other characters mean something to restic. Such a file is copied as it is.
    let is_plain = |path: &&Utf8PathBuf| {
        let text = path.as_str();
        text.trim_end() == text && !text.contains(|c: char| c.is_control() || c == '$')
    };
    for (number, path) in found.iter().filter(is_plain).enumerate() {
        let file = Utf8PathBuf::from(format!("sqlite/{number}"));
        if let Err(error) = sqlite::copy(path, &staging.join(&file)) {
            problems.push(error.to_string());
            continue;
        }
        let path = data.join(path.strip_prefix(&real)?);
        for suffix in ["", "-wal", "-shm", "-journal"] {
            excluded.push_str(&restic::pattern(&Utf8PathBuf::from(format!("{path}{suffix}"))));
            excluded.push('\n');
        }
        copies.push(SqliteCopy { path: path.strip_prefix(layout.home())?.to_owned(), file });
    }
    let manifest = Manifest {
        home: layout.home().to_owned(),
        configuration: configuration(platform),
        stores,
        sqlite: copies,
    };
    fs::write(staging.join(Manifest::FILE), serde_json::to_vec_pretty(&manifest)?)?;
    let list = layout.backup().join("excluded");
    durable::replace(&list, excluded.as_bytes(), 0o600)?;
    let mut paths = paths(platform);
    let is_link = |path: &&Utf8PathBuf| path.is_symlink();
    problems.extend(paths.iter().filter(is_link).map(|path| {
        format!(
            "`{path}` is a link, and nothing of where it leads is copied: mount the directory there instead"
        )
    }));
    paths.push(staging);
    Ok(Contents { home: layout.home().to_owned(), paths, excluded: list, problems })
}

/// Dumps every database that the host has, also those that are not configured any more.
fn dump_stores(
    platform: &Platform,
    staging: &Utf8Path,
    problems: &mut Vec<String>,
    note: &mut dyn FnMut(&str),
) -> Result<Vec<StoreDump>, Failure> {
    let postgres = Postgres::of(&platform.layout);
    if !postgres.is_there() {
        return Ok(Vec::new());
    }
    let mut dumps = Vec::new();
    let usage = postgres.usage()?;
    for (branch, _) in platform.configuration.branches() {
        for store in platform.stores(&branch) {
            let name = database(&store.reference);
            if usage.iter().all(|used| used.database != name) && postgres.has(&name)? {
                problems.push(format!(
                    "{} was not dumped: the comment on its database was changed",
                    store.reference
                ));
            }
        }
    }
    for used in usage {
        let [repo, branch, store] = used.owner;
        let branch = BranchRef { repo: RepoName::new(repo)?, branch: BranchName::new(branch)? };
        let store = StoreRef { branch, name: StoreName::new(store)? };
        note(&format!("dumping {store}"));
        let file = Utf8PathBuf::from(format!("stores/{}.dump", used.database));
        match postgres.dump(&store, &staging.join(&file)) {
            Ok(tables) => {
                let BranchRef { repo, branch } = store.branch;
                dumps.push(StoreDump { repo, branch, store: store.name, file, tables });
            }
            Err(error) => problems.push(format!("{store} was not dumped: {error}")),
        }
    }
    Ok(dumps)
}
