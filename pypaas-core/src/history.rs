//! What was tried on a branch: every deploy, rebuild, restart and rollback, with its outcome.
//!
//! The record says what is; the history says what was. It lies in a file of its own, one line of JSON an attempt, so that
//! a deploy never waits for it and losing it loses nothing that serves.

use std::collections::BTreeSet;

use pypaas_config::BranchRef;

use crate::host::{FileError, Files, Mode};
use crate::{Attempt, Layout, Outcome, Record};

/// How many attempts are kept.
const KEPT: usize = 100;

/// How many more there may be before the file is written anew.
const SLACK: usize = 20;

/// How much of the file's end is read at first in search of the last attempt, in bytes; one has about a thousand.
const TAIL: u64 = 4 * 1024;

/// The history of one branch.
pub struct History<'a> {
    files: &'a mut dyn Files,
    layout: &'a Layout,
    branch: &'a BranchRef,
}

impl<'a> History<'a> {
    /// Finds the history of `branch`.
    pub fn new(files: &'a mut dyn Files, layout: &'a Layout, branch: &'a BranchRef) -> Self {
        Self { files, layout, branch }
    }

    /// Reads the attempts, oldest first. A line that cannot be understood, such as one that a power failure cut off, is
    /// left out.
    pub fn read(&mut self) -> Result<Vec<Attempt>, FileError> {
        let text = self.files.read_file(&self.layout.history(self.branch))?.unwrap_or_default();
        let mut attempts: Vec<Attempt> =
            text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        attempts.drain(..attempts.len().saturating_sub(KEPT));
        Ok(attempts)
    }

    /// Reads the attempts, and what `record` knows beside them: `apply` makes live what nobody asked for by name, and a
    /// history may be lost.
    pub fn read_with_record(&mut self, record: &Record) -> Result<Vec<Attempt>, FileError> {
        let mut attempts = self.read()?;
        for release in &record.releases {
            if !attempts.iter().any(|it| it.release == Some(release.release)) {
                attempts.push(Attempt::of(release, Outcome::Succeeded));
            }
        }
        attempts.sort_by_key(|it| it.at);
        Ok(attempts)
    }

    /// Reads the last attempt only, from the end of the file: the whole of it may be long.
    pub fn last(&mut self) -> Result<Option<Attempt>, FileError> {
        let path = self.layout.history(self.branch);
        let mut wanted = TAIL;
        loop {
            let Some(tail) = self.files.read_end(&path, wanted)? else { return Ok(None) };
            let last = tail.rsplit(|byte| *byte == b'\n').find_map(|line| serde_json::from_slice(line).ok());
            if last.is_some() || (tail.len() as u64) < wanted {
                return Ok(last);
            }
            wanted *= 8;
        }
    }

    /// Appends an attempt and returns it with the totals until now; the branch's lock is held. Of the oldest ones, and the
    /// configurations only they were tried with, the history is freed from time to time.
    pub fn append(&mut self, attempt: Attempt) -> Result<Attempt, FileError> {
        let path = self.layout.history(self.branch);
        let mut totals = self.last()?.map(|last| last.totals).unwrap_or_default();
        match attempt.outcome {
            Outcome::Succeeded => totals.succeeded += 1,
            Outcome::Refused => totals.refused += 1,
            Outcome::Abandoned => totals.abandoned += 1,
        }
        let attempt = Attempt { totals, ..attempt };
        // A line that was cut off must not take this one with it.
        let end = self.files.read_end(&path, 1)?.unwrap_or_default();
        let torn = end.last().is_some_and(|last| *last != b'\n');
        let line = format!("{}{}\n", if torn { "\n" } else { "" }, self.line(&attempt)?);
        self.files.append_to_file(&path, &line)?;
        if self.files.read_file(&path)?.unwrap_or_default().lines().count() > KEPT + SLACK {
            self.prune()?;
        }
        Ok(attempt)
    }

    /// Keeps the configuration `text` by its `hash`, to be compared later.
    pub fn keep_configuration(&mut self, hash: &str, text: &str) -> Result<(), FileError> {
        let path = self.layout.configurations(self.branch).join(hash);
        match self.files.read_file(&path)? {
            Some(_) => Ok(()),
            None => self.files.replace_file(&path, text, Mode::Private),
        }
    }

    fn prune(&mut self) -> Result<(), FileError> {
        let attempts = self.read()?;
        let lines: Result<Vec<String>, FileError> =
            attempts.iter().map(|attempt| self.line(attempt)).collect();
        let text = lines?.join("\n") + "\n";
        self.files.replace_file(&self.layout.history(self.branch), &text, Mode::Private)?;
        let used: BTreeSet<&String> = attempts.iter().filter_map(|it| it.configuration.as_ref()).collect();
        let directory = self.layout.configurations(self.branch);
        for name in self.files.list_directory(&directory)?.iter().filter(|name| !used.contains(name)) {
            self.files.remove_file(&directory.join(name))?;
        }
        Ok(())
    }

    fn line(&self, attempt: &Attempt) -> Result<String, FileError> {
        serde_json::to_string(attempt).map_err(|error| FileError {
            action: "write",
            path: self.layout.history(self.branch),
            source: error.into(),
        })
    }
}
