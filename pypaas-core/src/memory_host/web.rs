//! A web server in memory.

use std::collections::BTreeMap;

use super::MemoryHost;
use crate::WebFileName;
use crate::host::{Version, WebServer, WebServerError};

impl MemoryHost {
    /// Returns the files in the folder the web server includes.
    pub fn web_files(&self) -> BTreeMap<WebFileName, String> {
        let name =
            |path: &camino::Utf8Path| WebFileName::found(path.strip_prefix(self.layout.web()).ok()?.as_str());
        self.files.iter().filter_map(|(path, text)| Some((name(path)?, text.clone()))).collect()
    }

    fn check_web_files(&self) -> Result<(), WebServerError> {
        let Some(rejected) = &self.rejected else { return Ok(()) };
        match self.web_files().iter().find(|(_, text)| text.contains(rejected)) {
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

    fn test_web_server(&mut self) -> Result<(), WebServerError> {
        self.effect("test nginx's configuration".to_owned()).map_err(unreachable)?;
        self.check_web_files()
    }

    fn reload_web_server(&mut self) -> Result<(), WebServerError> {
        self.check_web_files()?;
        let words = "reload nginx, until only new workers take connections".to_owned();
        self.effect(words)
            .map_err(|error| WebServerError::NotReloaded { seconds: 10, reason: error.to_string() })?;
        self.loaded = self.web_files();
        Ok(())
    }
}

fn unreachable(error: std::io::Error) -> WebServerError {
    WebServerError::Unreachable { command: "nginx -t".to_owned(), reason: error.to_string() }
}
