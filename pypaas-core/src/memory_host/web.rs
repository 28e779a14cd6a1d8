//! A web server in memory.

use std::collections::BTreeMap;
use std::io;

use super::{Extent, MemoryHost};
use crate::host::{Version, WebServer, WebServerError};
use crate::{WebFile, WebFileName, WebRoutes};

impl MemoryHost {
    /// Returns the files in the directory the web server includes, with where they send requests.
    pub fn web_files(&self) -> BTreeMap<WebFileName, WebFile> {
        let name =
            |path: &camino::Utf8Path| WebFileName::found(path.strip_prefix(self.layout.web()).ok()?.as_str());
        let text = self.files.get(&self.layout.web_routes());
        let all: WebRoutes = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let file = |(path, text): (&_, &String)| {
            let name = name(path)?;
            let routes = all.get(&name).cloned().unwrap_or_default();
            Some((name, WebFile { text: text.clone(), routes }))
        };
        self.files
            .iter()
            .filter_map(|(path, text): (&camino::Utf8PathBuf, _)| file((path.as_path(), text)))
            .collect()
    }

    pub(super) fn check_web_files(&self) -> Result<(), WebServerError> {
        let Some(rejected) = &self.rejected else { return Ok(()) };
        match self.web_files().iter().find(|(_, file)| file.text.contains(rejected)) {
            Some((file, _)) => {
                let place = Some(self.layout.web_file(file).to_string());
                Err(WebServerError::Rejected { message: format!("unknown directive \"{rejected}\""), place })
            }
            None => Ok(()),
        }
    }
}

impl WebServer for MemoryHost {
    fn web_server_version(&mut self) -> Result<Version, WebServerError> {
        Ok(Version(1, 22, 1))
    }

    fn web_server_runs(&mut self) -> bool {
        self.web_server_runs
    }

    fn has_gzip_static(&mut self) -> Result<bool, WebServerError> {
        Ok(true)
    }

    fn test_web_server(&mut self) -> Result<(), WebServerError> {
        let tested = self.effect("test nginx's configuration".to_owned(), |_, _| ());
        tested.map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull => {
                WebServerError::Rejected { message: error.to_string(), place: None }
            }
            _ => unreachable(error),
        })?;
        self.check_web_files()
    }

    fn reload_web_server(&mut self) -> Result<(), WebServerError> {
        if !self.web_server_runs {
            return Err(unreachable(io::Error::other("nginx does not run")));
        }
        self.check_web_files()?;
        let words = "reload nginx, until only new workers take connections".to_owned();
        let load = |host: &mut Self, extent| {
            if extent == Extent::Whole {
                host.loaded = host.web_files();
                host.late_clients += 1;
            }
        };
        self.effect(words, load)
            .map_err(|error| WebServerError::NotReloaded { seconds: 10, reason: error.to_string() })
    }
}

fn unreachable(error: io::Error) -> WebServerError {
    WebServerError::Unreachable { command: "nginx -t".to_owned(), reason: error.to_string() }
}
