//! Bare repositories that are pushed to.

use std::process::Command;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::durable;
use super::git::{self, Cause};
use super::program;

/// How long making an empty repository, or setting one value, may take.
const LONGEST: Duration = Duration::from_secs(30);

/// The file of pypaas's settings, in the repository; its own `config` includes it, so an admin may overrule them there.
const SETTINGS_FILE: &str = "pypaas.config";

/// pypaas's settings.
///
/// - `advertiseAtomic`: with `git push --atomic` one branch would be deployed and then refused because of another.
/// - `denyDeletes`, `denyDeleteCurrent`, `denyNonFastForwards`: pypaas's hook answers, and says what to do instead;
///   an older commit may be pushed.
/// - `shallowUpdate`: a repository that took a shallow clone's half history could not go back to an older commit for good:
///   git refuses that push then (`missing necessary objects`, git 2.39). So git refuses the shallow one, before its hook.
/// - `hooksPath`: the user's or the machine's own setting would put other hooks in the place of pypaas's.
/// - `fsync`: a branch never names a commit that a power failure took away.
/// - `logAllRefUpdates`: a commit that was deployed once can be deployed again after a forced push.
/// - `autocrlf`, `attributesFile`, `symlinks`, `fileMode`, `ignoreCase`, `sparseCheckout`, `recurse`: a checkout is what was
///   committed, whatever the user's or the machine's own settings would make of it.
/// - `fsmonitor`, `splitIndex`: no daemon stays, and an index is one file.
/// - `gc`: what refused pushes leave behind is packed early and deleted after a day.
///
/// `transfer.fsckObjects` stays off: it refuses old histories with harmless defects, and a checkout checks names itself.
const SETTINGS: &str = "\
[receive]
	advertiseAtomic = false
	denyDeletes = false
	denyDeleteCurrent = ignore
	denyNonFastForwards = false
	shallowUpdate = false
[core]
	hooksPath = hooks
	fsync = committed
	fsyncMethod = batch
	logAllRefUpdates = true
	autocrlf = false
	attributesFile = /dev/null
	symlinks = true
	fileMode = true
	ignoreCase = false
	sparseCheckout = false
	fsmonitor = false
	splitIndex = false
[submodule]
	recurse = false
[fetch]
	recurseSubmodules = false
[gc]
	auto = 2000
	autoPackLimit = 20
	pruneExpire = 1.day.ago
";

/// Returns the file git holds while it moves `branch`.
pub fn branch_lock(repo: &Utf8Path, branch: &str) -> Utf8PathBuf {
    repo.join(format!("refs/heads/{branch}.lock"))
}

/// Makes the repository with its `update` hook, or brings it up to date. Files that are right are left alone.
pub(super) fn prepare(repo: &Utf8Path, hook: &str) -> Result<(), Cause> {
    make(repo)?;
    durable::replace_if_different(&repo.join("hooks/update"), hook.as_bytes(), 0o755)?;
    Ok(())
}

/// Makes an empty repository, if there is none, and sees to its settings.
pub(super) fn make(repo: &Utf8Path) -> Result<(), Cause> {
    initialize(repo)?;
    durable::replace_if_different(&repo.join(SETTINGS_FILE), SETTINGS.as_bytes(), 0o644)?;
    let config = repo.join("config");
    if !std::fs::read_to_string(&config)?.contains(SETTINGS_FILE) {
        succeed(git::own_command(&[
            "git",
            "config",
            "--file",
            config.as_str(),
            "include.path",
            SETTINGS_FILE,
        ])?)?;
    }
    Ok(())
}

fn initialize(repo: &Utf8Path) -> Result<(), Cause> {
    if is_there(repo) {
        return Ok(());
    }
    durable::create_directory(repo)?;
    succeed(git::own_command(&["git", "init", "--quiet", "--bare", "--template=", repo.as_str()])?)
}

/// Returns whether there is a repository: git writes `config` last when it makes one.
pub(super) fn is_there(repo: &Utf8Path) -> bool {
    ["HEAD", "config", "objects", "refs"].iter().all(|part| repo.join(part).exists())
}

/// Runs git; what it prints is the error when it fails.
pub(super) fn succeed(command: Command) -> Result<(), Cause> {
    let answer = program::ask(command, LONGEST)?;
    if answer.status.success() { Ok(()) } else { Err(answer.text.trim().to_owned().into()) }
}
