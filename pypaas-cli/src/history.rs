//! What was tried on a branch: every deploy, rebuild, restart and rollback, with its outcome.
//!
//! The record says what is; the history says what was. It lies in a file of its own, one line of JSON an attempt, so that
//! a deploy never waits for it and losing it loses nothing that serves.

pub(crate) mod configurations;

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;

use jiff::Timestamp;
use pypaas_config::BranchRef;
use pypaas_core::{CheckoutName, CommitId, Layout, Phase, Record, Release};
use serde::{Deserialize, Serialize};

use pypaas_linux::durable;

/// How many attempts are kept.
const KEPT: usize = 100;

/// How many more there may be before the file is written anew.
const SLACK: usize = 20;

/// How much of the file's end is read at first in search of the last attempt, in bytes; one has about a thousand.
const TAIL: u64 = 4 * 1024;

/// One attempt to make something live.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// What was asked for.
    pub(crate) kind: Kind,
    /// The number it has as a release; `None` when it never went live.
    pub(crate) release: Option<u64>,
    /// The release that it put back, for a rollback.
    pub(crate) restored: Option<u64>,
    /// The commit.
    pub(crate) commit: CommitId,
    /// The first line of its message.
    pub(crate) subject: String,
    /// Whose key asked.
    pub(crate) by: String,
    /// From which address; `None` for a command on the host itself.
    pub(crate) from: Option<String>,
    /// When it began.
    pub(crate) at: Timestamp,
    /// How long all of it took.
    pub(crate) seconds: f64,
    /// How long each part took.
    pub(crate) sections: Vec<Section>,
    /// The hash of the configuration it was tried with.
    pub(crate) configuration: Option<String>,
    /// Its checkout.
    pub(crate) checkout: Option<CheckoutName>,
    /// The builder that was chosen for it.
    pub(crate) builder: Option<String>,
    /// The name of the file that holds what it printed.
    pub(crate) log: Option<String>,
    /// Why it did not go live: the error and its causes.
    pub(crate) reason: Option<String>,
    /// How many attempts there were until now, this one included.
    #[serde(default)]
    pub(crate) totals: Totals,
}

/// Counts that outlive the attempts that are forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
    /// Those that went live.
    pub(crate) succeeded: u64,
    /// Those that were refused.
    pub(crate) refused: u64,
    /// Those that were abandoned.
    pub(crate) abandoned: u64,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It went live.
    Succeeded,
    /// Something was wrong with it; what was live before stayed.
    Refused,
    /// Whoever asked went away, or it was killed.
    Abandoned,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A push.
    Push,
    /// The live commit, built again.
    Rebuild,
    /// The live checkout, in new processes.
    Restart,
    /// An earlier release.
    Rollback,
    /// What had been stopped.
    Start,
    /// The live checkout, with another secret.
    Secret,
    /// The live checkout, as it is configured now.
    Apply,
}

/// A part of an attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Section {
    /// What pushers read.
    pub(crate) title: String,
    /// What its time counts to.
    pub(crate) phase: Phase,
    /// How long it took.
    pub(crate) seconds: f64,
}

impl Attempt {
    /// Says what is known of a release that the history does not know.
    fn of_release(release: &Release) -> Self {
        Self {
            outcome: Outcome::Succeeded,
            kind: Kind::Apply,
            release: Some(release.number),
            restored: None,
            commit: release.commit.clone(),
            subject: release.subject.clone(),
            by: release.by.clone(),
            from: None,
            at: release.at,
            seconds: 0.0,
            sections: Vec::new(),
            configuration: None,
            checkout: None,
            builder: None,
            log: None,
            reason: None,
            totals: Totals::default(),
        }
    }
}

impl Outcome {
    /// Returns its word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Refused => "refused",
            Self::Abandoned => "abandoned",
        }
    }
}

impl Kind {
    /// Returns its word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Rebuild => "rebuild",
            Self::Restart => "restart",
            Self::Rollback => "rollback",
            Self::Start => "start",
            Self::Secret => "secret",
            Self::Apply => "apply",
        }
    }
}

/// Reads the attempts of `branch`, oldest first. A line that says nothing known, such as one that a power failure cut off,
/// is left out.
pub(crate) fn read(layout: &Layout, branch: &BranchRef) -> io::Result<Vec<Attempt>> {
    let text = match fs::read_to_string(layout.history(branch)) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        text => text?,
    };
    let mut attempts: Vec<Attempt> =
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    attempts.drain(..attempts.len().saturating_sub(KEPT));
    Ok(attempts)
}

/// Reads the attempts of `branch`, and what its record knows beside them: `apply` makes live what nobody asked for by
/// name.
pub(crate) fn read_with_record(
    layout: &Layout,
    branch: &BranchRef,
    record: &Record,
) -> io::Result<Vec<Attempt>> {
    let mut attempts = read(layout, branch)?;
    for release in &record.releases {
        if !attempts.iter().any(|it| it.release == Some(release.number)) {
            attempts.push(Attempt::of_release(release));
        }
    }
    attempts.sort_by_key(|it| it.at);
    Ok(attempts)
}

