//! The model, printed for nginx.

use pypaas_core::host::Version;
use pypaas_core::{EdgeConfig, RouterConfig, Upstream, VirtualHost, WebConfigError, WebConfigRenderer};

use crate::templates::Templates;
use crate::unprintable::Unprintable;
use crate::{edge, edge_server, router, upstream, virtual_host};

/// Prints nginx configuration: equal models give equal texts, and every text ends with one newline.
///
/// The texts of one nginx belong together: those of domains use variables that the first text of the edge or of the router defines.
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
    fn edge(&self, edge: &EdgeConfig) -> Result<String, WebConfigError> {
        finish("the edge", edge::print(&self.templates, edge))
    }

    fn edge_domain(&self, host: &VirtualHost) -> Result<String, WebConfigError> {
        finish(&host.name, edge_server::print(&self.templates, host))
    }

    fn router(&self, router: &RouterConfig) -> Result<String, WebConfigError> {
        finish("the router", router::print(&self.templates, router))
    }

    fn router_domain(&self, host: &VirtualHost) -> Result<String, WebConfigError> {
        finish(&host.name, virtual_host::print(&self.templates, host))
    }

    fn upstream(&self, upstream: &Upstream, version: Version) -> Result<String, WebConfigError> {
        finish(&upstream.name, upstream::print(&self.templates, upstream, version))
    }
}

fn finish(subject: impl ToString, printed: Result<String, Unprintable>) -> Result<String, WebConfigError> {
    match printed {
        Ok(text) => Ok(format!("{}\n", text.trim_end())),
        Err(Unprintable(reason)) => Err(WebConfigError { subject: subject.to_string(), reason }),
    }
}
