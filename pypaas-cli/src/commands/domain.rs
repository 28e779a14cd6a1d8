//! `domain`: the names under which apps are reached.

use std::process::ExitCode;

use camino::Utf8PathBuf;
use clap::{Parser, Subcommand};
use pypaas_config::{
    BranchRef, Domain, DomainName, EntryLines, LocationPath, Permission, RunnerName, RunnerRef, Serves,
    closest,
};
use pypaas_core::{ApplyFailure, Engine, record};

use super::apply;
use crate::arguments::{BranchArguments, WaitArguments};
use crate::command::{self, Effect, Requirement};
use crate::configuration_change::{ConfigurationChange, NewFile};
use crate::console_reporter::ConsoleReporter;
use crate::domain_file::{self, Https};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::{keeper, terminal};

/// Add a domain to an app, or remove one
///
/// A domain is a file, `domains/<domain>.yml`; these commands create and remove it, and nginx follows at once. A file that somebody
/// wrote is never rewritten: where it has to change, the message says which lines.
#[derive(Debug, Parser)]
#[command(name = "domain")]
#[command(after_help = "Examples:\n  pypaas domain add shop www.shop.example.com\n  \
    pypaas domain add shop api.shop.example.com --runner api\n  \
    pypaas domain remove www.shop.example.com --dry-run\n  pypaas domain remove www.shop.example.com")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Route a domain to a branch
    Add {
        #[command(flatten)]
        branch: BranchArguments,
        /// The domain
        domain: String,
        /// The runner that answers [default: the only one that nginx can route to, else `web`]
        #[arg(long)]
        runner: Option<String>,
        /// Serve it over http alone [default: over https, with a certificate of `acme`, where the name can have one]
        #[arg(long)]
        http_only: bool,
        #[command(flatten)]
        wait: WaitArguments,
        /// Print the file and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Stop serving a domain. Its certificate stays for a later use
    Remove {
        /// The domain
        domain: String,
        #[command(flatten)]
        wait: WaitArguments,
        /// Print the plan and change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Admin);

    fn requirement(&self) -> Requirement {
        Requirement::Admin
    }

    fn effect(&self) -> Effect {
        match self.action {
            Action::Add { dry_run: true, .. } | Action::Remove { dry_run: true, .. } => Effect::None,
            _ => Effect::Change,
        }
    }

    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?;
        match self.action {
            Action::Add { branch, domain, runner, http_only, wait, dry_run } => {
                let installation = installation.waiting(wait.lock_timeout);
                let branch = installation.branch(&branch.repo, &branch.branch)?;
                let domain = DomainName::new(domain)?;
                let upstream = upstream(&installation, &branch, runner)?;
                check_is_free(&installation, &domain, &upstream)?;
                let https = Https::of(&installation.configuration().settings.acme, &domain, http_only);
                let text = domain_file::text(&upstream, "/", https);
                let change = ConfigurationChange {
                    created: vec![NewFile { path: path(&domain), text }],
                    ..Default::default()
                };
                let code = publish(&installation, &change, dry_run)?;
                if !dry_run {
                    let layout = &installation.platform.layout;
                    let record = record(&mut installation.host(), layout, &branch)?;
                    let is_live = record.is_some_and(|it| it.live.is_some());
                    let when = if is_live { "answers" } else { "will answer, once it is pushed," };
                    terminal::out(&format!("{branch} {when} at {}\n", https.url(&domain)));
                }
                Ok(code)
            }
            Action::Remove { domain, wait, dry_run } => {
                let installation = installation.waiting(wait.lock_timeout);
                let domain = DomainName::new(domain)?;
                let file = file(&installation, &domain)?;
                let change = ConfigurationChange { removed: vec![file], ..Default::default() };
                publish(&installation, &change, dry_run)
            }
        }
    }
}

fn path(domain: &DomainName) -> Utf8PathBuf {
    Utf8PathBuf::from("domains").join(format!("{domain}.yml"))
}

/// Changes the configuration, then nginx's files.
fn publish(
    installation: &Installation,
    change: &ConfigurationChange,
    dry_run: bool,
) -> Result<ExitCode, Failure> {
    let after = change.predict(installation)?;
    let mut host = after.host();
    if dry_run {
        change.print(&installation.directory);
        terminal::plan(&Engine::dry_run(&mut host, &after.platform, |engine| engine.apply_web_files())?);
        return Ok(ExitCode::SUCCESS);
    }
    change.make(&installation.directory)?;
    host.watch_caller()?;
    let published =
        Engine::new(&mut host, &after.platform, &mut ConsoleReporter::default()).apply_web_files();
    let again = "The configuration is changed; `pypaas apply` goes on from there";
    let failed: Vec<ApplyFailure> = published.map_err(|error| Failure::from(error).advise(again))?;
    keeper::wake(&after);
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    terminal::err(&format!("{again}\n"));
    Ok(apply::report(failed))
}

