//! Access: what a key may do.
//!
//! Two things limit a key: a comment in its own file, which the forced command carries (`--only`), and `access` of each repo.
//! Whoever has a shell on the host is limited by neither.

use camino::Utf8Path;
use pypaas_config::{Access, Permission, RepoName, RunnerRef};

use crate::arguments::Command;
use crate::commands::Context;
use crate::commands::git::name;
use crate::commands::maintenance::State;
use crate::commands::secret::Action;
use crate::failure::Failure;
use crate::installation::Installation;

/// What a command needs.
enum Need<'a> {
    /// Nothing that could be withheld, or less than all is shown.
    Nothing,
    /// A right on one repo.
    Repo(Permission, &'a str),
    /// A right on the repos that a domain leads to.
    Domain(Permission, &'a str),
    /// A right on every repo.
    All(Permission),
    /// Every right on every repo: it decides who may do what.
    Everything,
}

/// Refuses a command that the key of `context` may not give, with the reason.
pub(crate) fn check(command: &Command, context: &Context) -> Result<(), Failure> {
    let Some(key) = &context.key else { return Ok(()) };
    let need = need(command);
    if matches!(need, Need::Nothing) {
        return Ok(());
    }
    let right = match need {
        Need::Nothing => return Ok(()),
        Need::Repo(right, _) | Need::Domain(right, _) | Need::All(right) => Some(right),
        Need::Everything => None,
    };
    let rights = right.map_or(Permission::ALL.to_vec(), |right| vec![right]);
    if let Some(missing) = rights.iter().find(|right| !key.has(**right)) {
        let only = key.only.iter().flatten().map(Permission::to_string).collect::<Vec<_>>().join(", ");
        return Err(refusal(context, *missing, None, &format!("its key file limits it to: {only}")));
    }
    // Where no configuration can be read nobody could mend the keys any more; other commands fail by themselves.
    let Ok(installation) = Installation::load() else { return Ok(()) };
    let repos: Vec<RepoName> = match need {
        Need::Repo(_, repo) => RepoName::new(repo).into_iter().collect(),
        Need::Domain(_, host) => {
            let domain = installation.configuration().domain_of(host);
            let targets = domain.into_iter().flat_map(|(_, it)| it.targets());
            targets.map(|RunnerRef { repo, .. }| repo.clone()).collect()
        }
        _ => installation.configuration().repos.keys().cloned().collect(),
    };
    for repo in repos {
        for right in &rights {
            if let Some(reason) = withheld(&installation, context, *right, &repo) {
                return Err(refusal(context, *right, Some(&repo), &reason));
            }
        }
    }
    Ok(())
}

/// Returns whether the key of `context` may see `repo`.
pub(crate) fn may_read(installation: &Installation, context: &Context, repo: &RepoName) -> bool {
    may(installation, context, Permission::Read, repo)
}

/// Returns whether the key of `context` may see every repo, and so what is wrong with any file.
pub(crate) fn may_read_all(installation: &Installation, context: &Context) -> bool {
    let configuration = installation.configuration();
    let mut repos = configuration.repos.keys().chain(&configuration.broken_repos);
    repos.all(|repo| may_read(installation, context, repo))
}

/// Returns whether the key of `context` has a right on `repo`.
pub(crate) fn may(
    installation: &Installation,
    context: &Context,
    right: Permission,
    repo: &RepoName,
) -> bool {
    let Some(key) = &context.key else { return true };
    key.has(right) && withheld(installation, context, right, repo).is_none()
}

/// Returns the right that a command of this name needs; `None` for one that needs none.
pub(crate) fn right_of(command: &str) -> Option<Permission> {
    match command {
        "rebuild"
        | "restart"
        | "rollback"
        | "stop"
        | "start"
        | "maintenance"
        | "apply"
        | "cleanup"
        | "rebuild_authorized_keys" => Some(Permission::Push),
        "run" | "custom_cmds" | "secret" => Some(Permission::Run),
        "check" | "help" | "completions" | "man" => None,
        _ => Some(Permission::Read),
    }
}

fn need(command: &Command) -> Need<'_> {
    let all = |right, repo: &'_ Option<String>| match repo {
        Some(_) => None,
        None => Some(Need::All(right)),
    };
    match command {
        Command::GitReceivePack(it) => Need::Repo(Permission::Push, name(&it.repo)),
        Command::GitUploadPack(it) => Need::Repo(Permission::Read, name(&it.repo)),
        Command::Rebuild(it) => all(Permission::Push, &it.branches.repo)
            .unwrap_or(Need::Repo(Permission::Push, it.branches.repo.as_deref().unwrap_or_default())),
        Command::Restart(it) => all(Permission::Push, &it.branches.repo)
            .unwrap_or(Need::Repo(Permission::Push, it.branches.repo.as_deref().unwrap_or_default())),
        Command::Rollback(it) => Need::Repo(Permission::Push, &it.branch.repo),
        Command::Stop(it) => Need::Repo(Permission::Push, &it.branch.repo),
        Command::Start(it) => Need::Repo(Permission::Push, &it.branch.repo),
        Command::Maintenance(it) if it.state == State::Show => Need::Repo(Permission::Read, &it.branch.repo),
        Command::Maintenance(it) => Need::Repo(Permission::Push, &it.branch.repo),
        Command::Run(it) => Need::Repo(Permission::Run, &it.branch.repo),
        Command::CustomCmds(it) => Need::Repo(Permission::Run, &it.branch.repo),
        Command::Env(it) if it.show => Need::Repo(Permission::Run, &it.branch.repo),
        Command::Env(it) => Need::Repo(Permission::Read, &it.branch.repo),
        Command::Secret(it) => match &it.action {
            Action::Set(change) | Action::Unset(change) => Need::Repo(Permission::Run, &change.branch.repo),
            Action::List(list) => Need::Repo(Permission::Read, &list.branch.repo),
        },
        Command::Logs(it) => Need::Repo(Permission::Read, &it.repo),
        Command::Releases(it) if it.show => Need::Repo(Permission::Run, &it.branch.repo),
        Command::Releases(it) => Need::Repo(Permission::Read, &it.branch.repo),
        Command::Status(it) => {
            it.repo.as_ref().map_or(Need::Nothing, |repo| Need::Repo(Permission::Read, repo))
        }
        Command::Why(it) => Need::Domain(Permission::Read, &it.address.host),
        Command::Plan(_) => Need::All(Permission::Read),
        Command::Apply(_) | Command::Cleanup(_) => Need::All(Permission::Push),
        Command::RebuildAuthorizedKeys(_) => Need::Everything,
        Command::List(_)
        | Command::Metrics(_)
        | Command::Check(_)
        | Command::Completions(_)
        | Command::Man(_)
        | Command::Ssh(_)
        | Command::UpdateHook(_) => Need::Nothing,
    }
}

