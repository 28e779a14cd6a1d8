//! What a deploy prints, kept in a file and given to the admin's `deploy_logger_cmd`.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};

use camino::Utf8Path;
use pypaas_core::Environment;

use crate::deploy_logger::DeployLogger;

/// How much of the beginning is kept, and how much of the end: a build that prints without end must not fill the disk.
const KEPT: usize = 512 * 1024;

/// One deploy's log.
#[derive(Debug)]
pub(crate) struct DeployLog {
    file: File,
    /// How much the file still takes.
    free: usize,
    /// What comes after that, as far as it is kept.
    end: VecDeque<u8>,
    left_out: u64,
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
        Ok(Self { file, free: KEPT, end: VecDeque::new(), left_out: 0, logger })
    }

    /// Appends `bytes`. A log that cannot be written does not stop a deploy.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let (begin, rest) = bytes.split_at(bytes.len().min(self.free));
        let _ = self.file.write_all(begin);
        self.free -= begin.len();
        self.end.extend(rest);
        let too_much = self.end.len().saturating_sub(KEPT);
        self.end.drain(..too_much);
        self.left_out += too_much as u64;
        if let Some(logger) = &mut self.logger {
            logger.write(bytes);
        }
    }
}

impl Drop for DeployLog {
    /// Writes the end of what was too much.
    fn drop(&mut self) {
        let end: &[u8] = self.end.make_contiguous();
        let written = match self.left_out {
            0 => Ok(()),
            bytes => writeln!(self.file, "\n[{bytes} bytes are left out here]"),
        };
        let _ = written.and_then(|()| self.file.write_all(end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_much_output_the_beginning_and_the_end_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap().join("deploys/1.log");
        let written = |pieces: &[&[u8]]| {
            let mut log = DeployLog::open(&path, None, &Environment::default()).unwrap();
            pieces.iter().for_each(|piece| log.write(piece));
            drop(log);
            let text = fs::read_to_string(&path).unwrap();
            fs::remove_file(&path).unwrap();
            text
        };
        assert_eq!(written(&[b"one\n", b"two\n"]), "one\ntwo\n");
        let much = vec![b'x'; 2 * KEPT - 8];
        assert_eq!(written(&[b"one\n", &much, b"two\n"]).len(), 2 * KEPT);
        let text = written(&[b"one\n", &much, &much, b"two\n"]);
        assert!(text.starts_with("one\nx") && text.ends_with("xtwo\n"));
        assert!(text.contains(&format!("x\n[{} bytes are left out here]\nx", 2 * KEPT - 8)));
    }
}
