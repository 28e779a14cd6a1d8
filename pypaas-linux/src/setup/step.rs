//! One step of a setup: what it says, and what it does.

use std::fmt;
use std::io::{self, Write};
use std::process::Stdio;

use camino::{Utf8Path, Utf8PathBuf};

use super::{Setup, units};
use crate::{durable, program};

/// One thing that is done to the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Installs packages of Debian.
    InstallPackages(Vec<&'static str>),
    /// Stops and disables nginx.service: pypaas runs nginx itself.
    DisableNginx,
    /// Copies this program to a directory for programs.
    InstallProgram {
        /// Where it is.
        from: Utf8PathBuf,
        /// Where it goes.
        to: Utf8PathBuf,
    },
    /// Creates the deploy user.
    CreateUser {
        /// Its name.
        name: String,
        /// Its home.
        home: Utf8PathBuf,
    },
    /// Lets nobody but the deploy user into its home.
    CloseHome(Utf8PathBuf),
    /// Creates a directory that only the deploy user may enter, or closes it to others.
    CreateDirectory(Utf8PathBuf),
    /// Writes a file of the deploy user that was not there.
    WriteFile {
        /// The file.
        path: Utf8PathBuf,
        /// What is in it.
        text: String,
    },
    /// Lets the keys of the key files in.
    WriteAuthorizedKeys {
        /// The deploy user's home.
        home: Utf8PathBuf,
    },
    /// Writes a unit of systemd.
    WriteUnit {
        /// The file.
        path: Utf8PathBuf,
        /// What is in it.
        text: String,
    },
    /// Makes systemd read its units again.
    ReloadSystemd,
    /// Lets systemd start the units at boot.
    EnableUnits,
    /// Starts the supervisor, and then what was live.
    StartSupervisor,
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {step}")]
pub struct SetupError {
    step: String,
    source: io::Error,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InstallPackages(names) => write!(f, "install the packages {}", names.join(", ")),
            Self::DisableNginx => {
                write!(f, "stop and disable nginx.service, which serves only Debian's welcome page")
            }
            Self::InstallProgram { from, to } => write!(f, "install {from} as {to}"),
            Self::CreateUser { name, home } => {
                write!(f, "create the user {name} with the home {home} and no password")
            }
            Self::CloseHome(home) => write!(f, "close {home} to other users"),
            Self::CreateDirectory(path) => write!(f, "create {path}, closed to other users"),
            Self::WriteFile { path, .. } | Self::WriteUnit { path, .. } => write!(f, "write {path}"),
            Self::WriteAuthorizedKeys { home } => write!(f, "write {home}/.ssh/authorized_keys"),
            Self::ReloadSystemd => write!(f, "reload systemd"),
            Self::EnableUnits => write!(f, "enable {} and {}", units::SUPERVISOR, units::BOOT),
            Self::StartSupervisor => write!(f, "start {} and {}", units::SUPERVISOR, units::BOOT),
        }
    }
}

impl Setup {
    /// Does one step.
    pub fn carry_out(&self, step: &Step) -> Result<(), SetupError> {
        self.attempt(step).map_err(|source| SetupError { step: step.to_string(), source })
    }

    fn attempt(&self, step: &Step) -> io::Result<()> {
        match step {
            Step::InstallPackages(names) => {
                run(&["apt-get", "update", "--quiet"], "")?;
                let install =
                    ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--yes", "--quiet"];
                run(&[&install[..], &["--no-install-recommends"], names].concat(), "")
            }
            Step::DisableNginx => run(&["systemctl", "disable", "--now", "--quiet", "nginx.service"], ""),
            Step::InstallProgram { from, to } => durable::replace(to, &std::fs::read(from)?, 0o755),
            Step::CreateUser { name, home } => {
                // `*` is no password, and no lock either: keys still open it.
                let create =
                    ["useradd", "--create-home", "--home-dir", home.as_str(), "--shell", "/bin/bash"];
                run(&[&create[..], &["--password", "*", "--comment", "pypaas", "--", name]].concat(), "")
            }
            Step::CloseHome(home) => self.run_as_user(&["chmod", "700", home.as_str()], ""),
            Step::CreateDirectory(path) => {
                self.run_as_user(&["install", "-d", "-m", "700", path.as_str()], "")
            }
            Step::WriteFile { path, text } => {
                // `-C`: a file that is there by now stays as it is.
                let write = r#"umask 077; set -C; cat >"$1""#;
                self.run_as_user(&["sh", "-c", write, "sh", path.as_str()], text)
            }
            Step::WriteAuthorizedKeys { home } => {
                let variable = format!("HOME={home}");
                let program = self.installed_program();
                self.run_as_user(&["env", &variable, program.as_str(), "rebuild_authorized_keys"], "")
            }
            Step::WriteUnit { path, text } => durable::replace(path, text.as_bytes(), 0o644),
            Step::ReloadSystemd => run(&["systemctl", "daemon-reload"], ""),
            Step::EnableUnits => run(&["systemctl", "enable", "--quiet", units::SUPERVISOR, units::BOOT], ""),
            Step::StartSupervisor => {
                run(&["systemctl", "start", units::SUPERVISOR], "")?;
                run(&["systemctl", "start", units::BOOT], "")
            }
        }
    }

    /// Runs a program as the deploy user: whatever that user put into its home, root does not follow it.
    fn run_as_user(&self, words: &[&str], input: &str) -> io::Result<()> {
        run(&[&["runuser", "-u", &self.user, "--"], words].concat(), input)
    }
}

/// Runs a program to its end in `/`; its output is the error when it fails.
fn run(words: &[&str], input: &str) -> io::Result<()> {
    let mut command = program::command(words)?;
    command.current_dir(Utf8Path::new("/"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stderr, output.stdout].concat();
    let text = String::from_utf8_lossy(&text);
    let last: Vec<&str> = text.lines().rev().take(5).collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    Err(io::Error::other(format!("`{}` failed: {}", words.join(" "), last.join("; "))))
}
