//! `backup`: copies of everything that cannot be made again.

use std::process::ExitCode;

use camino::Utf8PathBuf;
use clap::{Parser, Subcommand};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use pypaas_config::Permission;
use pypaas_core::{AttemptKind, Layout};
use pypaas_linux::backup::{Backups, Restic, RestoredHost, unfinished};
use pypaas_linux::durable;
use serde::Serialize;

use super::redeploy::{Redeploy, redeploy};
use crate::arguments::{BranchesArguments, WaitArguments};
use crate::command::{self, Effect, Requirement};
use crate::failure::{FAILED, Failure};
use crate::format::{bytes, local};
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::key_files::KeyFiles;
use crate::table::{Cell, Table, terminal_width};
use crate::{keeper, terminal};

/// Back up this host, list its backups, try the newest, or restore a whole host; see `restore` for one branch
///
/// `backup` in pypaas.yml says where to. A backup has the repositories, data, databases, configuration, history, secrets, certificates
/// and keys of the host; it is encrypted. docs/backups.md says what is not in it.
#[derive(Debug, Parser)]
#[command(name = "backup")]
#[command(after_help = "Examples:\n  pypaas backup now\n  pypaas backup list\n  \
    pypaas backup check          restore the newest beside the apps and compare it\n  \
    pypaas backup restore-host --from sftp:backup@example.com:/srv/pypaas --password-file password")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a backup now
    Now {
        /// Print what would be backed up, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// List the backups of this host
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Restore the newest backup beside the apps, and look at everything in it
    Check,
    /// Restore everything of a host onto this one, which has no apps yet
    RestoreHost {
        /// restic's repository, as `to` in pypaas.yml
        #[arg(long)]
        from: String,
        /// A file with the password of the backups, a copy of `~/backup/password`
        #[arg(long)]
        password_file: Utf8PathBuf,
        /// A file with variables that restic needs, as `env_file` in pypaas.yml
        #[arg(long)]
        env_file: Option<Utf8PathBuf>,
        /// The host that was backed up, where the repository has backups of several
        #[arg(long)]
        host: Option<String>,
        /// The beginning of a backup's id, a day or a time [default: the newest]
        #[arg(long)]
        at: Option<String>,
    },
}

/// What `list --json` prints.
#[derive(Debug, Serialize)]
struct List {
    backups: Vec<Row>,
    /// When the next one is due.
    next_at: Option<Timestamp>,
    /// When the newest one was last restored for a trial.
    tried_at: Option<Timestamp>,
    /// Why the last backup failed.
    failed: Option<String>,
    /// Why the last trial failed.
    trial_failed: Option<String>,
}

#[derive(Debug, Serialize)]
struct Row {
    id: String,
    at: Timestamp,
    /// Whether everything was copied.
    complete: bool,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Admin);

    fn requirement(&self) -> Requirement {
        match self.action {
            Action::RestoreHost { .. } => Requirement::Host,
            _ => Requirement::Admin,
        }
    }

    fn effect(&self) -> Effect {
        match self.action {
            Action::List { .. } | Action::Now { dry_run: true } => Effect::None,
            _ => Effect::Change,
        }
    }

    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        if let Action::RestoreHost { from, password_file, env_file, host, at } = self.action {
            return restore_host(&from, password_file, env_file, [host, at], invocation);
        }
        let installation = Installation::load(invocation)?;
        let backups = of(&installation)?;
        match self.action {
            Action::Now { dry_run: true } => {
                for path in backups.paths() {
                    terminal::out(&format!("{path}\n"));
                }
            }
            Action::Now { .. } => {
                let made = backups.make(&mut note).map_err(|error| failed("the backup failed", error))?;
                keeper::wake(&installation);
                if !made.problems.is_empty() {
                    let fix = "everything else is in it; once that is fixed, run the command again";
                    return Err(Failure::new("the backup is incomplete", fix).because(made.problems));
                }
                let (all, added) = (bytes(made.bytes), bytes(made.added_bytes));
                terminal::out(&format!("backup {} has {all}; {added} are new\n", short(&made.snapshot)));
            }
            Action::Check => {
                let tried =
                    backups.try_newest(&mut note).map_err(|error| failed("the trial failed", error))?;
                terminal::out(&format!(
                    "the backup {} of {} can be restored\n",
                    short(&tried.id),
                    local(tried.time)
                ));
            }
            Action::List { json } => list(&backups, &installation, json)?,
            Action::RestoreHost { .. } => {}
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Returns the backups of the host, or says how to have some.
pub(super) fn of(installation: &Installation) -> Result<Backups<'_>, Failure> {
    Backups::of(&installation.platform).ok_or_else(|| {
        Failure::new(
            "no backup is configured",
            "write `backup: {to: /srv/backup}` into pypaas.yml; docs/backups.md has more",
        )
    })
}

