//! What git's own commands share: the repo that a client names, and running git in it.

use std::env;
use std::io::{self, Write};
use std::process::{Command, ExitCode, Stdio};

use pypaas_config::RepoName;
use pypaas_linux::git::OWN_CONFIGURATION;

use crate::failure::Failure;
use crate::installation::Installation;
use crate::terminal;

/// How many characters a report to git has at most: one packet has less than 65,520 bytes.
const LONGEST_REPORT: usize = 10_000;

/// Takes the repo's name out of what clients send: `shop`, `/shop`, `shop/`, `~/shop`, `/~/shop`, `shop.git`.
pub(super) fn name(path: &str) -> &str {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_prefix("~/").unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    path.strip_suffix(".git").unwrap_or(path)
}

/// Reports a failure to a git client that waits for an answer, in git's own protocol (`ERR`, gitprotocol-pack(5)). On standard
/// error, it would be followed by git's guess that access rights are wrong or the repository does not exist.
pub(super) fn report(failure: &Failure) -> ExitCode {
    let text: String = terminal::safe(&failure.text()).chars().take(LONGEST_REPORT).collect();
    let packet = format!("ERR {}", text.strip_prefix("error: ").unwrap_or(&text).trim_end());
    // Whoever does not listen any more need not know.
    let _ = io::stdout().write_all(format!("{:04x}{packet}", packet.len() + 4).as_bytes());
    ExitCode::from(failure.status())
}

/// Returns whether a client's words run one of git's own commands.
pub(super) fn is_spoken_to(words: &[String]) -> bool {
    words.first().is_some_and(|word| matches!(word.as_str(), "git-receive-pack" | "git-upload-pack"))
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
