//! `git-upload-pack`: what `git fetch` and `git clone` call over SSH.

use std::process::ExitCode;

use clap::Parser;
use pypaas_config::Permission;

use super::git::{name, serve};
use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;

/// Serve `git fetch` and `git clone`
#[derive(Debug, Parser)]
#[command(name = "git-upload-pack", hide = true)]
pub(crate) struct Arguments {
    /// The repository's name, as the client's URL has it
    repo: String,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Read);

    fn requirement(&self) -> Requirement {
        Requirement::Repo(Permission::Read, name(&self.repo).to_owned())
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    /// Serves a fetch or a clone.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?;
        let repo = installation.repo(name(&self.repo))?;
        if !installation.platform.layout.repo(&repo).exists() {
            return Err(Failure::new(
                format!("repo `{repo}` is empty: nothing was pushed yet"),
                "push to it first",
            ));
        }
        serve("upload-pack", &installation, &repo)
    }
}