/// Returns the runner that a new domain of `branch` routes to: the one that is named, or the only one that can answer.
fn upstream(
    installation: &Installation,
    branch: &BranchRef,
    named: Option<String>,
) -> Result<RunnerRef, Failure> {
    if let Some(name) = named {
        return Ok(branch.runner(&RunnerName::new(name)?));
    }
    let web = RunnerName::new("web")?;
    let Some(config) = installation.platform.branch(branch) else { return Ok(branch.runner(&web)) };
    let answering = config.runners.iter().filter(|(_, runner)| runner.serves() != Serves::Nothing);
    let names: Vec<&RunnerName> = answering.map(|(name, _)| name).collect();
    match names.as_slice() {
        [only] => Ok(branch.runner(only)),
        [] if config.runners.is_empty() => Ok(branch.runner(&web)),
        several if several.contains(&&web) => Ok(branch.runner(&web)),
        [] => Err(Failure::new(
            format!("{branch} has no runner that nginx can route to"),
            "add one, such as an NginxBackend, to its `runners`",
        )),
        several => {
            let several: Vec<&str> = several.iter().map(|it| it.as_str()).collect();
            Err(Failure::new(
                format!("which runner of {branch} answers?"),
                format!("add `--runner {}`", several.join("` or `--runner ")),
            ))
        }
    }
}

/// Fails if the domain has a file, and says what to write into that one.
fn check_is_free(
    installation: &Installation,
    name: &DomainName,
    upstream: &RunnerRef,
) -> Result<(), Failure> {
    let Some(domain) = installation.configuration().domains.get(name) else { return Ok(()) };
    let path = installation.directory.join(&domain.file);
    let root = LocationPath::new("/").ok().and_then(|root| domain.locations.get(&root));
    if root.is_some_and(|it| it.upstream == *upstream) {
        return Err(Failure::new(
            format!("`{name}` routes to {} already", upstream.branch_ref()),
            format!("see {path}"),
        ));
    }
    let RunnerRef { repo, branch, runner } = upstream;
    Err(Failure::new(
        format!("`{name}` is configured already\n{}", lines(installation, domain, &["locations"])),
        format!(
            "write into {path}, below its `locations`: `/some/path: {{upstream: {{repo: {repo}, branch: {branch}, runner: {runner}}}}}`"
        ),
    ))
}

/// Returns the file to remove, and fails where a file has to be edited instead.
fn file(installation: &Installation, name: &DomainName) -> Result<Utf8PathBuf, Failure> {
    let configuration = installation.configuration();
    if let Some(domain) = configuration.domains.get(name) {
        return Ok(domain.file.clone());
    }
    let file = path(name);
    if installation.directory.join(&file).symlink_metadata().is_ok() {
        return Ok(file);
    }
    let named = configuration.domains.iter().find_map(|(own, domain)| {
        let key = if domain.aliases.contains(name) { "aliases" } else { "redirect" };
        domain.names(own).any(|it| it == name).then_some((domain, key))
    });
    if let Some((domain, key)) = named {
        let path = installation.directory.join(&domain.file);
        return Err(Failure::new(
            format!(
                "`{name}` is one of the names in {path}, so nothing was removed\n{}",
                lines(installation, domain, &[key])
            ),
            format!("take it out of `{key}`, then run `pypaas apply`"),
        ));
    }
    let known: Vec<&str> = configuration.domains.keys().map(DomainName::as_str).collect();
    let hint = match closest(name.as_str(), known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "there is no domain".to_owned(),
        None => format!("configured domains: {}", known.join(", ")),
    };
    Err(Failure::new(format!("domain `{name}` is not configured"), hint))
}

/// Shows an entry of the file of `domain`, as it is written.
fn lines(installation: &Installation, domain: &Domain, keys: &[&str]) -> String {
    let file = installation.files.iter().find(|file| file.path == domain.file);
    file.and_then(|file| EntryLines::find(file, keys)).map(|it| it.numbered()).unwrap_or_default()
}
