//! `remove`: the end of an app.

use std::collections::BTreeSet;
use std::process::ExitCode;

use camino::{Utf8Path, Utf8PathBuf};
use clap::Parser;
use pypaas_config::{Domain, DomainName, EntryLines, Permission, RepoName};
use pypaas_core::host::Host;
use pypaas_core::{ApplyFailure, Engine};

use super::apply;
use crate::arguments::WaitArguments;
use crate::command::{self, Effect, Requirement};
use crate::configuration_change::ConfigurationChange;
use crate::console_reporter::ConsoleReporter;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::repo_databases::RepoDatabases;
use crate::{keeper, terminal};

/// Remove an app: its processes, routes, checkouts and configuration files
///
/// Its git repository, data, databases, secrets, history and caches stay, unless `--with-data` says otherwise. A domain file that
/// also routes to another repo is not rewritten: the output says what to edit, and nothing is removed.
#[derive(Debug, Parser)]
#[command(name = "remove")]
#[command(
    after_help = "Examples:\n  pypaas remove shop --dry-run     what would be removed, and what stays\n  \
    pypaas remove shop\n  pypaas remove shop --with-data   also what cannot be made again; later works, too"
)]
pub(crate) struct Arguments {
    /// The name of the repo
    repo: String,
    /// Also remove its git repository, data, databases, secrets, history and caches
    #[arg(long)]
    with_data: bool,
    #[command(flatten)]
    wait: WaitArguments,
    /// Print the plan and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Admin);

    fn requirement(&self) -> Requirement {
        Requirement::Admin
    }

    fn effect(&self) -> Effect {
        if self.dry_run { Effect::None } else { Effect::Change }
    }

    /// Removes the configuration files first: whatever happens then, the same command or `apply` goes on.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?.waiting(self.wait.lock_timeout);
        let repo = RepoName::new(self.repo.as_str())?;
        let change = ConfigurationChange { removed: files(&installation, &repo)?, ..Default::default() };
        let kept = Kept::find(&installation, &repo, self.with_data)?;
        if change.removed.is_empty() && kept.is_empty() {
            installation.repo(&self.repo)?;
        }
        let after = change.predict(&installation)?;
        let (platform, by) = (&after.platform, &invocation.by);
        if self.dry_run {
            change.print(&installation.directory);
            terminal::plan(&Engine::dry_run(&mut after.host(), platform, |engine| engine.remove(&repo, by))?);
            kept.print(&repo, self.with_data);
            return Ok(ExitCode::SUCCESS);
        }
        change.make(&installation.directory)?;
        let mut host = after.host();
        host.watch_caller()?;
        let removed = Engine::new(&mut host, platform, &mut ConsoleReporter::default()).remove(&repo, by);
        let again = format!("Its configuration is removed; `pypaas remove {repo}` goes on from there");
        let failed: Vec<ApplyFailure> = removed.map_err(|error| Failure::from(error).advise(&again))?;
        keeper::wake(&after);
        if !failed.is_empty() {
            terminal::err(&format!("{again}\n"));
            return Ok(apply::report(failed));
        }
        if self.with_data {
            return kept.remove(&mut host).map(|()| ExitCode::SUCCESS);
        }
        kept.print(&repo, false);
        Ok(ExitCode::SUCCESS)
    }
}

