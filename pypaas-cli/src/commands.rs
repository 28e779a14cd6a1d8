//! The commands, one file each.

pub(crate) mod apply;
pub(crate) mod check;
pub(crate) mod cleanup;
pub(crate) mod custom_cmds;
mod deploying;
pub(crate) mod env;
pub(crate) mod git;
pub(crate) mod list;
pub(crate) mod logs;
pub(crate) mod maintenance;
pub(crate) mod plan;
pub(crate) mod rebuild;
pub(crate) mod rebuild_authorized_keys;
mod redeploy;
pub(crate) mod releases;
pub(crate) mod restart;
pub(crate) mod rollback;
pub(crate) mod run;
pub(crate) mod secret;
pub(crate) mod ssh;
pub(crate) mod start;
pub(crate) mod status;
pub(crate) mod stop;
pub(crate) mod update_hook;
mod watch;
pub(crate) mod why;

use std::process::ExitCode;

use crate::arguments::Command;
use crate::failure::Failure;

/// The variable in which the SSH entry tells the git hook whose key it was.
pub(crate) const KEY_VARIABLE: &str = "PYPAAS_KEY";

/// The variable in which it tells the hook the address.
pub(crate) const FROM_VARIABLE: &str = "PYPAAS_FROM";

/// Who gave a command.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// The name of an SSH key, or `local`.
    pub(crate) by: String,
    /// The address it came from; `None` for a command on the host itself.
    pub(crate) from: Option<String>,
}

impl Context {
    /// Reads who gave the command from the environment.
    pub(crate) fn from_environment() -> Self {
        Self {
            by: std::env::var(KEY_VARIABLE).unwrap_or_else(|_| "local".to_owned()),
            from: std::env::var(FROM_VARIABLE).ok(),
        }
    }
}

/// Runs a command.
pub(crate) fn run(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    match command {
        Command::List(arguments) => list::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Logs(arguments) => logs::run(&arguments),
        Command::Why(arguments) => why::run(&arguments),
        Command::Releases(arguments) => releases::run(&arguments),
        Command::Rollback(arguments) => rollback::run(&arguments, context),
        Command::Rebuild(arguments) => rebuild::run(&arguments, context),
        Command::Restart(arguments) => restart::run(&arguments, context),
        Command::Maintenance(arguments) => maintenance::run(&arguments, context),
        Command::Stop(arguments) => stop::run(&arguments, context),
        Command::Start(arguments) => start::run(&arguments, context),
        Command::Run(arguments) => run::run(&arguments),
        Command::Env(arguments) => env::run(&arguments),
        Command::Secret(arguments) => secret::run(&arguments, context),
        Command::CustomCmds(arguments) => custom_cmds::run(&arguments),
        Command::Apply(arguments) => apply::run(&arguments, context),
        Command::Plan(arguments) => plan::run(&arguments, context),
        Command::Cleanup(arguments) => cleanup::run(&arguments, context),
        Command::Check(arguments) => check::run(&arguments),
        Command::RebuildAuthorizedKeys(arguments) => rebuild_authorized_keys::run(&arguments),
        Command::GitReceivePack(arguments) => git::receive_pack(&arguments, context),
        Command::GitUploadPack(arguments) => git::upload_pack(&arguments),
        Command::Ssh(arguments) => ssh::run(&arguments),
        Command::UpdateHook(arguments) => update_hook::run(&arguments, context),
    }
}