/// Reads the last attempt only, from the end of the file: the whole of it may be long.
pub(crate) fn last(layout: &Layout, branch: &BranchRef) -> io::Result<Option<Attempt>> {
    let mut file = match fs::File::open(layout.history(branch)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let length = file.metadata()?.len();
    let mut wanted = TAIL;
    loop {
        file.seek(SeekFrom::Start(length.saturating_sub(wanted)))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        let last = tail.rsplit(|byte| *byte == b'\n').find_map(|line| serde_json::from_slice(line).ok());
        if last.is_some() || wanted >= length {
            return Ok(last);
        }
        wanted *= 8;
    }
}

/// Appends an attempt and returns it with the totals until now; the branch's lock is held. Of the oldest ones, and the
/// configurations only they were tried with, the history is freed from time to time.
pub(crate) fn append(layout: &Layout, branch: &BranchRef, attempt: &Attempt) -> io::Result<Attempt> {
    let path = layout.history(branch);
    durable::create_directory(durable::directory_of(&path))?;
    let mut totals = read(layout, branch)?.last().map(|last| last.totals).unwrap_or_default();
    match attempt.outcome {
        Outcome::Succeeded => totals.succeeded += 1,
        Outcome::Refused => totals.refused += 1,
        Outcome::Abandoned => totals.abandoned += 1,
    }
    let attempt = Attempt { totals, ..attempt.clone() };
    let line = serde_json::to_string(&attempt)? + "\n";
    let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path)?;
    // A line that was cut off must not take this one with it.
    let torn = fs::read(&path)?.last().is_some_and(|last| *last != b'\n');
    file.write_all(format!("{}{line}", if torn { "\n" } else { "" }).as_bytes())?;
    file.sync_data()?;
    if fs::read_to_string(&path)?.lines().count() > KEPT + SLACK {
        prune(layout, branch)?;
    }
    Ok(attempt)
}

fn prune(layout: &Layout, branch: &BranchRef) -> io::Result<()> {
    let attempts = read(layout, branch)?;
    let lines: Result<Vec<String>, _> = attempts.iter().map(serde_json::to_string).collect();
    durable::replace(&layout.history(branch), (lines?.join("\n") + "\n").as_bytes(), 0o600)?;
    let used: BTreeSet<&String> = attempts.iter().filter_map(|it| it.configuration.as_ref()).collect();
    for entry in layout.configurations(branch).read_dir_utf8()? {
        let entry = entry?;
        if !used.contains(&entry.file_name().to_owned()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use pypaas_config::{BranchName, RepoName, SourceFile};

    use super::*;

    fn branch() -> BranchRef {
        BranchRef { repo: RepoName::new("shop").unwrap(), branch: BranchName::new("main").unwrap() }
    }

    #[test]
    fn the_history_is_bounded_and_survives_a_torn_line() {
        let home = tempfile::tempdir().unwrap();
        let settings = SourceFile { path: "pypaas.yml".into(), text: "ports: {min: 1, max: 2}".into() };
        let loaded = pypaas_config::load(&[settings], &[]);
        let settings = loaded.configuration.unwrap().settings;
        let layout = Layout::new(camino::Utf8Path::from_path(home.path()).unwrap(), &settings);
        let hash = configurations::keep(&layout, &branch(), "env.A = x\n").unwrap();
        let attempt = |release| Attempt {
            outcome: Outcome::Succeeded,
            kind: Kind::Push,
            release: Some(release),
            restored: None,
            commit: CommitId::new("3f2a".repeat(10)).unwrap(),
            subject: "Add it".to_owned(),
            by: "laptop".to_owned(),
            from: None,
            at: Timestamp::UNIX_EPOCH,
            seconds: 0.5,
            sections: Vec::new(),
            configuration: Some(if release == 1 { "gone".to_owned() } else { hash.clone() }),
            checkout: None,
            builder: None,
            log: None,
            reason: None,
            totals: Totals::default(),
        };
        fs::write(layout.configurations(&branch()).join("gone"), "").unwrap();
        append(&layout, &branch(), &attempt(1)).unwrap();
        OpenOptions::new()
            .append(true)
            .open(layout.history(&branch()))
            .unwrap()
            .write_all(b"{\"outc")
            .unwrap();
        append(&layout, &branch(), &attempt(2)).unwrap();
        let releases =
            |attempts: Vec<Attempt>| attempts.iter().filter_map(|it| it.release).collect::<Vec<_>>();
        assert_eq!(releases(read(&layout, &branch()).unwrap()), [1, 2]);

        for release in 3..=130 {
            append(&layout, &branch(), &attempt(release)).unwrap();
        }

        assert_eq!(releases(read(&layout, &branch()).unwrap()), (31..=130).collect::<Vec<_>>());
        let latest = last(&layout, &branch()).unwrap().unwrap();
        assert_eq!((latest.release, latest.totals.succeeded), (Some(130), 130));
        let lines = fs::read_to_string(layout.history(&branch())).unwrap().lines().count();
        assert!((KEPT..=KEPT + SLACK).contains(&lines), "{lines}");
        let kept = |hash: &str| layout.configurations(&branch()).join(hash).exists();
        assert!(kept(&hash) && !kept("gone"));

        // However long its reason is, the last one is found.
        for bytes in [TAIL, 10 * TAIL] {
            let reason = Some("x".repeat(bytes as usize));
            append(&layout, &branch(), &Attempt { reason: reason.clone(), ..attempt(131) }).unwrap();
            assert_eq!(last(&layout, &branch()).unwrap().unwrap().reason, reason);
        }
    }
}
