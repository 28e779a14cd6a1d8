//! Access: what a key may do.
//!
//! Three things limit a key: a comment in its own file, which the forced command carries (`--only`), `access` of each repo,
//! and `admins` of `pypaas.yml`. Whoever has a shell on the host is limited by none of them. What cannot be read is taken
//! to limit everybody: a broken or missing file gives nothing away.

use camino::Utf8Path;
use pypaas_config::{DomainName, Permission, RepoName, RunnerRef};

use crate::command::Requirement;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;

/// Refuses what the key of `invocation` may not do, with the reason.
pub(crate) fn check(requirement: &Requirement, invocation: &Invocation) -> Result<(), Failure> {
    let Some(key) = &invocation.key else { return Ok(()) };
    let permission = match requirement {
        Requirement::Nothing => return Ok(()),
        Requirement::Host => {
            return Err(refusal(invocation, Permission::Admin, None, "no client may run it"));
        }
        Requirement::Admin => Permission::Admin,
        Requirement::Repo(permission, _)
        | Requirement::Domain(permission, _)
        | Requirement::EveryRepo(permission) => *permission,
    };
    if !key.has(permission) {
        let only = key.only.iter().flatten().map(Permission::to_string).collect::<Vec<_>>().join(", ");
        return Err(refusal(invocation, permission, None, &format!("its key file limits it to: {only}")));
    }
    let installation = Installation::load_without_secrets(invocation)?;
    if permission == Permission::Admin {
        return match not_admin_because(&installation) {
            Some(reason) => Err(refusal(invocation, permission, None, &reason)),
            None => Ok(()),
        };
    }
    for repo in repos(requirement, &installation) {
        if let Some(reason) = denied_because(&installation, permission, &repo) {
            return Err(refusal(invocation, permission, Some(&repo), &reason));
        }
    }
    Ok(())
}

/// Lists the repos that a requirement is about.
fn repos(requirement: &Requirement, installation: &Installation) -> Vec<RepoName> {
    match requirement {
        Requirement::Repo(_, repo) => RepoName::new(repo.as_str()).into_iter().collect(),
        Requirement::Domain(_, host) => repos_of_domain(installation, host),
        _ => installation.every_repo().into_iter().collect(),
    }
}

/// The repos to which a domain routes requests; all of them where its file is broken and may name any.
fn repos_of_domain(installation: &Installation, host: &str) -> Vec<RepoName> {
    let configuration = installation.configuration();
    if configuration.broken_domains.iter().any(|it: &DomainName| it.as_str() == host) {
        return installation.every_repo().into_iter().collect();
    }
    let domain = configuration.domain_of(host);
    let targets = domain.into_iter().flat_map(|(_, it)| it.targets());
    targets.map(|RunnerRef { repo, .. }| repo.clone()).collect()
}

/// Returns whether the caller may see `repo`.
pub(crate) fn may_read(installation: &Installation, repo: &RepoName) -> bool {
    may(installation, Permission::Read, repo)
}

/// Returns whether the caller may see every repo, and so the whole host.
pub(crate) fn may_read_all(installation: &Installation) -> bool {
    installation.every_repo().iter().all(|repo| may_read(installation, repo))
}

/// Returns whether the caller may see what is in a file of the configuration: that of a repo it may read, that of a domain
/// that routes to such repos only, or any if it may read all.
pub(crate) fn may_see_file(installation: &Installation, file: &Utf8Path) -> bool {
    if installation.caller.key.is_none() {
        return true;
    }
    let name = file.file_stem().unwrap_or_default();
    match file.parent().map(Utf8Path::as_str) {
        Some("repo" | "repos") => RepoName::new(name).is_ok_and(|repo| may_read(installation, &repo)),
        Some("domains") => may_see_domain(installation, name),
        _ => may_read_all(installation),
    }
}

/// Returns whether the caller may see what is configured for a domain.
pub(crate) fn may_see_domain(installation: &Installation, name: &str) -> bool {
    let repos = repos_of_domain(installation, name);
    let all = repos.iter().all(|repo| may_read(installation, repo));
    if repos.is_empty() { may_read_all(installation) } else { all }
}

