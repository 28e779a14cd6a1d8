//! `git-receive-pack`: what `git push` calls over SSH.

use std::fs;
use std::io;
use std::process::{Command, ExitCode};

use camino::Utf8Path;
use clap::Parser;
use pypaas_config::{Permission, RepoName};
use pypaas_core::NotRunning;
use pypaas_core::host::Git;
use pypaas_linux::git::OWN_CONFIGURATION;
use rustix::fs::{Access, access};
use rustix::io::Errno;

use super::git::{name, serve};
use crate::access::may_ever;
use crate::address::Address;
use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::pusher::PushFile;
use crate::terminal;

/// Serve `git push`
#[derive(Debug, Parser)]
#[command(name = "git-receive-pack", hide = true)]
pub(crate) struct Arguments {
    /// The repository's name, as the client's URL has it
    repo: String,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Push);

    fn requirement(&self) -> Requirement {
        Requirement::Repo(Permission::Push, name(&self.repo).to_owned())
    }

    fn effect(&self) -> Effect {
        // Its hook records each ref.
        Effect::RecordedElsewhere
    }

    /// Receives a push. The repository appears at its first push.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?;
        let repo = name(&self.repo);
        let repo =
            installation.repo(repo).map_err(|failure| say_how_to_create(failure, &installation, repo))?;
        let platform = &installation.platform;
        let directory = platform.layout.repo(&repo);
        installation.host().prepare_repo(&directory, &platform.hook)?;
        access(directory.as_std_path(), Access::WRITE_OK).map_err(|reason| unwritable(&directory, reason))?;
        let pusher = PushFile::write(platform.layout.home(), invocation)?;
        let code = serve("receive-pack", &installation, &repo)?;
        drop(pusher);
        if let Err(failure) = point_head_at_a_branch(&installation, &repo) {
            // The push is done, whatever a later clone may lack.
            failure.report();
        }
        say_what_does_not_run(&installation, &repo);
        Ok(code)
    }
}

/// Names the command that creates a repo which does not exist, to a key that may use it.
fn say_how_to_create(failure: Failure, installation: &Installation, repo: &str) -> Failure {
    let configuration = installation.configuration();
    let is_new = RepoName::new(repo).is_ok_and(|repo| {
        !configuration.repos.contains_key(&repo) && !configuration.broken_repos.contains(&repo)
    });
    if !is_new || !may_ever(Some(installation), &installation.caller, Permission::Admin) {
        return failure;
    }
    let command = Address::of_this_host().command(&format!("new {repo} <domain>"));
    failure.advise(&format!("To create it: `{command}`"))
}

/// Names each branch of the repo that a push cannot help: git calls it "up-to-date" and does not ask its hook.
fn say_what_does_not_run(installation: &Installation, repo: &RepoName) {
    for (branch, _) in installation.configuration().branches().filter(|(branch, _)| branch.repo == *repo) {
        match NotRunning::find(&mut installation.host(), &installation.platform.layout, &branch) {
            Ok(None | Some(NotRunning::NeverPushed)) => {}
            Ok(Some(why)) => {
                terminal::err(&format!("note: {}; {}\n", why.message(&branch), why.fix(&branch)));
            }
            Err(error) => terminal::err(&format!("warning: {}\n", Failure::from(error).causes())),
        }
    }
}

/// git itself would not say why.
fn unwritable(directory: &Utf8Path, reason: Errno) -> Failure {
    let reason = io::Error::from(reason);
    Failure::new(
        format!("nothing can be written into `{directory}`: {reason}"),
        "the deploy user must be able to write there",
    )
}

/// Makes `HEAD` name a branch that exists, the first configured one: else a clone has no files in it.
fn point_head_at_a_branch(installation: &Installation, repo: &RepoName) -> Result<(), Failure> {
    let directory = installation.platform.layout.repo(repo);
    let mut host = installation.host();
    let head = fs::read_to_string(directory.join("HEAD"))?;
    if let Some(name) = head.trim().strip_prefix("ref: refs/heads/")
        && host.branch_head(&directory, name)?.is_some()
    {
        return Ok(());
    }
    for branch in
        installation.configuration().repos.get(repo).into_iter().flat_map(|repo| repo.branches.keys())
    {
        if host.branch_head(&directory, branch.as_str())?.is_some() {
            let head = ["symbolic-ref", "HEAD", &format!("refs/heads/{branch}")];
            let environment = installation.platform.base_environment.iter();
            Command::new("git")
                .arg("-C")
                .arg(&directory)
                .args(head)
                .env_clear()
                .envs(environment)
                .envs(OWN_CONFIGURATION)
                .status()?;
            return Ok(());
        }
    }
    Ok(())
}