/// Says why a key has not got a right on a repo; `None` when it has.
fn withheld(
    installation: &Installation,
    context: &Context,
    right: Permission,
    repo: &RepoName,
) -> Option<String> {
    let configuration = installation.configuration();
    if configuration.broken_repos.contains(repo) {
        // What it says of access cannot be known; a file without the word limits nobody. One that could not be read is in
        // no message either, so whoever pushes may learn why nothing of it can be deployed.
        let is_its =
            |path: &Utf8Path| !path.starts_with("domains") && path.file_stem() == Some(repo.as_str());
        let mut texts = installation.files.iter().filter(|file| is_its(&file.path)).peekable();
        let limits = match texts.peek() {
            None => right != Permission::Push,
            Some(_) => texts.any(|file| String::from_utf8_lossy(&file.text).contains("access")),
        };
        return limits.then(|| "its configuration is broken, and may limit that".to_owned());
    }
    let repo = configuration.repos.get(repo)?;
    if repo.access.allows(&context.by, right) {
        return None;
    }
    let keys = repo.access.keys(right).unwrap_or_default();
    Some(match keys {
        [] => format!("{} gives `{right}` to nobody", repo.file),
        keys => format!("{} gives `{right}` to: {}", repo.file, keys.join(", ")),
    })
}

fn refusal(context: &Context, right: Permission, repo: Option<&RepoName>, reason: &str) -> Failure {
    let what = match right {
        Permission::Push => "deploy",
        Permission::Run => "run commands or see values",
        Permission::Read => "look",
    };
    let place = repo.map(|repo| format!(" in `{repo}`")).unwrap_or_default();
    Failure::forbidden(
        format!("the key `{}` may not {what}{place}\n  because {reason}", context.by),
        "`help` lists what it may do; whoever looks after this host can change that",
    )
}

/// Lists what the key of `context` may do on each repo, for its greeting; `None` when nothing is limited.
pub(crate) fn summary(installation: &Installation, context: &Context) -> Option<String> {
    let configuration = installation.configuration();
    let limited = |access: &Access| Permission::ALL.iter().any(|right| access.keys(*right).is_some());
    let key = context.key.as_ref()?;
    if key.only.is_none() && !configuration.repos.values().any(|repo| limited(&repo.access)) {
        return None;
    }
    let mut text = String::new();
    for repo in configuration.repos.keys() {
        let rights = Permission::ALL.into_iter().filter(|right| may(installation, context, *right, repo));
        let rights: Vec<String> = rights.map(|right| right.to_string()).collect();
        let rights = if rights.is_empty() { "nothing".to_owned() } else { rights.join(", ") };
        text.push_str(&format!("    {:<26}{rights}\n", repo.as_str()));
    }
    Some(text)
}
