//! Bare repositories and what is in them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::process::Command;
use std::time::Duration;

use camino::Utf8Path;
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::sec::Permission;
use pypaas_core::CommitId;
use pypaas_core::host::{Commit, Git, GitError};

use super::program::{self, Answer};
use super::umask::ReadableByAll;
use super::{LinuxHost, bare_repo, checkout};

/// How many characters of a commit's first line are kept.
const LONGEST_SUBJECT: usize = 100;

/// How large a file may be of which a plan reads the text, in bytes; a lock file of a large app has a few hundred thousand.
const LARGEST_READ: u64 = 4 << 20;

/// How long git may take to look through a branch's history.
const GIT_ANSWERS: Duration = Duration::from_secs(60);

/// The environment of a git that reads no configuration but the repository's own, and makes repositories in the formats that
/// pypaas reads. A `~/.gitconfig` may hide references, check objects, or choose other formats (`init.defaultObjectFormat`,
/// `init.defaultRefFormat`; they are the defaults of git 3.0).
pub const OWN_CONFIGURATION: [(&str, &str); 4] = [
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_DEFAULT_HASH", "sha1"),
    ("GIT_DEFAULT_REF_FORMAT", "files"),
];

/// What a failure has for a cause.
pub(super) type Cause = Box<dyn Error + Send + Sync>;

impl Git for LinuxHost {
    fn prepare_repo(&mut self, repo: &Utf8Path, hook: &str) -> Result<(), GitError> {
        bare_repo::prepare(repo, hook).map_err(failed("prepare the repository".to_owned(), repo))
    }

    fn branch_head(&mut self, repo: &Utf8Path, branch: &str) -> Result<Option<CommitId>, GitError> {
        branch_head(repo, branch).map_err(failed(format!("find the branch `{branch}`"), repo))
    }

    fn commit(&mut self, repo: &Utf8Path, commit: &CommitId, named: &[&str]) -> Result<Commit, GitError> {
        read_commit(repo, commit, named)
            .map_err(failed(format!("read the commit `{}`", commit.short()), repo))
    }

    fn check_out(
        &mut self,
        repo: &Utf8Path,
        commit: &CommitId,
        directory: &Utf8Path,
        output: &mut dyn FnMut(&[u8]),
    ) -> Result<(), GitError> {
        let _readable = ReadableByAll::begin();
        let checked_out = checkout::check_out(repo, commit, directory, self, output);
        checked_out.map_err(failed(format!("check out `{}`", commit.short()), repo))
    }
}

/// Opens a bare repository.
///
/// The user's and the machine's git configuration count, for they name filters such as LFS; the repository's own settings
/// overrule whatever else would change a checkout ([`bare_repo`]). Variables that git gave to a hook do not count.
pub(super) fn open(repo: &Utf8Path) -> Result<gix::Repository, gix::Error> {
    let mut permissions = gix::open::Permissions::all();
    permissions.config.env = false;
    permissions.env.git_prefix = Permission::Deny;
    permissions.env.objects = Permission::Deny;
    gix::open_opts(
        repo.as_std_path(),
        gix::open::Options::default().permissions(permissions).open_path_as_is(true),
    )
}

/// Returns the commit's id as gix has it.
pub(super) fn object_id(commit: &CommitId) -> Result<ObjectId, Cause> {
    Ok(ObjectId::from_hex(commit.as_str().as_bytes())?)
}

fn branch_head(repo: &Utf8Path, branch: &str) -> Result<Option<CommitId>, Cause> {
    if !bare_repo::is_there(repo) {
        return Ok(None);
    }
    let repo = open(repo)?;
    match repo.try_find_reference(&format!("refs/heads/{branch}"))? {
        Some(mut head) => Ok(Some(CommitId::new(head.peel_to_commit()?.id.to_string())?)),
        None => Ok(None),
    }
}

