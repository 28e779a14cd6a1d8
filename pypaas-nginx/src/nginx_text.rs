//! The model, printed for nginx.

use pypaas_core::host::Version;
use pypaas_core::{DefaultServer, Upstream, VirtualHost, WebConfigError, WebConfigRenderer};

use crate::templates::Templates;
use crate::unprintable::Unprintable;
use crate::{default_server, upstream, virtual_host};

/// Prints nginx configuration: equal models give equal texts, and every text ends with one newline.
///
/// The texts of one nginx belong together: virtual hosts use variables that the text of the default server defines.
#[derive(Debug)]
pub struct NginxText {
    templates: Templates,
}

impl NginxText {
    /// Makes a printer.
    pub fn new() -> Self {
        Self { templates: Templates::new() }
    }
}

impl Default for NginxText {
    fn default() -> Self {
        Self::new()
    }
}

impl WebConfigRenderer for NginxText {
    fn default_server(&self, server: &DefaultServer) -> Result<String, WebConfigError> {
        finish("the default server", default_server::print(&self.templates, server))
    }

    fn upstream(&self, upstream: &Upstream, version: Version) -> Result<String, WebConfigError> {
        finish(&upstream.name, upstream::print(&self.templates, upstream, version))
    }

    fn virtual_host(&self, host: &VirtualHost) -> Result<String, WebConfigError> {
        finish(&host.name, virtual_host::print(&self.templates, host))
    }
}

fn finish(subject: impl ToString, printed: Result<String, Unprintable>) -> Result<String, WebConfigError> {
    match printed {
        Ok(text) => Ok(format!("{}\n", text.trim_end())),
        Err(Unprintable(reason)) => Err(WebConfigError { subject: subject.to_string(), reason }),
    }
}
