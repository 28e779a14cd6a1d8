//! Restoring: one branch, or everything of a host onto a fresh one. What was there before is set aside, never removed.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use pypaas_config::{BranchRef, StoreRef};
use pypaas_core::host::Stores;
use pypaas_core::{Layout, Platform, database};
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};

use super::contents::{self, Manifest};
use super::restic::Restic;
use super::snapshot;
use super::{Backups, Failure, Snapshot, Turn};
use crate::stores::postgres::Postgres;
use crate::{LinuxHost, durable, files};

/// What was restored of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Whether its data directory was.
    pub data: bool,
    /// Its databases.
    pub stores: Vec<StoreRef>,
    /// Where what was there before is now.
    pub set_aside: Utf8PathBuf,
}

/// What was restored of a host.
#[derive(Debug)]
pub struct RestoredHost {
    /// The backup.
    pub snapshot: Snapshot,
    /// What it says of itself.
    pub manifest: Manifest,
    /// The directory of the dumps.
    dumps: Utf8PathBuf,
    layout: Layout,
    _turn: Turn,
    /// Where what was there before is now; `None` if there was nothing.
    pub set_aside: Option<Utf8PathBuf>,
}

impl Backups<'_> {
    /// Replaces the data directory and the databases of `into` by those that `from` had in `snapshot`. Nothing of `into` may run
    /// meanwhile. What is there now is set aside first.
    pub fn restore(
        &self,
        snapshot: &Snapshot,
        from: &BranchRef,
        into: &BranchRef,
        host: &mut LinuxHost,
        note: &mut dyn FnMut(&str),
    ) -> Result<Restored, Failure> {
        let _turn = self.turn()?;
        let layout = &self.platform.layout;
        let stores = self.stores(snapshot, from, into)?;
        let manifest = self.manifest(snapshot)?;
        let data = below(layout.home(), &layout.data(from), &manifest.home)?;
        note(&format!("reading the backup of {}", snapshot.begun()));
        files::remove_directory(&self.restored())?;
        let staging = manifest_directory(snapshot)?;
        self.restic.restore(snapshot, &[data.clone(), staging], &self.restored())?;
        let (manifest, staging) = self.restored_manifest(snapshot)?;
        let restored = within(&self.restored(), &data);
        put_sqlite_files(&manifest, &staging, &self.restored(), Some(&data))?;
        let has_data = restored.exists();
        if !has_data && stores.is_empty() {
            return Err(format!("there is nothing of {from} in the backup of {}", snapshot.begun()).into());
        }
        let aside = aside(layout);
        durable::create_directory(&aside.join("stores"))?;
        let postgres = Postgres::of(layout);
        let kept = |store: &StoreRef| aside.join(format!("stores/{}.dump", database(store)));
        for (_, store, kind) in &stores {
            host.prepare_store(&pypaas_core::Store { reference: store.clone(), kind: *kind })?;
            postgres.dump(store, &kept(store))?;
        }
        let mut loaded = Vec::new();
        let mut replace = || -> Result<(), Failure> {
            // First what can be taken back by itself.
            for (file, store, _) in &stores {
                note(&format!("loading {store}"));
                postgres
                    .load(self.platform, store, &staging.join(file))
                    .map_err(|error| format!("the dump of {store} cannot be loaded: {error}"))?;
                loaded.push(store);
            }
            if has_data {
                note(&format!("putting the data of {into} in their place"));
                let to = layout.data(into);
                put(&restored, &to, &aside.join(to.strip_prefix(layout.home())?))?;
            }
            Ok(())
        };
        if let Err(error) = replace() {
            for store in loaded {
                postgres.load(self.platform, store, &kept(store)).map_err(|failed| {
                    format!(
                        "{error}; and {store}, which was restored, cannot be put back from {}: {failed}",
                        kept(store)
                    )
                })?;
            }
            return Err(format!("{error}; everything is as it was").into());
        }
        files::remove_directory(&self.restored())?;
        Ok(Restored {
            data: has_data,
            stores: stores.into_iter().map(|(_, store, _)| store).collect(),
            set_aside: aside,
        })
    }

    /// Lists the dumps of `from` in a backup, and the stores of `into` that they are for. Fails if there is no such store.
    pub fn stores(
        &self,
        snapshot: &Snapshot,
        from: &BranchRef,
        into: &BranchRef,
    ) -> Result<Vec<(Utf8PathBuf, StoreRef, pypaas_config::StoreKind)>, Failure> {
        let manifest = self.manifest(snapshot)?;
        let configured = self.platform.stores(into);
        let dumps = manifest.stores.into_iter().filter(|dump| dump.reference().branch == *from);
        dumps
            .map(|dump| {
                let store = StoreRef { branch: into.clone(), name: dump.store };
                let known = configured.iter().find(|it| it.reference == store);
                let kind = known.ok_or_else(|| {
                    format!("the backup has the store `{}`, and {into} has none of that name: write it into its `stores`", store.name)
                })?;
                Ok((dump.file, store, kind.kind))
            })
            .collect()
    }

    /// Reads what a backup says of itself.
    fn manifest(&self, snapshot: &Snapshot) -> Result<Manifest, Failure> {
        let path = manifest_directory(snapshot)?.join(Manifest::FILE);
        Ok(serde_json::from_slice(&self.restic.read(snapshot, &path)?)?)
    }

    /// Does the same with one that was restored; returns also the directory of the copies of databases.
    pub(super) fn restored_manifest(&self, snapshot: &Snapshot) -> Result<(Manifest, Utf8PathBuf), Failure> {
        read_manifest(snapshot, &self.restored())
    }
}

