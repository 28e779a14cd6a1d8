//! Who runs the keeper, and wakes it.

use crate::installation::Installation;
use crate::{jobs, terminal};
use pypaas_linux::ring;

/// Makes sure that the keeper runs where the configuration needs one, and wakes it: something may be due.
pub(crate) fn wake(installation: &Installation) {
    let platform = &installation.platform;
    let has_jobs = || jobs::all(installation).is_ok_and(|jobs| !jobs.is_empty());
    let has_backups = platform.configuration.settings.backup.is_some();
    let notifies = !platform.configuration.settings.notify.is_empty();
    if platform.issued_domains().next().is_none() && !has_backups && !notifies && !has_jobs() {
        return;
    }
    let program = [platform.program.to_string(), "keeper".to_owned()];
    let configuration = platform.configuration_directory.as_deref();
    if let Err(error) = installation.host().start_keeper(&program, configuration) {
        terminal::err(&format!(
            "the keeper, which renews certificates, starts jobs, makes backups and sends notifications, does not run: {error}\n"
        ));
    }
    ring(&platform.layout.keeper_bell());
}