/// Finds a branch beside which git cannot make `branch`: with `a` there can be no `a/b`, nor the other way round.
pub fn branch_in_the_way(repo: &Utf8Path, branch: &str) -> Result<Option<String>, Cause> {
    let repo = open(repo)?;
    for head in repo.references()?.prefixed("refs/heads/")? {
        let name = head?.name().as_bstr().to_str_lossy().into_owned();
        let name = name.strip_prefix("refs/heads/").unwrap_or(&name);
        let is_above =
            |one: &str, other: &str| other.strip_prefix(one).is_some_and(|rest| rest.starts_with('/'));
        if is_above(name, branch) || is_above(branch, name) {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}

/// Returns whether `earlier` is in the history of `commit`.
pub fn comes_after(repo: &Utf8Path, commit: &CommitId, earlier: &CommitId) -> Result<bool, Cause> {
    let ids = [earlier.as_str(), commit.as_str()];
    let answer = ask_git(repo, &["merge-base", "--is-ancestor", ids[0], ids[1]])?;
    match answer.status.code() {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(answer.text.trim().to_owned().into()),
    }
}

/// What a pushed object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A commit.
    Commit,
    /// An annotated tag, by its name.
    Tag(String),
    /// A `tree` or a `blob`.
    Other(String),
}

/// Says what the object `id` is.
pub fn kind_of(repo: &Utf8Path, id: &CommitId) -> Result<Kind, Cause> {
    let repo = open(repo)?;
    let object = repo.find_object(object_id(id)?)?;
    Ok(match object.kind {
        gix::object::Kind::Commit => Kind::Commit,
        gix::object::Kind::Tag => Kind::Tag(object.into_tag().decode()?.name.to_string()),
        other => Kind::Other(other.to_string()),
    })
}

/// Moves `branch` from where it must be to another commit; none when that is git's zero id.
pub fn move_branch(repo: &Utf8Path, branch: &str, from: &CommitId, to: &CommitId) -> Result<(), Cause> {
    let reference = format!("refs/heads/{branch}");
    let answer = match to.is_zero() {
        true => ask_git(repo, &["update-ref", "-d", &reference, from.as_str()])?,
        false => ask_git(repo, &["update-ref", &reference, to.as_str(), from.as_str()])?,
    };
    if answer.status.success() { Ok(()) } else { Err(answer.text.trim().to_owned().into()) }
}

/// Makes a command of git that does not depend on the configuration of the user or the machine.
pub(super) fn own_command(words: &[&str]) -> io::Result<Command> {
    let mut command = program::command(words)?;
    command.envs(OWN_CONFIGURATION);
    Ok(command)
}

fn ask_git(repo: &Utf8Path, words: &[&str]) -> Result<Answer, Cause> {
    let directory = format!("--git-dir={repo}");
    let words: Vec<&str> = ["git", &directory].into_iter().chain(words.iter().copied()).collect();
    Ok(program::ask(own_command(&words)?, GIT_ANSWERS)?)
}

fn read_commit(repo: &Utf8Path, commit: &CommitId, named: &[&str]) -> Result<Commit, Cause> {
    let repo = open(repo)?;
    let commit = repo.find_commit(object_id(commit)?)?;
    let decoded = commit.decode()?;
    let first_line = decoded.message.trim().lines().next().unwrap_or_default();
    let subject = printable(&in_unicode(first_line, decoded.encoding.map(|name| name.as_bytes())));
    let (mut entries, mut files) = (Vec::new(), BTreeMap::new());
    for entry in commit.tree()?.iter() {
        let entry = entry?;
        let is_directory = entry.mode().is_tree() || entry.mode().is_commit();
        let name = entry.filename().to_str_lossy();
        if entry.mode().is_blob() && named.contains(&name.as_ref()) {
            let is_small = repo.find_header(entry.oid())?.size() <= LARGEST_READ;
            let text = is_small.then(|| repo.find_blob(entry.oid())).transpose()?;
            let text = text.and_then(|mut blob| String::from_utf8(blob.take_data()).ok());
            files.extend(text.map(|text| (name.to_string(), text)));
        }
        entries.push(format!("{name}{}", if is_directory { "/" } else { "" }));
    }
    entries.sort();
    Ok(Commit { subject, entries, files })
}

/// Decodes a message: as the commit says it is encoded, else as UTF-8, else as Latin-1, which editors without UTF-8 write.
fn in_unicode<'a>(text: &'a [u8], encoding: Option<&[u8]>) -> Cow<'a, str> {
    let said = encoding.and_then(Encoding::for_label);
    let encoding = said.unwrap_or(if str::from_utf8(text).is_ok() { UTF_8 } else { WINDOWS_1252 });
    encoding.decode_without_bom_handling(text).0
}

/// Cuts a subject short, and leaves nothing in it that a terminal would obey: it is the pusher's, and others read it.
fn printable(subject: &str) -> String {
    let mut printable: String = subject.chars().take(LONGEST_SUBJECT).collect();
    if printable.len() < subject.len() {
        printable.push('…');
    }
    printable.replace(char::is_control, "\u{fffd}")
}

fn failed(action: String, repo: &Utf8Path) -> impl FnOnce(Cause) -> GitError {
    move |source| GitError { action, repo: repo.to_owned(), source }
}
