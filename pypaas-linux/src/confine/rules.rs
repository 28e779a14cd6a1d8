//! What a confined command may do with what it sees: Landlock's rules.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, NetPort, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError, Scope,
};
use pypaas_core::Confinement;

use super::root::{DEVICES, SYSTEM, TEMPORARY};
use super::{ConfineError, failed};

/// The newest of Landlock's features that are asked for; a kernel that knows fewer applies those.
const NEWEST: ABI = ABI::V7;

/// Restricts this process for good, and all that it starts.
///
/// With `own_root` there is nothing else than it may see; else all of the host is there, and the rules leave out the rest.
pub(super) fn restrict(confinement: &Confinement, own_root: bool) -> Result<(), ConfineError> {
    let read = AccessFs::from_read(newest());
    let all = AccessFs::from_all(newest());
    let mut allowed: Vec<(Utf8PathBuf, BitFlags<AccessFs>)> = Vec::new();
    if own_root {
        allowed.push(("/".into(), read));
        allowed.extend(TEMPORARY.into_iter().chain(["/dev"]).map(|path| (path.into(), all)));
    } else {
        let shown = SYSTEM.into_iter().flat_map(|path| without(Utf8Path::new(path), &confinement.hidden));
        allowed.extend(shown.map(|path| (path, read)));
        allowed.extend(DEVICES.map(|path| (path.into(), all)));
        allowed.push((confinement.temporary.clone(), all));
    }
    allowed.extend(confinement.readable.iter().map(|path| (path.clone(), read)));
    allowed.extend(confinement.writable.iter().map(|path| (path.clone(), all)));
    let mut rules = begin().map_err(failed("make a Landlock ruleset"))?;
    for (path, access) in allowed {
        rules = add(rules, &path, access)?;
    }
    // The kernel chooses where 0 is asked for.
    for port in confinement.ports.iter().copied().chain([0]) {
        let rule = NetPort::new(port, AccessNet::BindTcp);
        rules = rules.add_rule(rule).map_err(failed(format!("allow port {port}")))?;
    }
    rules.restrict_self().map(drop).map_err(failed("apply Landlock's rules"))
}

/// Returns the newest of Landlock's features that may be used.
pub(super) fn newest() -> ABI {
    NEWEST
}

/// Begins a ruleset that allows nothing of all that the kernel can refuse.
fn begin() -> Result<RulesetCreated, RulesetError> {
    let scopes = Scope::from_all(newest());
    let ruleset = Ruleset::default().handle_access(AccessFs::from_all(newest()))?;
    let ports = AccessNet::from_all(newest()) & AccessNet::BindTcp;
    let ruleset = if ports.is_empty() { ruleset } else { ruleset.handle_access(ports)? };
    let ruleset = if scopes.is_empty() { ruleset } else { ruleset.scope(scopes)? };
    ruleset.create()
}

/// Allows `access` to `path` and all below it.
fn add(
    rules: RulesetCreated,
    path: &Utf8Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, ConfineError> {
    let Ok(found) = fs::metadata(path) else { return Ok(rules) };
    let access = if found.is_dir() { access } else { access & AccessFs::from_file(newest()) };
    let opened = PathFd::new(path).map_err(failed(format!("open `{path}`")))?;
    rules.add_rule(PathBeneath::new(opened, access)).map_err(failed(format!("allow `{path}`")))
}

/// Lists what is in `path` without the `hidden` directories: rules can only allow, and what they allow holds for all below.
fn without(path: &Utf8Path, hidden: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
    if hidden.iter().any(|it| path.starts_with(it)) {
        return Vec::new();
    }
    if !hidden.iter().any(|it| it.starts_with(path)) {
        return vec![path.to_owned()];
    }
    let entries = path.read_dir_utf8().into_iter().flatten().flatten();
    entries.flat_map(|entry| without(entry.path(), hidden)).collect()
}
