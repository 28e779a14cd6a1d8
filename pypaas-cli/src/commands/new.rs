//! `new`: the two files of an app.

use std::process::ExitCode;

use camino::Utf8Path;
use clap::Parser;
use pypaas_config::{BranchName, DomainName, Permission, RepoName, RunnerName, RunnerRef};

use crate::address::Address;
use crate::command::{self, Effect, Requirement};
use crate::configuration_change::{ConfigurationChange, NewFile};
use crate::domain_file::{self, Https};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::terminal;

/// Create an app: the configuration of its repo, and of the domain that routes to its process `web`
///
/// It creates files and replaces none. The app says in its `Procfile` how it is run; `runners` in the repo's file can say it
/// instead.
#[derive(Debug, Parser)]
#[command(name = "new")]
#[command(after_help = "Examples:\n  pypaas new shop shop.example.com\n  pypaas new shop --dry-run")]
pub(crate) struct Arguments {
    /// The name of the repo
    repo: String,
    /// The domain; without one, `apps_domain` of pypaas.yml gives it one, or the app is not reachable from outside
    domain: Option<String>,
    /// The branch that is deployed
    #[arg(long, default_value = "main")]
    branch: String,
    /// Serve the domain over http alone [default: over https, with a certificate of `acme`, where the name can have one]
    #[arg(long)]
    http_only: bool,
    /// Print the files and create none
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

    /// Creates the files, unless the configuration would have a mistake with them.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?;
        let files = self.files(&installation)?;
        let domain = self.domain(&RepoName::new(&self.repo)?, &installation)?;
        let directory = &installation.directory;
        let change = ConfigurationChange { created: files, removed: Vec::new() };
        change.check(directory)?;
        if self.dry_run {
            change.print(directory);
        } else {
            change.make(directory)?;
            let branch = &self.branch;
            let remote = Address::of_this_host().remote(&self.repo);
            terminal::out(&format!(
                "\nIn a clone of the app, which has a `Procfile` with a process `web`:\n\n  git remote add pypaas {remote}\n  git push pypaas {branch}\n"
            ));
            if let Some(domain) = domain {
                terminal::out(&format!(
                    "\nIt will answer at {}\n",
                    self.https(&installation, &domain).url(&domain)
                ));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Arguments {
    /// Returns the domain that the command names, or the one that `apps_domain` gives.
    fn domain(&self, repo: &RepoName, installation: &Installation) -> Result<Option<DomainName>, Failure> {
        if let Some(domain) = &self.domain {
            return Ok(Some(DomainName::new(domain)?));
        }
        let given = installation.configuration().settings.domain_of_app(repo).transpose();
        given.map_err(|error| {
            Failure::new(
                format!("`apps_domain` gives `{repo}` no domain: {error}"),
                format!("name one: `new {repo} <domain>`"),
            )
        })
    }

    fn https(&self, installation: &Installation, domain: &DomainName) -> Https {
        Https::of(&installation.configuration().settings.acme, domain, self.http_only)
    }

    fn files(&self, installation: &Installation) -> Result<Vec<NewFile>, Failure> {
        let (repo, branch) = (RepoName::new(&self.repo)?, BranchName::new(&self.branch)?);
        let configuration = installation.configuration();
        if configuration.repos.contains_key(&repo) || configuration.broken_repos.contains(&repo) {
            return Err(Failure::new(
                format!("repo `{repo}` is configured already"),
                format!("`git push {} {branch}` deploys it", Address::of_this_host().remote(&self.repo)),
            ));
        }
        let directory = if installation.directory.join("repo").is_dir() { "repo" } else { "repos" };
        let mut files = vec![NewFile {
            path: Utf8Path::new(directory).join(format!("{repo}.yml")),
            text: format!("branches:\n  {branch}: {{}}\n"),
        }];
        if let Some(domain) = self.domain(&repo, installation)? {
            let upstream = RunnerRef { repo, branch, runner: RunnerName::new("web")? };
            files.push(NewFile {
                path: Utf8Path::new("domains").join(format!("{domain}.yml")),
                text: domain_file::text(&upstream, "/", self.https(installation, &domain)),
            });
        }
        Ok(files)
    }
}
