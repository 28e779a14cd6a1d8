//! Submodules: commits of other repositories inside a tree.
//!
//! Each is fetched into a bare repository of its own, inside the one whose tree names it. So a checkout holds no `.git`,
//! two checkouts at once do not disturb each other, and the next deploy needs no network.

use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gix::bstr::{BStr, ByteSlice};
use gix::index::entry::Mode;
use gix::submodule::config::Update;
use pypaas_core::CommitId;
use pypaas_core::host::Caller;

use super::checkout::{check_out, run_git};
use super::git::{self, Cause};
use super::{bare_repo, durable, program};

/// The ways a submodule may be fetched; the URL is the pusher's, and git's other ways read files or run programs.
const PROTOCOLS: [&str; 3] = ["https", "ssh", "git"];

/// The submodules of one tree.
#[derive(Debug)]
pub(super) struct Submodules(Vec<Submodule>);

#[derive(Debug)]
struct Submodule {
    path: Utf8PathBuf,
    /// Where it is fetched from; `None` when `.gitmodules` says not to.
    url: Option<String>,
    commit: CommitId,
}

/// Says which submodule could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the submodule `{path}`")]
struct SubmoduleError {
    path: String,
    source: Cause,
}

impl Submodules {
    /// Reads which there are, from `.gitmodules`.
    pub(super) fn of(repo: &gix::Repository, index: &gix::index::File) -> Result<Self, Cause> {
        let links: Vec<_> = index.entries().iter().filter(|entry| entry.mode == Mode::COMMIT).collect();
        if links.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let text = match index.entry_by_path(b".gitmodules".as_bstr()) {
            Some(entry) => repo.find_object(entry.id)?.detach().data,
            None => Vec::new(),
        };
        let modules = gix::submodule::File::from_bytes(&text, None, &repo.config_snapshot())?;
        let read = |link: &gix::index::Entry| {
            let path = link.path(index);
            let failed = |source| SubmoduleError { path: path.to_string(), source };
            Ok(Submodule {
                path: Utf8PathBuf::from(path.to_str()?),
                url: url(&modules, path).map_err(failed)?,
                commit: CommitId::new(link.id.to_string())?,
            })
        };
        links.into_iter().map(read).collect::<Result<_, Cause>>().map(Self)
    }

    /// Writes them into the checkout `directory` of `repo`, each with its own submodules.
    pub(super) fn check_out(
        &self,
        repo: &Utf8Path,
        directory: &Utf8Path,
        caller: &mut dyn Caller,
        output: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Cause> {
        for submodule in &self.0 {
            let written = submodule.check_out(repo, directory, caller, output);
            written.map_err(|source| SubmoduleError { path: submodule.path.to_string(), source })?;
        }
        Ok(())
    }
}

impl Submodule {
    fn check_out(
        &self,
        repo: &Utf8Path,
        directory: &Utf8Path,
        caller: &mut dyn Caller,
        output: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Cause> {
        refuse_links(directory, &self.path)?;
        let Some(url) = &self.url else { return Ok(durable::create_directory(&directory.join(&self.path))?) };
        let source = repo.join("submodules").join(directory_name(url));
        if !self.is_in(&source)? {
            output(format!("fetching the submodule {}\n", self.path).as_bytes());
            self.fetch(&source, url, caller, output)?;
        }
        check_out(&source, &self.commit, &directory.join(&self.path), caller, output)
    }

    /// Fetches its commit into the bare repository `source`.
    fn fetch(
        &self,
        source: &Utf8Path,
        url: &str,
        caller: &mut dyn Caller,
        output: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Cause> {
        bare_repo::make(source)?;
        let commit = self.commit.as_str();
        let by_id = fetching(source, url, &format!("{commit}:{}", self.kept()))?;
        if run_git(by_id, caller, &mut |_| {}).is_ok() {
            return Ok(());
        }
        // A server need not give a commit by its id: then it is among all that the server gives, or nowhere.
        run_git(fetching(source, url, "+refs/heads/*:refs/heads/*")?, caller, output)?;
        let git_dir = format!("--git-dir={source}");
        let keep = git::own_command(&["git", &git_dir, "update-ref", &self.kept(), commit])?;
        bare_repo::succeed(keep)
            .map_err(|_| format!("no branch there has the commit `{}`", self.commit.short()).into())
    }

    /// Returns whether `source` has the commit and all it needs: the reference is made last.
    fn is_in(&self, source: &Utf8Path) -> Result<bool, Cause> {
        Ok(bare_repo::is_there(source) && git::open(source)?.try_find_reference(&self.kept())?.is_some())
    }

    /// The reference by which git's garbage collection knows the commit as used.
    fn kept(&self) -> String {
        format!("refs/pypaas/{}", self.commit.as_str())
    }
}

/// Reads where the submodule at `path` comes from.
fn url(modules: &gix::submodule::File, path: &BStr) -> Result<Option<String>, Cause> {
    let name = modules.name_by_path(path).ok_or("`.gitmodules` does not mention it")?;
    if modules.update(name)? == Some(Update::None) {
        return Ok(None);
    }
    let url = modules
        .config()
        .string_by("submodule", Some(name), "url")
        .ok_or("`.gitmodules` gives it no `url`")?;
    let url = url.to_str()?;
    if url.starts_with("./") || url.starts_with("../") {
        let reason = "is relative, and what is pushed here does not say to what; write the whole URL";
        return Err(format!("its `url`, `{url}`, {reason}").into());
    }
    Ok(Some(url.to_owned()))
}

fn fetching(source: &Utf8Path, url: &str, what: &str) -> Result<Command, Cause> {
    let mut words = vec!["git".to_owned(), format!("--git-dir={source}")];
    let allowed = PROTOCOLS.map(|protocol| format!("protocol.{protocol}.allow=always"));
    for setting in ["protocol.allow=never".to_owned()].into_iter().chain(allowed) {
        words.extend(["-c".to_owned(), setting]);
    }
    words.extend(["fetch", "--quiet", "--no-tags", "--end-of-options", url, what].map(str::to_owned));
    let mut command = program::command(&words)?;
    command.env("GIT_TERMINAL_PROMPT", "0");
    Ok(command)
}

/// Names the directory for what comes from `url`: by its hash, for it may be long and hold a password.
fn directory_name(url: &str) -> String {
    match gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, url.as_bytes()) {
        Ok(hash) => hash.to_string(),
        Err(_) => pypaas_core::encode(url),
    }
}

/// Refuses a tree that would lead outside of the checkout.
fn refuse_links(directory: &Utf8Path, path: &Utf8Path) -> Result<(), Cause> {
    let inside = path.ancestors().filter(|part| !part.as_str().is_empty());
    for part in inside {
        if fs::symlink_metadata(directory.join(part)).is_ok_and(|found| found.is_symlink()) {
            return Err(format!("`{part}` is a link").into());
        }
    }
    Ok(())
}
