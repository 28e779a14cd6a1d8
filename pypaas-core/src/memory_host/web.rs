//! A web server in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::{Extent, MemoryHost};
use crate::host::{Version, WebServer, WebServerError};
use crate::{Step, WebFile, WebFileName, WebInstance, WebRoutes};

impl MemoryHost {
    /// Returns the files in the directory the web server includes, with where they send requests.
    pub fn web_files(&self) -> BTreeMap<WebFileName, WebFile> {
        let name =
            |path: &camino::Utf8Path| WebFileName::at(path.strip_prefix(self.layout.web()).ok()?.as_str());
        let text = self.files.get(&self.layout.web_routes());
        let all: WebRoutes = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let file = |(path, text): (&_, &String)| {
            let name = name(path)?;
            let routes = all.of(&name);
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

    fn web_server_is_set_up(&mut self) -> bool {
        self.web_server_is_set_up
    }

    fn test_web_server(&mut self, instance: WebInstance) -> Result<(), WebServerError> {
        let tested = self.effect(Step::TestWebServer { instance }.to_string(), |_, _| ());
        tested.map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull => {
                WebServerError::Rejected { message: error.to_string(), place: None }
            }
            _ => unreachable(error),
        })?;
        self.check_web_files()
    }

    fn reload_web_server(&mut self, instance: WebInstance) -> Result<(), WebServerError> {
        self.check_web_files()?;
        self.effect(Step::ReloadWebServer { instance }.to_string(), loads(instance)).map_err(not_reloaded)
    }

    fn reload_if_running(&mut self, instance: WebInstance) -> Result<(), WebServerError> {
        if self.web_server_runs {
            self.check_web_files()?;
        }
        let load = |host: &mut Self, extent| {
            if host.web_server_runs {
                loads(instance)(host, extent);
            }
        };
        self.effect(Step::ReloadIfRunning { instance }.to_string(), load).map_err(not_reloaded)
    }

    fn stop_web_server(&mut self, instance: WebInstance) -> Result<(), WebServerError> {
        let stop = |host: &mut Self, extent| {
            if extent == Extent::Whole {
                host.loaded.retain(|file, _| file.instance() != instance);
                host.web_server_runs = false;
                host.web_server_is_set_up = false;
            }
        };
        self.effect(Step::StopWebServer { instance }.to_string(), stop).map_err(unreachable)
    }

    fn has_old_workers(&mut self) -> bool {
        self.old_workers > 0
    }

    fn requests_on_old_workers(&mut self, _: &BTreeSet<u16>) -> Result<usize, WebServerError> {
        Ok(std::mem::take(&mut self.old_workers))
    }
}

/// Returns the effect of making `instance` load its files.
fn loads(instance: WebInstance) -> impl FnOnce(&mut MemoryHost, Extent) {
    move |host, extent| {
        if extent != Extent::Whole {
            return;
        }
        let ran = host.web_server_runs;
        host.web_server_runs = true;
        host.web_server_is_set_up = true;
        host.loaded.retain(|file, _| file.instance() != instance);
        let files = host.web_files().into_iter().filter(|(file, _)| file.instance() == instance);
        host.loaded.extend(files);
        host.old_workers += usize::from(ran && instance == WebInstance::Router);
    }
}

fn not_reloaded(error: io::Error) -> WebServerError {
    WebServerError::NotReloaded { seconds: 10, reason: error.to_string() }
}

fn unreachable(error: io::Error) -> WebServerError {
    WebServerError::Unreachable { command: "nginx -t".to_owned(), reason: error.to_string() }
}