/// Shows what is done now.
pub(super) fn note(line: &str) {
    terminal::err(&format!("{line}\n"));
}

pub(super) fn failed(what: &str, error: Box<dyn std::error::Error + Send + Sync>) -> Failure {
    Failure::new(what, "once that is fixed, run the command again").because([error.to_string()])
}

fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

fn list(backups: &Backups<'_>, installation: &Installation, json: bool) -> Result<(), Failure> {
    let snapshots = backups.list().map_err(|error| failed("the backups cannot be listed", error))?;
    let record = backups.record()?;
    let settings = installation.configuration().settings.backup.as_ref();
    let list = List {
        next_at: settings.and_then(|settings| record.due_at(&settings.schedule, &TimeZone::system())),
        tried_at: record.tried_at,
        failed: record.failed.map(|failed| failed.reason),
        trial_failed: record.trial_failed.map(|failed| failed.reason),
        backups: snapshots
            .into_iter()
            .map(|it| Row { complete: it.is_complete(), id: it.id, at: it.time })
            .collect(),
    };
    if json {
        terminal::json(&list)?;
        return Ok(());
    }
    if list.backups.is_empty() {
        terminal::out("there is no backup yet: `pypaas backup now` makes one\n");
    } else {
        let mut table = Table::new(["BACKUP", "MADE", ""]);
        for row in &list.backups {
            let lacks = if row.complete { "" } else { "incomplete" };
            table.row([Cell::name(short(&row.id)), local(row.at).into(), lacks.into()]);
        }
        terminal::out(&table.text(terminal_width(), |_| String::new()));
    }
    let time = |at: Option<Timestamp>| at.map(local).unwrap_or_else(|| "never".to_owned());
    terminal::out(&format!(
        "\nnext: {}\nlast restored for a trial: {}\n",
        time(list.next_at),
        time(list.tried_at)
    ));
    for (what, reason) in
        [("the last backup failed", list.failed), ("the last trial failed", list.trial_failed)]
    {
        if let Some(reason) = reason {
            terminal::err(&format!("warning: {what}: {reason}\n"));
        }
    }
    Ok(())
}

/// Restores all of a host, then its databases, then deploys what was live.
fn restore_host(
    from: &str,
    password_file: Utf8PathBuf,
    env_file: Option<Utf8PathBuf>,
    [host, at]: [Option<String>; 2],
    invocation: &Invocation,
) -> Result<ExitCode, Failure> {
    let fresh = Installation::load_without_secrets(invocation)?;
    let goes_on = unfinished(&fresh.platform.layout).exists();
    if !fresh.configuration().repos.is_empty() && !goes_on {
        return Err(Failure::new(
            "this host has apps already",
            "a whole host is restored onto a fresh one; `pypaas restore` restores one branch",
        ));
    }
    let layout: Layout = fresh.platform.layout.clone();
    let password = std::fs::read(&password_file).map_err(|error| {
        Failure::new(
            format!("cannot read `{password_file}`: {error}"),
            "it is a copy of `~/backup/password` of the host that was backed up",
        )
    })?;
    durable::create_directory(&layout.backup())?;
    durable::replace(&layout.backup_password(), &password, 0o600)?;
    let restic = Restic::new(from, layout.backup_password(), env_file, layout.backup().join("cache"));
    let restored = RestoredHost::restore(&restic, &layout, host.as_deref(), at.as_deref(), &mut note)
        .map_err(|error| failed("the host was not restored", error))?;
    if let Some(path) = &restored.set_aside {
        note(&format!("what was here before is in {path}"));
    }
    if Layout::key_files(layout.home()).is_dir() {
        KeyFiles::read()?.publish()?;
    }
    let installation = Installation::load(invocation)?;
    let problems = restored.load_stores(&installation.platform, &mut installation.host(), &mut note);
    for problem in &problems {
        terminal::err(&format!("error: {problem}\n"));
    }
    let (host, time) = (restored.snapshot.hostname.clone(), local(restored.snapshot.time));
    restored.finish().map_err(|error| failed("the restore did not end", error))?;
    note("building what was live");
    let all = BranchesArguments { repo: None, branch: None };
    let how = Redeploy { kind: AttemptKind::Rebuild, verb: "rebuilding", dry_run: false };
    let code = redeploy(&all, WaitArguments { lock_timeout: None }, &how, invocation)?;
    keeper::wake(&installation);
    terminal::out(&format!("restored {host} as it was at {time}\n"));
    Ok(if problems.is_empty() { code } else { ExitCode::from(FAILED) })
}
