//! What git's own commands share: the repo that a client names, and running git in it.

use std::env;
use std::process::{Command, ExitCode, Stdio};

use pypaas_config::RepoName;
use pypaas_linux::git::OWN_CONFIGURATION;

use crate::failure::Failure;
use crate::installation::Installation;

/// Takes the repo's name out of what clients send: `shop`, `/shop`, `shop.git`.
pub(super) fn name(path: &str) -> &str {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.strip_suffix(".git").unwrap_or(path)
}

/// Runs one of git's own commands in the repository of `repo`.
pub(super) fn serve(
    command: &str,
    installation: &Installation,
    repo: &RepoName,
) -> Result<ExitCode, Failure> {
    let platform = &installation.platform;
    let passed = ["GIT_PROTOCOL", "PYPAAS_HOME", "PYPAAS_CONFIG"];
    let status = Command::new("git")
        .arg(command)
        .arg(platform.layout.repo(repo))
        .env_clear()
        .envs(platform.base_environment.iter())
        .envs(OWN_CONFIGURATION)
        .envs(passed.iter().filter_map(|name| Some((name, env::var_os(name)?))))
        .stdin(Stdio::inherit())
        .status()
        .map_err(|error| Failure::new(format!("cannot run git: {error}"), "install git on this host"))?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(2)))
}
