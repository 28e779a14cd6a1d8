//! restic, which keeps the backups: <https://restic.readthedocs.io>.

use std::ffi::OsStr;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use pypaas_config::Keep;
use pypaas_core::SucceededBackup;
use serde::Deserialize;

use super::Failure;
use super::contents::Contents;
use super::no_links::{sftp_command, without_links};
use super::snapshot::{INCOMPLETE_TAG, Snapshot, TAG};
use crate::program;

/// How long one command may take: a first backup over a slow line takes many hours.
const LONGEST: Duration = Duration::from_secs(48 * 60 * 60);

/// How long a repository may be locked by another host, and how long to wait before it is tried again.
const PATIENCE: Duration = Duration::from_secs(60 * 60);
const AGAIN: Duration = Duration::from_secs(10);

/// What restic says of a repository that another process uses.
const LOCKED: &str = "already locked";

/// The exit status of a backup that could not read everything.
const INCOMPLETE: i32 = 3;

/// A repository of restic's, and what opens it.
#[derive(Debug, Clone)]
pub struct Restic {
    repository: String,
    password: Utf8PathBuf,
    env_file: Option<Utf8PathBuf>,
    cache: Utf8PathBuf,
}

/// A line of `restic backup --json`.
#[derive(Debug, Deserialize)]
#[serde(tag = "message_type", rename_all = "lowercase")]
enum Message {
    Summary {
        snapshot_id: String,
        total_bytes_processed: u64,
        data_added: u64,
    },
    Error {
        item: Utf8PathBuf,
    },
    #[serde(other)]
    Other,
}

impl Restic {
    /// Opens `repository` with the password in the file `password`. `env_file` has variables that restic needs; `cache` is where it
    /// keeps what it need not read again.
    pub fn new(
        repository: &str,
        password: Utf8PathBuf,
        env_file: Option<Utf8PathBuf>,
        cache: Utf8PathBuf,
    ) -> Self {
        Self { repository: repository.to_owned(), password, env_file, cache }
    }

    /// Makes the repository if it is not there yet, and `was_used` says that it never was.
    pub(super) fn prepare(&self, was_used: bool, note: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        let Err(unusable) = self.run(&["cat", "--no-lock", "config"]) else {
            // What a backup that was killed has left: restic removes only locks of processes that are gone.
            return self.run(&["unlock"]).map(drop);
        };
        if was_used {
            // A place that is not mounted looks like one that was never used.
            return Err(format!(
                "the repository {}, which the last backup is in, cannot be read: {unusable}",
                self.repository
            )
            .into());
        }
        match self.run(&["init"]) {
            Ok(_) => {
                note(&format!("made the repository {}", self.repository));
                Ok(())
            }
            // It is there, and cannot be opened.
            Err(_) if unusable.to_string().contains("wrong password") => Err(format!(
                "the repository {} was made with another password than that in {}",
                self.repository, self.password
            )
            .into()),
            Err(error) => Err(format!("cannot use the repository {}: {error}", self.repository).into()),
        }
    }

    /// Makes a backup of the host `host`. A file that was removed meanwhile is no problem; one that cannot be read is one of those
    /// of the backup, which lacks what `contents` has problems with, too.
    pub(super) fn backup(&self, contents: &Contents, host: &str) -> Result<SucceededBackup, Failure> {
        let tag = if contents.problems.is_empty() { TAG } else { INCOMPLETE_TAG };
        let mut words = vec!["restic", "backup", "--json", "--tag", tag, "--host", host];
        words.extend(["--exclude-file", contents.excluded.as_str()]);
        let ssh = sftp_command(&self.repository, &contents.home);
        let ssh = ssh.map(|command| format!("sftp.command={command}"));
        words.extend(ssh.iter().flat_map(|option| ["-o", option]));
        words.push("--");
        words.extend(contents.paths.iter().map(|path| path.as_str()));
        let command = self.prepared(&without_links(&contents.home.join("data"), &words))?;
        let answer = program::ask(command, LONGEST)?;
        let messages: Vec<Message> =
            answer.text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let is_complete = answer.status.success() || answer.status.code() == Some(INCOMPLETE);
        let mut problems = contents.problems.clone();
        let unread = messages.iter().filter_map(|message| match message {
            Message::Error { item } if item.symlink_metadata().is_ok() => Some(item),
            _ => None,
        });
        problems.extend(unread.map(|item| format!("`{item}` could not be read")));
        let made = messages.into_iter().find_map(|message| match message {
            Message::Summary { snapshot_id, total_bytes_processed, data_added } => Some(SucceededBackup {
                at: Timestamp::now(),
                to: self.repository.clone(),
                snapshot: snapshot_id,
                bytes: total_bytes_processed,
                added_bytes: data_added,
                problems: problems.clone(),
            }),
            _ => None,
        });
        let made = made.filter(|_| is_complete).ok_or_else(|| reason(&answer.text))?;
        if tag == TAG && !problems.is_empty() {
            self.run(&["tag", "--set", INCOMPLETE_TAG, &made.snapshot])?;
        }
        Ok(made)
    }

    /// Removes the backups of `host` that are not to be kept, and what only they need. One that lacks something takes the place of no
    /// other: the newest of those is kept beside.
    pub(super) fn forget(&self, keep: Keep, host: &str) -> Result<(), Failure> {
        let [daily, weekly, monthly] = [keep.daily, keep.weekly, keep.monthly].map(|count| count.to_string());
        let newest = ["--keep-last", "1"];
        let kept = ["--keep-daily", &daily, "--keep-weekly", &weekly, "--keep-monthly", &monthly];
        let common = ["--host", host, "--group-by", "host"];
        self.run_when_free(&[&["forget", "--tag", INCOMPLETE_TAG][..], &common, &newest].concat())?;
        self.run_when_free(&[&["forget", "--prune", "--tag", TAG][..], &common, &newest, &kept].concat())
    }