impl RestoredHost {
    /// Restores everything that a backup of another host has into the home of `layout`. Databases are still to be loaded, and
    /// checkouts to be made.
    pub fn restore(
        restic: &Restic,
        layout: &Layout,
        host: Option<&str>,
        at: Option<&str>,
        note: &mut dyn FnMut(&str),
    ) -> Result<Self, Failure> {
        let snapshots = restic.snapshots(host)?;
        let hosts: BTreeSet<&str> = snapshots.iter().map(|snapshot| snapshot.hostname.as_str()).collect();
        if hosts.len() > 1 {
            let hosts: Vec<&str> = hosts.into_iter().collect();
            return Err(format!(
                "the repository has backups of several hosts: add `--host {}`",
                hosts.join("` or `--host ")
            )
            .into());
        }
        let snapshot = snapshot::find(snapshots, at)?;
        let turn = Turn::take(layout)?;
        let restored = layout.backup().join("restored");
        files::remove_directory(&restored)?;
        durable::replace(&unfinished(layout), snapshot.id.as_bytes(), 0o600)?;
        note(&format!("restoring the backup of {} of {}", snapshot.hostname, snapshot.begun()));
        restic.restore(&snapshot, &[], &restored)?;
        let (manifest, dumps) = read_manifest(&snapshot, &restored)?;
        put_sqlite_files(&manifest, &dumps, &restored, None)?;
        let aside = aside(layout);
        for part in contents::PARTS {
            let from = within(&restored, &manifest.home.join(part));
            if from.exists() {
                put(&from, &layout.home().join(part), &aside.join(part))?;
            }
        }
        let configuration = within(&restored, &manifest.configuration);
        put(&configuration, &layout.home().join("config"), &aside.join("config"))?;
        let set_aside = aside.exists().then_some(aside);
        Ok(Self { snapshot, manifest, dumps, layout: layout.clone(), _turn: turn, set_aside })
    }

    /// Ends the restore: what was read is removed, and backups are made again.
    pub fn finish(self) -> Result<(), Failure> {
        files::remove_directory(&self.layout.backup().join("restored"))?;
        durable::remove_file(&unfinished(&self.layout))?;
        Ok(())
    }

    /// Makes the databases that are configured, and loads them. Returns what went wrong with each that failed.
    pub fn load_stores(
        &self,
        platform: &Platform,
        host: &mut LinuxHost,
        note: &mut dyn FnMut(&str),
    ) -> Vec<String> {
        let mut problems = Vec::new();
        for dump in &self.manifest.stores {
            let store = dump.reference();
            let known = platform.stores(&store.branch).into_iter().find(|it| it.reference == store);
            let Some(known) = known else {
                problems.push(format!("{store} is not configured any more, and was not loaded"));
                continue;
            };
            note(&format!("loading {store}"));
            let mut load = || -> Result<(), Failure> {
                host.prepare_store(&known)?;
                Postgres::of(&platform.layout).load(platform, &store, &self.dumps.join(&dump.file))
            };
            if let Err(error) = load() {
                problems.push(format!("{store} was not loaded: {error}"));
            }
        }
        problems
    }
}

/// The file that is there while a whole host is being restored. Its command goes on where there is one.
pub fn unfinished(layout: &Layout) -> Utf8PathBuf {
    layout.backup().join("restoring")
}

