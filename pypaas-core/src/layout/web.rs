//! Where the files, sockets and services of the edge and the router are.

use camino::{Utf8Path, Utf8PathBuf};

use super::Layout;
use crate::{RouterSockets, WebFileName, WebInstance};

impl Layout {
    /// What nginx's files said before the switch that is under way.
    pub fn pending_switch(&self) -> Utf8PathBuf {
        self.state().join("+nginx-switch.json")
    }

    /// Where each of nginx's files sends requests.
    pub fn web_routes(&self) -> Utf8PathBuf {
        self.state().join("+nginx-routes.json")
    }

    /// The link to the service of `instance`. No service of an app can have its name.
    pub fn web_service_link(&self, instance: WebInstance) -> Utf8PathBuf {
        self.services.join(format!("+{}", instance.name()))
    }

    /// The real directory of the service of `instance`.
    pub fn web_service(&self, instance: WebInstance) -> Utf8PathBuf {
        self.services_real().join(format!("+{}", instance.name()))
    }

    /// The directory of all that the edge and the router read.
    pub fn web(&self) -> &Utf8Path {
        &self.web
    }

    /// The directory of those files of `instance` that are not the one it is started with.
    pub fn web_directory(&self, instance: WebInstance) -> Utf8PathBuf {
        self.web.join(format!("{}.d", instance.name()))
    }

    /// Where the master of `instance` notes its process id.
    pub fn web_pid_file(&self, instance: WebInstance) -> Utf8PathBuf {
        self.run().join(format!("{}.pid", instance.name()))
    }

    /// The sockets by which the edge passes requests to the router.
    pub fn router_sockets(&self) -> RouterSockets {
        RouterSockets {
            http: self.run().join("router-http.sock"),
            https: self.run().join("router-https.sock"),
        }
    }

    /// One file of it.
    pub fn web_file(&self, name: &WebFileName) -> Utf8PathBuf {
        self.web.join(name.to_string())
    }
}