    /// Runs a command that needs the repository for itself.
    fn run_when_free(&self, words: &[&str]) -> Result<(), Failure> {
        let began = Instant::now();
        loop {
            match self.run(words) {
                // Another host uses the repository.
                Err(error) if error.to_string().contains(LOCKED) && began.elapsed() < PATIENCE => {
                    thread::sleep(AGAIN);
                }
                ended => return ended.map(drop),
            }
        }
    }

    /// Lists the backups of `host`, or of all hosts; the oldest first.
    pub fn snapshots(&self, host: Option<&str>) -> Result<Vec<Snapshot>, Failure> {
        let mut words = vec!["snapshots", "--no-lock", "--json", "--tag", TAG, "--tag", INCOMPLETE_TAG];
        words.extend(host.map(|host| ["--host", host]).into_iter().flatten());
        let text = self.run(&words)?;
        let list = text.lines().find(|line| line.starts_with(['[', 'n'])).unwrap_or("[]");
        let snapshots: Option<Vec<Snapshot>> = serde_json::from_str(list)?;
        let mut snapshots = snapshots.unwrap_or_default();
        snapshots.sort_by_key(|snapshot| snapshot.time);
        Ok(snapshots)
    }

    /// Checks that everything in the repository is there and fits together.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.run(&["check", "--no-lock"]).map(drop)
    }

    /// Restores what is below `paths` of a backup into `target`, and compares what it has written with the backup.
    pub(super) fn restore(
        &self,
        snapshot: &Snapshot,
        paths: &[Utf8PathBuf],
        target: &Utf8Path,
    ) -> Result<(), Failure> {
        let mut words =
            vec!["restore", "--no-lock", snapshot.id.as_str(), "--verify", "--target", target.as_str()];
        let patterns: Vec<String> = paths.iter().map(|path| pattern(path)).collect();
        words.extend(patterns.iter().flat_map(|path| ["--include", path]));
        self.run(&words).map(drop)
    }

    /// Returns the contents of one file of a backup.
    pub(super) fn read(&self, snapshot: &Snapshot, path: &Utf8Path) -> Result<Vec<u8>, Failure> {
        let output = self.command(&["dump", "--no-lock", &snapshot.id, path.as_str()])?.output()?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(reason(&String::from_utf8_lossy(&output.stderr)).into()),
        }
    }

    fn run(&self, words: &[&str]) -> Result<String, Failure> {
        let answer = program::ask(self.command(words)?, LONGEST)?;
        if answer.status.success() { Ok(answer.text) } else { Err(reason(&answer.text).into()) }
    }

    fn command(&self, words: &[&str]) -> Result<Command, Failure> {
        self.prepared(&[&["restic"], words].concat())
    }

    /// Makes a command of `words`, whose environment names the repository and what opens it.
    fn prepared(&self, words: &[impl AsRef<OsStr>]) -> Result<Command, Failure> {
        let mut command =
            program::command(words).map_err(|error| format!("{error}: `apt install restic`"))?;
        command.env("RESTIC_REPOSITORY", &self.repository).env("RESTIC_PASSWORD_FILE", &self.password);
        command.env("RESTIC_CACHE_DIR", &self.cache);
        if let Some(path) = &self.env_file {
            let text = fs::read_to_string(path).map_err(|error| format!("cannot read `{path}`: {error}"))?;
            command.envs(variables(&text));
        }
        Ok(command)
    }
}

/// Reads lines such as `NAME=value`; blank lines and those that begin with `#` say nothing.
fn variables(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.trim_start_matches("export ").split_once('='));
    let unquoted = |value: &str| value.trim_matches(['"', '\'']).to_owned();
    pairs.map(|(name, value)| (name.trim().to_owned(), unquoted(value.trim()))).collect()
}

/// Says what restic said last, on one line.
fn reason(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('{'));
    let said: Vec<&str> = lines.collect();
    let fatal = said.iter().find_map(|line| line.strip_prefix("Fatal: "));
    let locked = said.iter().find(|line| line.contains(LOCKED)).copied();
    fatal.or(locked).or(said.last().copied()).unwrap_or("restic failed and said nothing").to_owned()
}

/// Writes a path as a pattern that fits it alone: restic's are those of Go's `filepath.Match`.
pub(super) fn pattern(path: &Utf8Path) -> String {
    let mut pattern = String::new();
    for c in path.as_str().chars() {
        if matches!(c, '*' | '?' | '[' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// Returns the name under which this host's backups are kept.
pub(super) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_restic_says_is_read() {
        assert_eq!(
            reason("{\"a\":1}\nsubprocess\nFatal: wrong password or no key found\n"),
            "wrong password or no key found"
        );
        let locked = "unable to create lock in backend: repository is already locked by PID 7 on b\nlock was created at 3\n\
                      the `unlock` command can be used to remove stale locks\n";
        assert!(reason(locked).starts_with("unable to create lock"));
        assert_eq!(pattern("/a/b*[c]".into()), "/a/b\\*\\[c]");
        let read = variables("# S3\nexport AWS_ACCESS_KEY_ID='a b'\n\nAWS_SECRET_ACCESS_KEY=c=d\n");
        let expected = [("AWS_ACCESS_KEY_ID", "a b"), ("AWS_SECRET_ACCESS_KEY", "c=d")];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