/// Lists the configuration files of `repo`: first those of the domains that route to nothing else, then its own. Fails if the file
/// of a domain has to be edited instead.
fn files(installation: &Installation, repo: &RepoName) -> Result<Vec<Utf8PathBuf>, Failure> {
    let configuration = installation.configuration();
    let mut files = Vec::new();
    let mut edits = Vec::new();
    for (name, domain) in &configuration.domains {
        let repos: BTreeSet<&RepoName> = domain.targets().map(|target| &target.repo).collect();
        if repos.contains(repo) && repos.len() == 1 {
            files.push(domain.file.clone());
        } else if repos.contains(repo) {
            edits.push(edit(installation, repo, name, domain));
        }
    }
    if !edits.is_empty() {
        return Err(Failure::new(
            format!(
                "a domain of `{repo}` also routes to other repos, so nothing was removed\n{}",
                edits.join("\n")
            ),
            "edit what is listed, then try again",
        ));
    }
    for name in configuration.broken_domains_of(repo) {
        let file = Utf8Path::new("domains").join(format!("{name}.yml"));
        let named = configuration.named_by_broken_domains.get(name);
        let is_wrong =
            installation.problems.iter().any(|it| it.is_error() && it.files().any(|path| *path == file));
        if is_wrong || named.is_none_or(|named| named.iter().any(|it| it != repo)) {
            return Err(Failure::new(
                format!("{file} is broken and may route to `{repo}`, so nothing was removed"),
                "fix or remove that file, then try again; `pypaas check` says what is wrong with it",
            ));
        }
        files.push(file);
    }
    let own = ["repo", "repos"].map(|directory| Utf8Path::new(directory).join(format!("{repo}.yml")));
    let is_there = |file: &Utf8PathBuf| installation.directory.join(file).symlink_metadata().is_ok();
    files.extend(own.into_iter().filter(is_there));
    Ok(files)
}

/// Says what to take out of the file of a domain so that it does not route to `repo` any more.
fn edit(installation: &Installation, repo: &RepoName, name: &DomainName, domain: &Domain) -> String {
    let mut text = String::new();
    let file = installation.files.iter().find(|file| file.path == domain.file);
    for (path, location) in &domain.locations {
        let mut keys = vec!["locations", path.as_str()];
        let is_maintenance = location.upstream.repo != *repo
            && location.maintenance_upstream.as_ref().is_some_and(|it| it.repo == *repo);
        if is_maintenance {
            keys.push("maintenance_upstream");
        } else if location.upstream.repo != *repo {
            continue;
        }
        let what = match is_maintenance {
            true => format!("`maintenance_upstream` of `{path}`"),
            false => format!("the location `{path}`"),
        };
        let path = installation.directory.join(&domain.file);
        match file.and_then(|file| EntryLines::find(file, &keys)) {
            Some(lines) if lines.shared => {
                text.push_str(&format!("in {path}, take {what} out of this:\n{}", lines.numbered()));
            }
            Some(lines) => text.push_str(&format!("in {path}, remove {what}:\n{}", lines.numbered())),
            None => text.push_str(&format!("in {path}, remove {what} of {name}\n")),
        }
    }
    text
}

/// What stays of an app without its configuration.
struct Kept {
    paths: Vec<Utf8PathBuf>,
    databases: RepoDatabases,
}

impl Kept {
    /// Looks for it. A server of databases that does not answer matters only if something of it `is_removed`.
    fn find(installation: &Installation, repo: &RepoName, is_removed: bool) -> Result<Self, Failure> {
        let mut paths = installation.platform.layout.of_repo(repo);
        paths.retain(|path| path.symlink_metadata().is_ok());
        let databases = match RepoDatabases::find(installation, repo) {
            Err(_) if !is_removed => RepoDatabases::default(),
            databases => databases?,
        };
        Ok(Self { paths, databases })
    }

    fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.databases.names().is_empty()
    }

    fn print(&self, repo: &RepoName, would_remove: bool) {
        if self.is_empty() {
            return;
        }
        terminal::out(if would_remove { "\nwould also remove for ever:\n" } else { "\nkept:\n" });
        for path in &self.paths {
            terminal::out(&format!("  {path}\n"));
        }
        for name in self.databases.names() {
            terminal::out(&format!("  the database {name}\n"));
        }
        if !would_remove {
            terminal::out(&format!("To remove these, too: `pypaas remove {repo} --with-data`\n"));
        }
    }

    /// Removes it, the records of what there was last.
    fn remove(&self, host: &mut dyn Host) -> Result<(), Failure> {
        self.databases.remove()?;
        for path in &self.paths {
            host.files().remove_directory(path)?;
            terminal::out(&format!("removed {path}\n"));
        }
        Ok(())
    }
}
