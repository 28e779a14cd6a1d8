//! The commands, one file each.

pub(crate) mod apply;
mod branches;
pub(crate) mod check;
pub(crate) mod cleanup;
pub(crate) mod completions;
pub(crate) mod custom_cmds;
mod deploying;
pub(crate) mod env;
pub(crate) mod git;
pub(crate) mod list;
pub(crate) mod logs;
pub(crate) mod maintenance;
pub(crate) mod man;
pub(crate) mod metrics;
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

use pypaas_config::Permission;

use crate::arguments::Command;
use crate::failure::Failure;
use crate::installation::home;
use crate::{access, audit};

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
    /// The key that was used; `None` for a command on the host itself, which nothing limits.
    pub(crate) key: Option<Key>,
    /// The words of the command, for the audit log.
    pub(crate) words: Vec<String>,
}

/// A key, as far as it limits what may be done with it.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// The only rights that its key file gives it; `None`: all.
    pub(crate) only: Option<Vec<Permission>>,
}

impl Key {
    /// Returns whether its file gives it a right.
    pub(crate) fn has(&self, right: Permission) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&right))
    }
}

impl Context {
    /// Reads who gave the command from the environment.
    pub(crate) fn from_environment() -> Self {
        Self {
            by: std::env::var(KEY_VARIABLE).unwrap_or_else(|_| "local".to_owned()),
            from: std::env::var(FROM_VARIABLE).ok(),
            key: None,
            words: std::env::args().skip(1).collect(),
        }
    }
}

/// Runs a command, if whoever gives it may; what changes something is noted in the audit log.
pub(crate) fn run(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    if !command.is_change() {
        access::check(&command, context)?;
        return carry_out(command, context);
    }
    // A push is noted by its hook, ref by ref; here only that it was refused.
    let is_push = matches!(command, Command::GitReceivePack(_));
    let what = match &command {
        Command::UpdateHook(pushed) => pushed.summary(),
        _ => shlex::try_join(context.words.iter().map(String::as_str)).unwrap_or_default(),
    };
    let allowed = access::check(&command, context);
    let is_allowed = allowed.is_ok();
    let outcome = allowed.and_then(|()| carry_out(command, context));
    if let Some(home) = home().ok().filter(|_| !is_push || !is_allowed) {
        let result = match &outcome {
            Ok(code) => match (1..=u8::MAX).find(|status| ExitCode::from(*status) == *code) {
                Some(status) => format!("exit {status}"),
                None => "ok".to_owned(),
            },
            Err(failure) => format!("error: {}", failure.causes().replace("\n  because ", ": ")),
        };
        audit::note(&home, context, &what, &result);
    }
    outcome
}

fn carry_out(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    match command {
        Command::List(arguments) => list::run(&arguments, context),
        Command::Status(arguments) => status::run(&arguments, context),
        Command::Logs(arguments) => logs::run(&arguments),
        Command::Metrics(arguments) => metrics::run(&arguments, context),
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
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::RebuildAuthorizedKeys(arguments) => rebuild_authorized_keys::run(&arguments),
        Command::GitReceivePack(arguments) => git::receive_pack(&arguments, context),
        Command::GitUploadPack(arguments) => git::upload_pack(&arguments),
        Command::Ssh(arguments) => ssh::run(&arguments),
        Command::UpdateHook(arguments) => update_hook::run(&arguments, context),
    }
}