/// Returns where a path of the home that made a backup is, once that is restored into `directory`.
fn within(directory: &Utf8Path, path: &Utf8Path) -> Utf8PathBuf {
    directory.join(path.strip_prefix("/").unwrap_or(path))
}

/// Returns the path in the home `other` that is `path` in this one.
fn below(home: &Utf8Path, path: &Utf8Path, other: &Utf8Path) -> Result<Utf8PathBuf, Failure> {
    Ok(other.join(path.strip_prefix(home)?))
}

/// Returns the directory of a backup that has its manifest.
fn manifest_directory(snapshot: &Snapshot) -> Result<Utf8PathBuf, Failure> {
    let found = snapshot.paths.iter().find(|path| path.ends_with("backup/staging"));
    found.cloned().ok_or_else(|| format!("the backup {} was not made by `pypaas backup`", snapshot.id).into())
}

fn read_manifest(snapshot: &Snapshot, restored: &Utf8Path) -> Result<(Manifest, Utf8PathBuf), Failure> {
    let directory = within(restored, &manifest_directory(snapshot)?);
    let text = fs::read(directory.join(Manifest::FILE))?;
    Ok((serde_json::from_slice(&text)?, directory))
}

/// Puts the copies of SQLite files where they were: below `only`, or all.
fn put_sqlite_files(
    manifest: &Manifest,
    copies: &Utf8Path,
    restored: &Utf8Path,
    only: Option<&Utf8Path>,
) -> Result<(), Failure> {
    for copy in &manifest.sqlite {
        let path = manifest.home.join(&copy.path);
        if only.is_some_and(|only| !path.starts_with(only)) {
            continue;
        }
        let mut to = create_beneath(restored, &path)
            .map_err(|error| format!("cannot restore the SQLite file `{}`: {error}", copy.path))?;
        io::copy(&mut File::open(copies.join(&copy.file))?, &mut to)?;
        to.sync_all()?;
    }
    Ok(())
}

/// Creates a file in what was restored. The app may have made links in there, and none is followed.
fn create_beneath(restored: &Utf8Path, path: &Utf8Path) -> io::Result<File> {
    let root = File::open(restored)?;
    let path = path.strip_prefix("/").unwrap_or(path);
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    Ok(openat2(&root, path.as_str(), flags, Mode::from_raw_mode(0o600), resolve)?.into())
}

/// Moves `from` to `to`; what is at `to` moves to `aside`.
fn put(from: &Utf8Path, to: &Utf8Path, aside: &Utf8Path) -> Result<(), Failure> {
    let moved = |error: &io::Error| format!("cannot move `{from}` to `{to}`: {error}");
    if to.symlink_metadata().is_ok() {
        durable::create_directory(durable::directory_of(aside))?;
        fs::rename(to, aside).map_err(|error| format!("cannot move `{to}` to `{aside}`: {error}"))?;
    }
    durable::create_directory(durable::directory_of(to))?;
    if let Err(error) = fs::rename(from, to) {
        let back = if aside.exists() { fs::rename(aside, to) } else { Ok(()) };
        back.map_err(|failed| format!("{}; and `{aside}` cannot be moved back: {failed}", moved(&error)))?;
        return Err(moved(&error).into());
    }
    Ok(durable::sync_directory(durable::directory_of(to))?)
}

/// Returns where what was there before this restore goes.
fn aside(layout: &Layout) -> Utf8PathBuf {
    let now = Timestamp::now().strftime("%Y%m%d_%H%M%S_%3f");
    layout.home().join("set-aside").join(format!("before-restore-{now}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_created_beneath_what_was_restored_and_through_no_link() {
        let made = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(made.path()).unwrap();
        let (restored, outside) = (root.join("restored"), root.join("outside"));
        fs::create_dir_all(restored.join("home/data")).unwrap();
        fs::create_dir(&outside).unwrap();
        std::os::unix::fs::symlink(&outside, restored.join("home/link")).unwrap();
        fs::write(outside.join("file"), "precious").unwrap();
        std::os::unix::fs::symlink(outside.join("file"), restored.join("home/data/link")).unwrap();

        assert!(create_beneath(&restored, "/home/data/file".into()).is_ok());
        for path in ["/home/link/new", "/home/data/link", "/home/../../outside/new"] {
            assert!(create_beneath(&restored, path.into()).is_err(), "{path}");
        }

        assert!(restored.join("home/data/file").exists());
        assert!(!outside.join("new").exists());
        assert_eq!(fs::read_to_string(outside.join("file")).unwrap(), "precious");
    }
}
