//! What a deploy prints, kept in a file and given to the admin's `deploy_logger_cmd`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};

use camino::Utf8Path;
use pypaas_core::Environment;

use crate::deploy_logger::DeployLogger;

/// One deploy's log.
#[derive(Debug)]
pub(crate) struct DeployLog {
    file: File,
    logger: Option<DeployLogger>,
}

impl DeployLog {
    /// Opens the log at `path` and starts `logger`, a shell command that gets everything on its standard input.
    pub(crate) fn open(path: &Utf8Path, logger: Option<&str>, environment: &Environment) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let logger = logger.map(|line| DeployLogger::start(line, environment)).transpose()?;
        Ok(Self { file, logger })
    }

    /// Appends `bytes`. A log that cannot be written does not stop a deploy.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let _ = self.file.write_all(bytes);
        if let Some(logger) = &mut self.logger {
            logger.write(bytes);
        }
    }
}
