//! `rebuild_authorized_keys`: who may log in.

use std::process::ExitCode;

use clap::Parser;
use pypaas_config::Permission;

use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::key_files::KeyFiles;

/// Write authorized_keys from the key files in ~/.ssh/authorized_keys.d
#[derive(Debug, Parser)]
#[command(name = "rebuild_authorized_keys", visible_alias = "rebuild-authorized-keys")]
#[command(
    after_help = "Example:\n  cp laptop.pub ~/.ssh/authorized_keys.d/ && pypaas rebuild_authorized_keys\n\nA line `# pypaas: read` before the keys of a file limits them to reading; the permissions are admin, push, run and read."
)]
pub(crate) struct Arguments {}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Admin);

    fn requirement(&self) -> Requirement {
        Requirement::Admin
    }

    fn effect(&self) -> Effect {
        Effect::Change
    }

    /// Reads every key file and replaces `authorized_keys`. A mistake in one of them changes nothing.
    fn run(self, _: &Invocation) -> Result<ExitCode, Failure> {
        KeyFiles::read()?.publish()?;
        Ok(ExitCode::SUCCESS)
    }
}