/// Returns whether the caller has a permission on `repo`.
pub(crate) fn may(installation: &Installation, permission: Permission, repo: &RepoName) -> bool {
    let Some(key) = &installation.caller.key else { return true };
    key.has(permission) && denied_because(installation, permission, repo).is_none()
}

/// Returns whether `help` should list a command that needs at least `least`: some repo, or the host, can be used with it.
pub(crate) fn may_ever(
    installation: Option<&Installation>,
    invocation: &Invocation,
    least: Permission,
) -> bool {
    let Some(key) = &invocation.key else { return true };
    let Some(installation) = installation else { return key.has(least) };
    if least == Permission::Admin {
        return key.has(least) && not_admin_because(installation).is_none();
    }
    let repos = &installation.configuration().repos;
    key.has(least) && (repos.is_empty() || repos.keys().any(|repo| may(installation, least, repo)))
}

/// Says why a key is no admin; `None` when it is: `admins` names it, or there is no such list and nothing limits it.
fn not_admin_because(installation: &Installation) -> Option<String> {
    match &installation.configuration().settings.admins {
        Some(admins) if admins.contains(&installation.caller.by) => None,
        Some(_) => Some("pypaas.yml does not name it in `admins`".to_owned()),
        None => installation.every_repo().iter().find_map(|repo| {
            Permission::OF_A_REPO
                .iter()
                .find_map(|permission| denied_because(installation, *permission, repo))
        }),
    }
}

/// Says why a key does not have a permission on a repo; `None` when it has.
fn denied_because(installation: &Installation, permission: Permission, repo: &RepoName) -> Option<String> {
    let configuration = installation.configuration();
    if configuration.settings.admins.as_ref().is_some_and(|admins| admins.contains(&installation.caller.by)) {
        return None;
    }
    let Some(found) = configuration.repos.get(repo) else {
        return installation.may_limit(repo).then(|| {
            format!("the configuration of `{repo}` is broken or missing, and may limit what keys can do")
        });
    };
    if found.access.allows(&installation.caller.by, permission) {
        return None;
    }
    let keys = found.access.keys(permission).unwrap_or_default();
    Some(match keys {
        _ if !found.access.allows(&installation.caller.by, Permission::Read) => {
            format!("{} does not grant it", found.file)
        }
        [] => format!("{} grants `{permission}` to no key", found.file),
        keys => format!("{} grants `{permission}` to: {}", found.file, keys.join(", ")),
    })
}

fn refusal(
    invocation: &Invocation,
    permission: Permission,
    repo: Option<&RepoName>,
    reason: &str,
) -> Failure {
    let place = repo.map(|repo| format!(" on repo `{repo}`")).unwrap_or_default();
    Failure::forbidden(
        format!("the key `{}` does not have permission `{permission}`{place}", invocation.by),
        "`help` lists what this key may do; the host's administrator can change that",
    )
    .because([reason])
}

/// Lists what the caller may do on each repo, for its greeting; `None` when nothing is limited.
pub(crate) fn summary(installation: &Installation) -> Option<String> {
    let configuration = installation.configuration();
    let key = installation.caller.key.as_ref()?;
    let is_limited = configuration.settings.admins.is_some()
        || configuration.repos.values().any(|repo| repo.access.limits());
    if key.only.is_none() && !is_limited {
        return None;
    }
    let mut text = String::new();
    if key.has(Permission::Admin) && not_admin_because(installation).is_none() {
        text.push_str("    (everything)              admin\n");
    }
    for repo in configuration.repos.keys() {
        let permissions = Permission::OF_A_REPO.into_iter().filter(|it| may(installation, *it, repo));
        let permissions: Vec<String> = permissions.map(|it| it.to_string()).collect();
        if !permissions.is_empty() {
            text.push_str(&format!("    {:<26}{}\n", repo.as_str(), permissions.join(", ")));
        }
    }
    if text.is_empty() {
        text.push_str("    nothing\n");
    }
    Some(text)
}
