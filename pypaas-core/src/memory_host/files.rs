//! Files in memory.

use std::collections::BTreeSet;
use std::io;

use camino::Utf8Path;

use super::MemoryHost;
use crate::host::{FileError, Files, Mode};

impl Files for MemoryHost {
    fn read_file(&mut self, path: &Utf8Path) -> Result<Option<String>, FileError> {
        Ok(self.files.get(path).cloned())
    }

    fn replace_file(&mut self, path: &Utf8Path, text: &str, _: Mode) -> Result<(), FileError> {
        let words = self.words_for_file(path, text);
        self.effect(words).map_err(|source| FileError { action: "write", path: path.to_owned(), source })?;
        self.files.insert(path.to_owned(), text.to_owned());
        Ok(())
    }

    fn remove_file(&mut self, path: &Utf8Path) -> Result<(), FileError> {
        let words = self.words_for_removal(path);
        self.effect(words).map_err(|source| FileError { action: "remove", path: path.to_owned(), source })?;
        self.files.remove(path);
        Ok(())
    }

    fn list_folder(&mut self, path: &Utf8Path) -> Result<Vec<String>, FileError> {
        let below = |it: &Utf8Path| {
            let first = it.strip_prefix(path).ok()?.components().next()?;
            Some(first.as_str().to_owned())
        };
        let services = self.services.keys().map(|name| self.layout.service(name));
        let names: BTreeSet<String> = self
            .files
            .keys()
            .chain(&self.folders)
            .chain(self.repositories.keys())
            .filter_map(|it| below(it))
            .chain(services.filter_map(|it| below(&it)))
            .collect();
        Ok(names.into_iter().collect())
    }

    fn create_folder(&mut self, path: &Utf8Path) -> Result<(), FileError> {
        let words = format!("create the folder {path}");
        self.effect(words).map_err(|source| FileError { action: "create", path: path.to_owned(), source })?;
        self.folders.insert(path.to_owned());
        Ok(())
    }

    fn remove_folder(&mut self, path: &Utf8Path) -> Result<(), FileError> {
        let failed = |source| FileError { action: "remove", path: path.to_owned(), source };
        if self.running_commands.contains(path) {
            return Err(failed(io::Error::other("a command runs in it")));
        }
        let words = self.words_for_removal(path);
        self.effect(words).map_err(failed)?;
        self.folders.retain(|folder| !folder.starts_with(path));
        self.files.retain(|file, _| !file.starts_with(path));
        Ok(())
    }
}
