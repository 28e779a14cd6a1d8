//! Effects: journalled, and failing or crashing where a test wants them to.

use std::io;

use camino::Utf8Path;

use super::MemoryHost;
use crate::{CheckoutName, Record, WebFileName, decode};

/// An effect that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// How its journal line begins.
    pub line: String,
    /// Why it fails.
    pub reason: String,
}

/// Something that goes wrong at one effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mishap {
    /// How much of the effect happens all the same.
    pub extent: Extent,
    /// Why the effect fails; `None`: the program is killed.
    pub reason: Option<String>,
}

/// How much of an effect happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// None of it.
    Nothing,
    /// A part: a torn file beside the old one, a checkout without some of its files, one service of two.
    Half,
    /// All of it, but nobody gets to know.
    Whole,
}

impl MemoryHost {
    /// Journals an effect and makes it happen with `change`, unless it is to go wrong.
    pub(super) fn effect(
        &mut self,
        line: String,
        change: impl FnOnce(&mut Self, Extent),
    ) -> Result<(), io::Error> {
        if self.has_crashed {
            return Err(crashed());
        }
        let number = self.effects;
        if self.web_server_starts_at == Some(number) {
            self.web_server_starts_at = None;
            if !self.files.contains_key(&self.layout.pending_switch()) {
                self.start_web_server();
            }
        }
        self.effects += 1;
        let fault = self.faults.iter().find(|fault| line.starts_with(&fault.line));
        let fault = fault.map(|it| Mishap { extent: Extent::Nothing, reason: Some(it.reason.clone()) });
        let Some(Mishap { extent, reason }) = self.mishaps.remove(&number).or(fault) else {
            self.journal.push(line);
            change(self, Extent::Whole);
            return Ok(());
        };
        if extent != Extent::Nothing {
            change(self, extent);
        }
        if extent == Extent::Whole {
            self.journal.push(line);
        }
        self.has_crashed = reason.is_none();
        let kind = match extent {
            Extent::Nothing => io::ErrorKind::PermissionDenied,
            Extent::Half => io::ErrorKind::StorageFull,
            Extent::Whole => io::ErrorKind::TimedOut,
        };
        Err(reason.map_or_else(crashed, |reason| io::Error::new(kind, reason)))
    }

    /// Says what writing `text` to `path` means, in the words of the step that does it.
    pub(super) fn words_for_file(&self, path: &Utf8Path, text: &str) -> String {
        if *path == self.layout.pending_switch() {
            return "note what nginx's files say now".to_owned();
        }
        if *path == self.layout.web_routes() {
            return "note where nginx's files send requests".to_owned();
        }
        match (self.as_web_file(path), self.as_record(path)) {
            (Some(file), _) => format!("write nginx's {file}"),
            (None, Some(branch)) => match serde_json::from_str::<Record>(text) {
                Ok(record) => format!("record of {branch}: {record}"),
                Err(error) => format!("record of {branch}: not a record: {error}"),
            },
            (None, None) => format!("write {path}"),
        }
    }

    /// Says what removing `path` means.
    pub(super) fn words_for_removal(&self, path: &Utf8Path) -> String {
        if *path == self.layout.pending_switch() {
            return "nginx serves what its files say".to_owned();
        }
        match (self.as_web_file(path), self.as_record(path), self.as_checkout(path)) {
            (Some(file), ..) => format!("remove nginx's {file}"),
            (_, Some(branch), _) => format!("forget the record of {branch}"),
            (.., Some(checkout)) => format!("remove the checkout {checkout}"),
            _ => format!("remove {path}"),
        }
    }

    /// Names the checkout in the directory `path`.
    pub(super) fn as_checkout(&self, path: &Utf8Path) -> Option<CheckoutName> {
        let rest = path.strip_prefix(self.layout.all_checkouts()).ok()?;
        let parts: Vec<&str> = rest.as_str().split('/').collect();
        let [_, _, name] = parts.as_slice() else { return None };
        CheckoutName::found(name)
    }

    fn as_web_file(&self, path: &Utf8Path) -> Option<WebFileName> {
        WebFileName::at(path.strip_prefix(self.layout.web()).ok()?.as_str())
    }

    /// Names the branch whose record `path` is, as `<repo> <branch>`.
    fn as_record(&self, path: &Utf8Path) -> Option<String> {
        let rest = path.strip_prefix(self.layout.state()).ok()?.as_str();
        let (repo, file) = rest.split_once('/')?;
        Some(format!("{} {}", decode(repo)?, decode(file.strip_suffix(".json")?)?))
    }
}

fn crashed() -> io::Error {
    io::Error::other("the program has crashed")
}
