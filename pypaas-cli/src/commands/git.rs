//! `git-receive-pack` and `git-upload-pack`: what `git push`, `git fetch` and `git clone` call over SSH.

use std::env;
use std::fs;
use std::io;
use std::process::{Command, ExitCode, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use camino::Utf8Path;
use clap::Args;
use pypaas_config::RepoName;
use pypaas_core::host::Git;
use rustix::fs::{Access, access};
use rustix::io::Errno;

use super::{Context, FROM_VARIABLE, KEY_VARIABLE};
use crate::failure::Failure;
use crate::installation::Installation;

/// The variable that tells the hook when receiving began: seconds since the epoch.
pub(crate) const BEGAN_VARIABLE: &str = "PYPAAS_RECEIVING_SINCE";

/// Serve one of git's own commands
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The repository's name, as the client's URL has it
    pub(crate) repo: String,
}

/// Receives a push. The repository appears at its first push.
pub(crate) fn receive_pack(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let installation = Installation::load()?;
    let repo = installation.repo(name(&arguments.repo))?;
    let platform = &installation.platform;
    let directory = platform.layout.repo(&repo);
    installation.host().prepare_repo(&directory, &platform.hook)?;
    access(directory.as_std_path(), Access::WRITE_OK).map_err(|reason| unwritable(&directory, reason))?;
    let now = now();
    let mut told = vec![(KEY_VARIABLE, context.by.as_str()), (BEGAN_VARIABLE, now.as_str())];
    told.extend(context.from.as_deref().map(|from| (FROM_VARIABLE, from)));
    let code = serve("receive-pack", &installation, &repo, &told)?;
    if let Err(failure) = mend_head(&installation, &repo) {
        // The push is done, whatever a later clone may lack.
        failure.report();
    }
    Ok(code)
}

/// git itself would not say why.
fn unwritable(directory: &Utf8Path, reason: Errno) -> Failure {
    let reason = io::Error::from(reason);
    Failure::new(
        format!("nothing can be written into `{directory}`: {reason}"),
        "the deploy user must be able to write there",
    )
}

/// Serves a fetch or a clone.
pub(crate) fn upload_pack(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let installation = Installation::load()?;
    let repo = installation.repo(name(&arguments.repo))?;
    if !installation.platform.layout.repo(&repo).exists() {
        return Err(Failure::new(
            format!("repo `{repo}` is empty: nothing was pushed yet"),
            "push to it first",
        ));
    }
    serve("upload-pack", &installation, &repo, &[])
}

/// Makes `HEAD` name a branch that exists, the first configured one: else a clone has no files in it.
fn mend_head(installation: &Installation, repo: &RepoName) -> Result<(), Failure> {
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
                .status()?;
            return Ok(());
        }
    }
    Ok(())
}

/// Takes the repo's name out of what clients send: `shop`, `/shop`, `shop.git`.
pub(crate) fn name(path: &str) -> &str {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.strip_suffix(".git").unwrap_or(path)
}

fn serve(
    command: &str,
    installation: &Installation,
    repo: &RepoName,
    told: &[(&str, &str)],
) -> Result<ExitCode, Failure> {
    let platform = &installation.platform;
    let passed = ["GIT_PROTOCOL", "PYPAAS_HOME", "PYPAAS_CONFIG"];
    let status = Command::new("git")
        .arg(command)
        .arg(platform.layout.repo(repo))
        .env_clear()
        .envs(platform.base_environment.iter())
        .envs(passed.iter().filter_map(|name| Some((name, env::var_os(name)?))))
        .envs(told.iter().copied())
        .stdin(Stdio::inherit())
        .status()
        .map_err(|error| Failure::new(format!("cannot run git: {error}"), "install git on this host"))?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(2)))
}

fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:.3}", since.as_secs_f64())
}
