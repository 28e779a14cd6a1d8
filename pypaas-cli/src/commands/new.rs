//! `new`: the two files of an app.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::process::ExitCode;

use camino::Utf8Path;
use clap::Parser;
use pypaas_config::{BranchName, Diagnostic, DomainName, Permission, RepoName};
use pypaas_linux::durable;

use crate::address::Address;
use crate::command::{self, Effect, Requirement};
use crate::configuration_directory::{NewFile, load_directory_with};
use crate::failure::Failure;
use crate::installation::{Installation, reports};
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
        check(directory, &files)?;
        for file in &files {
            if self.dry_run {
                terminal::out(&format!("would create {}:\n\n{}\n", directory.join(&file.path), file.text));
            } else {
                create(directory, file)?;
                terminal::out(&format!("created {}\n", directory.join(&file.path)));
            }
        }
        if !self.dry_run {
            let branch = &self.branch;
            let remote = Address::of_this_host().remote(&self.repo);
            terminal::out(&format!(
                "\nIn a clone of the app, which has a `Procfile` with a process `web`:\n\n  git remote add pypaas {remote}\n  git push pypaas {branch}\n"
            ));
            if let Some(domain) = domain {
                terminal::out(&format!("\nIt will answer at http://{domain}/\n"));
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
            files.push(NewFile {
                path: Utf8Path::new("domains").join(format!("{domain}.yml")),
                text: format!(
                    "locations:\n  /:\n    upstream: {{repo: {repo}, branch: {branch}, runner: web}}\n"
                ),
            });
        }
        Ok(files)
    }
}

/// Loads the configuration as it will be; a mistake in one of the new files, or one that they make elsewhere, is an error.
fn check(directory: &Utf8Path, files: &[NewFile]) -> Result<(), Failure> {
    if let Some(file) = files.iter().find(|file| directory.join(&file.path).symlink_metadata().is_ok()) {
        return Err(Failure::new(
            format!("`{}` is there already", directory.join(&file.path)),
            "choose another name, or edit that file",
        ));
    }
    let before = load_directory_with(directory, &[])?.problems;
    let after = load_directory_with(directory, files)?.problems;
    let new: Vec<&Diagnostic> = after.iter().filter(|problem| !before.contains(problem)).collect();
    if new.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        format!("the configuration would have a mistake; nothing was created\n{}", reports(new)),
        "choose other names, or change what is configured",
    ))
}

fn create(directory: &Utf8Path, file: &NewFile) -> Result<(), Failure> {
    let path = directory.join(&file.path);
    let written = durable::create_directory(durable::directory_of(&path)).and_then(|()| {
        let mut created = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        created.write_all(file.text.as_bytes())?;
        created.sync_all()
    });
    written.map_err(|error| {
        Failure::new(
            format!("cannot create `{path}`: {error}"),
            "the deploy user must be able to write there",
        )
    })
}
