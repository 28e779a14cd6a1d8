//! Files in memory.

use std::collections::BTreeSet;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use pypaas_config::Persist;

use super::{Extent, MemoryHost};
use crate::host::{FileError, Files, Mode};
use crate::step::persist_words;
use crate::{Site, SiteContents};

impl Files for MemoryHost {
    fn read_file(&mut self, path: &Utf8Path) -> Result<Option<String>, FileError> {
        Ok(self.files.get(path).cloned())
    }

    fn replace_file(&mut self, path: &Utf8Path, text: &str, _: Mode) -> Result<(), FileError> {
        let words = self.words_for_file(path, text);
        let write = |host: &mut Self, extent| {
            match extent {
                Extent::Whole => host.files.insert(path.to_owned(), text.to_owned()),
                _ => host.files.insert(torn(path), text.chars().take(text.len() / 2).collect()),
            };
        };
        self.effect(words, write).map_err(|source| FileError {
            action: "write",
            path: path.to_owned(),
            source,
        })
    }

    fn read_end(&mut self, path: &Utf8Path, bytes: u64) -> Result<Option<Vec<u8>>, FileError> {
        let end = |text: &String| {
            let text = text.as_bytes();
            text[text.len().saturating_sub(usize::try_from(bytes).unwrap_or(usize::MAX))..].to_vec()
        };
        Ok(self.files.get(path).map(end))
    }

    fn append_to_file(&mut self, path: &Utf8Path, text: &str) -> Result<(), FileError> {
        let append = |host: &mut Self, extent| {
            let length = if extent == Extent::Whole { text.len() } else { text.len() / 2 };
            let added: String = text.chars().take(length).collect();
            host.files.entry(path.to_owned()).or_default().push_str(&added);
        };
        self.effect(format!("append to {path}"), append).map_err(|source| FileError {
            action: "append to",
            path: path.to_owned(),
            source,
        })
    }

    fn remove_file(&mut self, path: &Utf8Path) -> Result<(), FileError> {
        let words = self.words_for_removal(path);
        let remove = |host: &mut Self, extent| {
            if extent == Extent::Whole {
                host.files.remove(path);
            }
        };
        self.effect(words, remove).map_err(|source| FileError {
            action: "remove",
            path: path.to_owned(),
            source,
        })
    }

    fn list_directory(&mut self, path: &Utf8Path) -> Result<Vec<String>, FileError> {
        let below = |it: &Utf8Path| {
            let first = it.strip_prefix(path).ok()?.components().next()?;
            Some(first.as_str().to_owned())
        };
        let here = |it: &&Utf8PathBuf| it.starts_with(path);
        let from = path.to_owned();
        let real = self.layout.services_real();
        let has_services = real.starts_with(path) || path.starts_with(&real);
        let services = self.services.keys().filter(|_| has_services).map(|name| self.layout.service(name));
        let names: BTreeSet<String> = self
            .files
            .range(from.clone()..)
            .map(|(file, _)| file)
            .take_while(here)
            .chain(self.directories.range(from.clone()..).take_while(here))
            .chain(self.repositories.range(from..).map(|(directory, _)| directory).take_while(here))
            .chain(self.locks.keys().filter(here))
            .filter_map(|it| below(it))
            .chain(services.filter_map(|it| below(&it)))
            .collect();
        Ok(names.into_iter().collect())
    }

    fn create_directory(&mut self, path: &Utf8Path) -> Result<(), FileError> {
        let words = format!("create the directory {path}");
        let create = |host: &mut Self, _| {
            host.directories.insert(path.to_owned());
        };
        self.effect(words, create).map_err(|source| FileError {
            action: "create",
            path: path.to_owned(),
            source,
        })
    }

    fn remove_directory(&mut self, path: &Utf8Path) -> Result<(), FileError> {
        let failed = |source| FileError { action: "remove", path: path.to_owned(), source };
        if self.running_commands.contains(path) {
            return Err(failed(io::Error::other("a command runs in it")));
        }
        let words = self.words_for_removal(path);
        let remove = |host: &mut Self, extent| {
            host.files.retain(|file, _| !file.starts_with(path));
            host.directories.retain(|directory| {
                !directory.starts_with(path) || (extent == Extent::Half && directory == path)
            });
        };
        self.effect(words, remove).map_err(failed)
    }

    fn persist(
        &mut self,
        paths: &[Persist],
        checkout: &Utf8Path,
        data: &Utf8Path,
        _: Option<&Utf8Path>,
    ) -> Result<Vec<String>, FileError> {
        let link = |host: &mut Self, _| {
            host.directories.extend(paths.iter().filter(|it| it.is_directory).map(|it| data.join(&it.path)));
        };
        self.effect(persist_words(paths), link).map_err(|source| FileError {
            action: "link into the data directory from",
            path: checkout.to_owned(),
            source,
        })?;
        Ok(Vec::new())
    }

    fn is_directory(&mut self, _: &Utf8Path) -> Result<bool, FileError> {
        // What a checkout holds is not told apart.
        Ok(true)
    }

    fn inspect_site(
        &mut self,
        site: &Site,
        checkout: &Utf8Path,
        _: Option<&Utf8Path>,
    ) -> Result<SiteContents, FileError> {
        self.effect(format!("check what nginx serves from {site}"), |_, _| ())
            .map_err(|source| FileError { action: "look through", path: checkout.to_owned(), source })?;
        Ok(SiteContents { is_there: true, has_index: true, private: Vec::new() })
    }

    fn set_aside(&mut self, _: &Utf8Path, _: Timestamp, _: &Utf8Path) -> Result<Vec<String>, FileError> {
        // Processes in memory write nothing.
        Ok(Vec::new())
    }
}

/// What a write that was cut short leaves beside the file.
fn torn(path: &Utf8Path) -> Utf8PathBuf {
    path.with_file_name(".new-torn")
}
