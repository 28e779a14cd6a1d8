//! Getting certificates for domains with `ssl: auto`, and putting them to use.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use jiff::Timestamp;
use pypaas_config::{Domain, DomainName};
use pypaas_core::host::Host;
use pypaas_core::{
    ApplyFailure, Engine, FailedRenewal, IssuedCertificate, Progress, WebFileName, WebInstance,
};
use pypaas_linux::acme::{Acme, AcmeError};
use pypaas_linux::checks::certificates::{IssuedState, issued_state};
use pypaas_linux::{LinuxHost, durable};

use crate::failure::Failure;
use crate::installation::Installation;

/// How many certificates of a domain are kept.
const KEPT: usize = 2;

/// How long to wait before a lock is tried again.
const AGAIN: Duration = Duration::from_millis(50);

/// Lists the domains that have their certificates issued, with what is known of these.
pub(crate) fn states(installation: &Installation) -> Vec<(&DomainName, &Domain, IssuedState)> {
    let domains = installation.configuration().domains.iter().filter(|(_, domain)| domain.ssl_auto);
    let state = |(name, domain)| (name, domain, issued_state(&installation.platform.layout, name, domain));
    domains.map(state).collect()
}

/// Gets a certificate for a domain and makes the edge serve it. One that is not due is left alone, unless `force` says so.
/// Returns whether there is a new one.
pub(crate) fn renew(
    installation: &Installation,
    name: &DomainName,
    domain: &Domain,
    force: bool,
    progress: &mut dyn Progress,
) -> Result<bool, Failure> {
    let layout = &installation.platform.layout;
    let mut host = installation.host();
    lock(installation, &mut host, name, progress)?;
    // Only now nobody else changes it.
    let state = issued_state(layout, name, domain);
    if !force && state.due_at() > Timestamp::now() {
        // Whoever got the newest one was stopped before nginx served it.
        if !is_in_use(installation, &mut host, name)? {
            put_to_use(installation, &mut host, progress)?;
        }
        return Ok(false);
    }
    progress.note(&format!("getting a certificate for {name}"));
    issue(installation, name, domain, &state)?;
    put_to_use(installation, &mut host, progress)?;
    remove_older(installation, name)?;
    Ok(true)
}

/// Takes the lock of certificates. While another process holds it, waits as long as `lock_timeout` says.
fn lock(
    installation: &Installation,
    host: &mut LinuxHost,
    name: &DomainName,
    progress: &mut dyn Progress,
) -> Result<(), Failure> {
    let lock = installation.platform.layout.certificates_lock();
    let longest = installation.configuration().settings.lock_timeout;
    let began = Instant::now();
    let mut is_told = false;
    while !host.locks().try_lock(&lock, &format!("a certificate for {name}"))? {
        let holder = host.locks().lock_note(&lock)?;
        if began.elapsed() > longest {
            return Err(Failure::new(format!("still at work on {holder}"), "try again when that has ended"));
        }
        if !is_told {
            progress.note(&format!("waiting for {holder}"));
            is_told = true;
        }
        thread::sleep(AGAIN);
    }
    Ok(())
}

/// Gets a certificate, and notes how that ended.
fn issue(
    installation: &Installation,
    name: &DomainName,
    domain: &Domain,
    state: &IssuedState,
) -> Result<(), Failure> {
    let layout = &installation.platform.layout;
    let names: Vec<DomainName> = domain.names(name).cloned().collect();
    let failures = state.failed.as_ref().map_or(0, |it| it.failures).saturating_add(1);
    let note = |reason: &str, asked: bool| {
        let reason = reason.to_owned();
        note_failure(installation, name, &FailedRenewal { at: Timestamp::now(), failures, reason, asked })
    };
    let failed = |error: AcmeError| {
        let hint = format!("once that is fixed, run `pypaas certificates renew {name}`");
        Failure::new(format!("no certificate for `{name}`"), hint).because([error.to_string()])
    };
    let acme = Acme::new(layout, &installation.configuration().settings.acme);
    if let Some(error) = names.iter().find_map(|name| acme.check_reachable(name).err()) {
        note(&error.to_string(), false)?;
        return Err(failed(error));
    }
    // Written before the authority is asked: after a crash, or on a full disk, it must not be asked again at once.
    note("the last attempt did not end", true)?;
    if let Err(error) = acme.issue(name, &names) {
        note(&error.to_string(), true)?;
        return Err(failed(error));
    }
    fs::remove_file(layout.failed_renewal(name))?;
    Ok(())
}

fn put_to_use(
    installation: &Installation,
    host: &mut LinuxHost,
    progress: &mut dyn Progress,
) -> Result<(), Failure> {
    let failed = Engine::new(host, &installation.platform, progress).apply_web_files()?;
    match failed.into_iter().next() {
        None => Ok(()),
        Some(ApplyFailure { error, .. }) => Err(error.into()),
    }
}

fn note_failure(
    installation: &Installation,
    name: &DomainName,
    failed: &FailedRenewal,
) -> Result<(), Failure> {
    let layout = &installation.platform.layout;
    durable::create_directory(&layout.certificates(name))?;
    durable::replace(&layout.failed_renewal(name), &serde_json::to_vec_pretty(failed)?, 0o600)?;
    Ok(())
}

/// Returns whether there is a certificate for a domain that the edge does not serve.
pub(crate) fn waits_for_use(installation: &Installation, name: &DomainName) -> bool {
    matches!(is_in_use(installation, &mut installation.host(), name), Ok(false))
}

/// Returns whether the edge's file of a domain names its newest certificate. A domain without a file waits for `apply`.
fn is_in_use(installation: &Installation, host: &mut LinuxHost, name: &DomainName) -> Result<bool, Failure> {
    let layout = &installation.platform.layout;
    let file = layout.web_file(&WebFileName::domain_of(WebInstance::Edge, name));
    let text = host.files().read_file(&file)?;
    let newest = IssuedCertificate::newest(host.files(), layout, name)?;
    Ok(match (text, newest) {
        (Some(text), Some(newest)) => text.contains(newest.chain().as_str()),
        _ => true,
    })
}

/// Removes the certificates that nothing uses any more, and what an attempt that was killed has left.
fn remove_older(installation: &Installation, name: &DomainName) -> Result<(), Failure> {
    let all = installation.platform.layout.certificates(name);
    let mut found: Vec<_> = all.read_dir_utf8()?.filter_map(|entry| Some(entry.ok()?.into_path())).collect();
    found.retain(|path| path.is_dir());
    found.sort();
    let is_unfinished = |path: &Utf8PathBuf| path.file_name().is_some_and(|it| it.starts_with('.'));
    let (unfinished, mut kept): (Vec<_>, Vec<_>) = found.into_iter().partition(is_unfinished);
    kept.truncate(kept.len().saturating_sub(KEPT));
    for path in unfinished.into_iter().chain(kept) {
        fs::remove_dir_all(path)?;
    }
    Ok(())
}
