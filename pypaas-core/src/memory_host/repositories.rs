//! Repositories in memory, and the shell that runs in their checkouts.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::{Extent, MemoryHost, Repository};
use crate::CommitId;
use crate::host::{CommandError, Commit, Git, GitError, Shell, ShellCommand};

impl MemoryHost {
    /// Puts a commit into a repository, as a push does before its hook runs.
    pub fn receive(&mut self, repo: Utf8PathBuf, id: CommitId, commit: Commit) {
        self.repositories.entry(repo).or_default().commits.insert(id, commit);
    }
}

impl Git for MemoryHost {
    fn prepare_repo(&mut self, repo: &Utf8Path, hook: &str) -> Result<(), GitError> {
        let words = format!("prepare the repository {}", repo.file_name().unwrap_or_default());
        let prepare = |host: &mut Self, extent| {
            let found: &mut Repository = host.repositories.entry(repo.to_owned()).or_default();
            if extent == Extent::Whole {
                found.hook = hook.to_owned();
            }
        };
        self.effect(words, prepare).map_err(|source| error("prepare it", repo, source))
    }

    fn branch_head(&mut self, repo: &Utf8Path, branch: &str) -> Result<Option<CommitId>, GitError> {
        Ok(self.repositories.get(repo).and_then(|found| found.heads.get(branch)).cloned())
    }

    fn commit(&mut self, repo: &Utf8Path, commit: &CommitId, named: &[&str]) -> Result<Commit, GitError> {
        let found = self.repositories.get(repo).and_then(|found| found.commits.get(commit)).cloned();
        let mut found = found.ok_or_else(|| error("read a commit", repo, "no such commit"))?;
        found.files.retain(|name, _| named.contains(&name.as_str()));
        Ok(found)
    }

    fn check_out(
        &mut self,
        repo: &Utf8Path,
        commit: &CommitId,
        directory: &Utf8Path,
        _: &mut dyn FnMut(&[u8]),
    ) -> Result<(), GitError> {
        Git::commit(self, repo, commit, &[])?;
        if self.directories.contains(directory) {
            return Err(error("check out", repo, "the directory is there already"));
        }
        let name =
            self.as_checkout(directory).map(|name| name.to_string()).unwrap_or_else(|| directory.to_string());
        let words = format!("check out {} into {name}", commit.short());
        let write = |host: &mut Self, _| {
            host.directories.insert(directory.to_owned());
        };
        self.effect(words, write).map_err(|source| error("check out", repo, source))
    }
}

impl Shell for MemoryHost {
    fn run_command(&mut self, command: &ShellCommand, _: &mut dyn FnMut(&[u8])) -> Result<(), CommandError> {
        let line = command.line.clone();
        if !self.directories.contains(&command.directory) {
            let source = std::io::Error::other("there is no such directory");
            return Err(CommandError::NotStarted { line, source });
        }
        if let Some(reason) = self.leaves.clone() {
            return Err(CommandError::Stopped { line, reason });
        }
        if line.starts_with("command -v ") {
            return Ok(());
        }
        let run = |host: &mut Self, _| host.commands.push(command.clone());
        let Err(source) = self.effect(format!("run `{line}`"), run) else { return Ok(()) };
        if self.has_crashed {
            self.running_commands.insert(command.directory.clone());
        }
        Err(match source.kind() {
            io::ErrorKind::StorageFull => CommandError::Failed { line, status: 1, source: None },
            io::ErrorKind::TimedOut => CommandError::Killed { line, signal: 9 },
            _ => CommandError::NotStarted { line, source },
        })
    }

    fn notify(
        &mut self,
        command: &ShellCommand,
        notification: &str,
        _: &mut dyn FnMut(&[u8]),
    ) -> Result<(), CommandError> {
        let line = command.line.clone();
        let run = |host: &mut Self, _| host.notifications.push((line.clone(), notification.to_owned()));
        self.effect(format!("notify `{line}`"), run)
            .map_err(|source| CommandError::NotStarted { line: command.line.clone(), source })
    }

    fn end_commands(&mut self, directory: &Utf8Path) -> Result<(), CommandError> {
        let name = self.as_checkout(directory).map_or_else(|| directory.to_string(), |name| name.to_string());
        let end = |host: &mut Self, extent| {
            if extent == Extent::Whole {
                host.running_commands.remove(directory);
            }
        };
        self.effect(format!("end what is left of the commands of {name}"), end)
            .map_err(|source| CommandError::NotEnded { directory: directory.to_owned(), source })
    }
}

fn error(
    action: &str,
    repo: &Utf8Path,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> GitError {
    GitError { action: action.to_owned(), repo: repo.to_owned(), source: source.into() }
}
