//! Writing a commit's tree into a directory, exactly as git would.

use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::thread;

use camino::Utf8Path;
use gix::bstr::ByteSlice;
use gix::index::entry::Mode;
use gix::progress::Discard;
use gix::worktree::stack::state::attributes::Source;
use pypaas_core::CommitId;
use pypaas_core::host::Caller;

use super::child::{self, Exit};
use super::git::{self, Cause};
use super::submodules::Submodules;
use super::{durable, files, program};

/// Attributes that gix 0.90 passes over without a word.
const NOT_IN_GIX: [&str; 2] = ["working-tree-encoding", "ident"];

/// Writes the tree of `commit` with its submodules into `directory`; what was there is removed.
pub(super) fn check_out(
    repo: &Utf8Path,
    commit: &CommitId,
    directory: &Utf8Path,
    caller: &mut dyn Caller,
    output: &mut dyn FnMut(&[u8]),
) -> Result<(), Cause> {
    files::remove_directory(directory)?;
    durable::create_directory(directory)?;
    let opened = git::open(repo)?;
    let tree = opened.find_commit(git::object_id(commit)?)?.tree_id()?;
    let index = opened.index_from_tree(&tree)?;
    if needs_git(&opened, &index)? {
        write_with_git(repo, commit, directory, caller, output)?;
    } else {
        write(&opened, index.clone(), directory)?;
    }
    Submodules::of(&opened, &index)?.check_out(repo, directory, caller, output)
}

/// Returns whether the tree uses something only the git program does.
fn needs_git(repo: &gix::Repository, index: &gix::index::File) -> Result<bool, Cause> {
    for entry in index.entries() {
        let path = entry.path(index);
        let name = path.rsplit_once_str(b"/").map_or(path.as_bytes(), |(_, name)| name);
        if name == b".gitattributes" && entry.mode != Mode::COMMIT {
            let attributes = repo.find_object(entry.id)?;
            if NOT_IN_GIX.iter().any(|attribute| attributes.data.contains_str(attribute)) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Writes the tree with gix, on all cores.
fn write(repo: &gix::Repository, mut index: gix::index::File, directory: &Utf8Path) -> Result<(), Cause> {
    let mut options = repo.checkout_options(Source::IdMapping)?;
    options.destination_is_initially_empty = true;
    // Else the error would not name its file.
    options.keep_going = true;
    let outcome = gix::worktree::state::checkout(
        &mut index,
        directory.as_std_path(),
        repo.objects.clone().into_arc()?,
        &Discard,
        &Discard,
        &AtomicBool::new(false),
        options,
    )?;
    if let Some(failed) = outcome.errors.into_iter().next() {
        return Err(format!("`{}`: {}", failed.path, failed.error).into());
    }
    let left_out = outcome.collisions.into_iter().map(|collision| collision.path);
    let left_out = left_out.chain(outcome.delayed_paths_unknown).chain(outcome.delayed_paths_unprocessed);
    match left_out.into_iter().next() {
        Some(path) => Err(format!("`{path}` could not be written").into()),
        None => Ok(()),
    }
}

/// Writes the tree with the git program, through an index of its own.
fn write_with_git(
    repo: &Utf8Path,
    commit: &CommitId,
    directory: &Utf8Path,
    caller: &mut dyn Caller,
    output: &mut dyn FnMut(&[u8]),
) -> Result<(), Cause> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let scratch = tempfile::tempdir_in(repo)?;
    let mut command = program::command(&[
        "git",
        "-c",
        &format!("checkout.workers={workers}"),
        &format!("--git-dir={repo}"),
        &format!("--work-tree={directory}"),
        "read-tree",
        "--reset",
        "-u",
        commit.as_str(),
    ])?;
    command.env("GIT_INDEX_FILE", scratch.path().join("index"));
    run_git(command, caller, output)
}

/// Runs git until it ends or the caller wants to stop. Where git failed, the line with its reason is the error.
pub(super) fn run_git(
    command: Command,
    caller: &mut dyn Caller,
    output: &mut dyn FnMut(&[u8]),
) -> Result<(), Cause> {
    let mut said = Vec::new();
    let mut listen = |bytes: &[u8]| {
        said.extend_from_slice(bytes);
        output(bytes);
    };
    match child::run(command, &mut listen, &mut || caller.wants_to_stop())? {
        Exit::Exited(status) if status.success() => Ok(()),
        Exit::Exited(status) => Err(match reason(&String::from_utf8_lossy(&said)) {
            Some(line) => line.to_owned().into(),
            None => format!("git failed: {status}").into(),
        }),
        Exit::Interrupted(reason) => Err(format!("git was ended: {reason}").into()),
    }
}

/// What git says after the reason: general advice, and the consequences of what it said before.
const NO_REASON: [&str; 8] = [
    "fatal: Could not read from remote repository.",
    "Please make sure you have the correct access rights",
    "and the repository exists.",
    "fatal: the remote end hung up unexpectedly",
    "fatal: early EOF",
    "error: index-pack died",
    "fatal: index-pack failed",
    "warning: ",
];

/// Finds the line that says why git failed: its first error, else the last line of whatever it ran, such as ssh.
fn reason(said: &str) -> Option<&str> {
    let lines = || {
        let lines = said.split(['\n', '\r']).map(|line| line.trim().trim_start_matches("remote: ").trim());
        lines.filter(|line| !line.is_empty() && !NO_REASON.iter().any(|it| line.starts_with(it)))
    };
    let is_error = |line: &&str| {
        let line = line.to_ascii_lowercase();
        ["fatal:", "error:"].iter().any(|word| line.starts_with(word))
    };
    lines().find(is_error).or_else(|| lines().next_back()).or_else(|| said.trim().lines().last())
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn the_reason_of_git_is_found_between_progress_and_advice() {
        let advice = "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\n\
                      and the repository exists.\n";
        for (said, expected) in [
            (format!("ERROR: Repository not found.\n{advice}"), "ERROR: Repository not found."),
            (
                format!("Warning: Permanently added 'x' to the list of known hosts.\ngit@x: Permission denied (publickey).\n{advice}"),
                "git@x: Permission denied (publickey).",
            ),
            (format!("fatal: '/srv/x' does not appear to be a git repository\n{advice}"), "fatal: '/srv/x' does not appear to be a git repository"),
            (
                "Receiving objects: 10%\rReceiving objects: 20%\rerror: RPC failed; curl 18\nfatal: early EOF\n".to_owned(),
                "error: RPC failed; curl 18",
            ),
            (
                "error: unable to create file x: File name too long\nfatal: cannot\n".to_owned(),
                "error: unable to create file x: File name too long",
            ),
            (advice.to_owned(), "and the repository exists."),
        ] {
            assert_eq!(reason(&said), Some(expected));
        }
        assert_eq!(reason("\n"), None);
    }
}
