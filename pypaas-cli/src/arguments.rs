//! The command line.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::commands;

/// git push to a Linux server, without containers.
#[derive(Debug, Parser)]
#[command(name = "pypaas", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = exit_status())]
pub(crate) struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What each exit status means.
pub(crate) const EXIT_STATUS: [(&str, &str); 6] = [
    ("0", "done, or nothing is wrong"),
    ("1", "the command line makes no sense"),
    ("2", "it failed; for `why` and `check`: something is wrong"),
    ("3", "another change of the same branch took longer than `lock_timeout`"),
    ("4", "`check` found warnings only"),
    ("5", "the key that was used may not do this"),
];

fn exit_status() -> String {
    let lines: Vec<String> =
        EXIT_STATUS.iter().map(|(status, meaning)| format!("  {status}  {meaning}")).collect();
    format!("Exit status:\n{}\n\n`run` and `custom_cmds` exit as their command does.", lines.join("\n"))
}

/// All commands. The underscores are the predecessor's; each has a spelling with hyphens.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    List(commands::list::Arguments),
    Status(commands::status::Arguments),
    Logs(commands::logs::Arguments),
    Why(commands::why::Arguments),
    Releases(commands::releases::Arguments),
    Rollback(commands::rollback::Arguments),
    Rebuild(commands::rebuild::Arguments),
    Restart(commands::restart::Arguments),
    Stop(commands::stop::Arguments),
    Start(commands::start::Arguments),
    Maintenance(commands::maintenance::Arguments),
    Run(commands::run::Arguments),
    Env(commands::env::Arguments),
    Secret(commands::secret::Arguments),
    #[command(name = "custom_cmds", visible_alias = "custom-cmds")]
    CustomCmds(commands::custom_cmds::Arguments),
    Metrics(commands::metrics::Arguments),
    Apply(commands::apply::Arguments),
    Plan(commands::plan::Arguments),
    Cleanup(commands::cleanup::Arguments),
    Check(commands::check::Arguments),
    Completions(commands::completions::Arguments),
    Man(commands::man::Arguments),
    #[command(name = "rebuild_authorized_keys", visible_alias = "rebuild-authorized-keys")]
    RebuildAuthorizedKeys(commands::rebuild_authorized_keys::Arguments),
    #[command(name = "git-receive-pack", hide = true)]
    GitReceivePack(commands::git::Arguments),
    #[command(name = "git-upload-pack", hide = true)]
    GitUploadPack(commands::git::Arguments),
    #[command(hide = true)]
    Ssh(commands::ssh::Arguments),
    #[command(name = "update-hook", hide = true)]
    UpdateHook(commands::update_hook::Arguments),
}

impl Command {
    /// Returns whether it changes something, or runs what may.
    pub(crate) fn is_change(&self) -> bool {
        match self {
            Self::GitReceivePack(_)
            | Self::UpdateHook(_)
            | Self::Rollback(_)
            | Self::Rebuild(_)
            | Self::Restart(_)
            | Self::Stop(_)
            | Self::Start(_)
            | Self::Run(_)
            | Self::CustomCmds(_)
            | Self::Apply(_)
            | Self::Cleanup(_)
            | Self::RebuildAuthorizedKeys(_) => true,
            Self::Maintenance(it) => it.state != commands::maintenance::State::Show,
            Self::Secret(it) => !matches!(it.action, commands::secret::Action::List(_)),
            Self::List(_)
            | Self::Status(_)
            | Self::Logs(_)
            | Self::Why(_)
            | Self::Metrics(_)
            | Self::Releases(_)
            | Self::Env(_)
            | Self::Plan(_)
            | Self::Check(_)
            | Self::Completions(_)
            | Self::Man(_)
            | Self::GitUploadPack(_)
            | Self::Ssh(_) => false,
        }
    }

    /// Returns whether a client may give this command over SSH. What sshd and git call is not a client's to call.
    pub(crate) fn is_for_clients(&self) -> bool {
        !matches!(self, Self::Ssh(_) | Self::UpdateHook(_))
    }
}

/// One configured branch.
#[derive(Debug, Clone, Args)]
pub(crate) struct BranchArguments {
    /// The repository's name
    pub(crate) repo: String,
    /// The branch's name
    pub(crate) branch: String,
}

/// One configured branch, or all that are deployed.
#[derive(Debug, Clone, Args)]
pub(crate) struct BranchesArguments {
    /// The repository's name; without it, all deployed branches
    #[arg(requires = "branch")]
    pub(crate) repo: Option<String>,
    /// The branch's name
    pub(crate) branch: Option<String>,
}

/// How long others are waited for.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct WaitArguments {
    /// Give up when another change of the branch takes longer than this [default: `lock_timeout` of pypaas.yml]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) lock_timeout: Option<Duration>,
}

fn duration(text: &str) -> Result<Duration, &'static str> {
    pypaas_config::parse_duration(text).ok_or("expected a duration such as 500ms, 30s, 2m or 1h")
}
