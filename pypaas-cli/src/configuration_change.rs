//! A change of the configuration directory: files that are created, and files that are removed. None is rewritten.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::{Diagnostic, Loaded};
use pypaas_linux::durable;

use crate::configuration_directory::load_directory_with;
use crate::failure::Failure;
use crate::installation::{Installation, reports};
use crate::terminal;

/// A file that is to be in the configuration directory.
#[derive(Debug, Clone)]
pub(crate) struct NewFile {
    /// Where, relative to that directory.
    pub(crate) path: Utf8PathBuf,
    /// What it says.
    pub(crate) text: String,
}

/// What is to be created and removed.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConfigurationChange {
    /// The files that are created.
    pub(crate) created: Vec<NewFile>,
    /// The files that are removed, relative to the configuration directory, in this order.
    pub(crate) removed: Vec<Utf8PathBuf>,
}

impl ConfigurationChange {
    /// Loads the configuration as it will be. A mistake that the change makes is an error, and so is a file that is there already.
    pub(crate) fn check(&self, directory: &Utf8Path) -> Result<Loaded, Failure> {
        if let Some(file) =
            self.created.iter().find(|file| directory.join(&file.path).symlink_metadata().is_ok())
        {
            return Err(Failure::new(
                format!("`{}` is there already", directory.join(&file.path)),
                "choose another name, or edit that file",
            ));
        }
        let before = load_directory_with(directory, &Self::default())?.problems;
        let after = load_directory_with(directory, self)?;
        let new: Vec<&Diagnostic> =
            after.problems.iter().filter(|problem| !before.contains(problem)).collect();
        if new.is_empty() {
            return Ok(after);
        }
        let (unchanged, fix) = match self.created.is_empty() {
            true => ("removed", "change what is configured, then try again"),
            false => ("created", "choose other names, or change what is configured"),
        };
        Err(Failure::new(
            format!("the configuration would have a mistake; nothing was {unchanged}\n{}", reports(new)),
            fix,
        ))
    }

    /// Checks the change and returns `installation` as it will be.
    pub(crate) fn predict(&self, installation: &Installation) -> Result<Installation, Failure> {
        let loaded = self.check(&installation.directory)?;
        let home = installation.platform.layout.home();
        let mut after = Installation::of(&installation.caller, home, &installation.directory, loaded)?;
        let (before, settings) = (&installation.platform, &mut after.platform.configuration.settings);
        settings.lock_timeout = before.configuration.settings.lock_timeout;
        after.platform.secrets = before.secrets.clone();
        after.platform.store_passwords = before.store_passwords.clone();
        Ok(after)
    }

    /// Prints what would be changed in `directory`.
    pub(crate) fn print(&self, directory: &Utf8Path) {
        for file in &self.created {
            terminal::out(&format!("would create {}:\n\n{}\n", directory.join(&file.path), file.text));
        }
        for path in &self.removed {
            terminal::out(&format!("would remove {}\n", directory.join(path)));
        }
    }

    /// Changes `directory`, and prints each file.
    pub(crate) fn make(&self, directory: &Utf8Path) -> Result<(), Failure> {
        for file in &self.created {
            create(directory, file)?;
            terminal::out(&format!("created {}\n", directory.join(&file.path)));
        }
        for path in self.removed.iter().map(|path| directory.join(path)) {
            durable::remove_file(&path).map_err(|error| {
                Failure::new(
                    format!("cannot remove `{path}`: {error}"),
                    "the deploy user must be able to write in its directory",
                )
            })?;
            terminal::out(&format!("removed {path}\n"));
        }
        Ok(())
    }
}

fn create(directory: &Utf8Path, file: &NewFile) -> Result<(), Failure> {
    let path = directory.join(&file.path);
    let written = durable::create_directory(durable::directory_of(&path)).and_then(|()| {
        let mut created = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        created.write_all(file.text.as_bytes())?;
        created.sync_all()
    });
    written.map_err(|error| {
        Failure::new(
            format!("cannot create `{path}`: {error}"),
            "the deploy user must be able to write there",
        )
    })
}
