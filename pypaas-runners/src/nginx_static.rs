//! `type: NginxStatic`: files served by nginx itself.

use std::time::Duration;

use camino::Utf8PathBuf;
use pypaas_config::{Field, Finding, Keys, Overlap, Schema, Serves};
use pypaas_core::{
    Linked, NginxBase, Placement, Readiness, Route, Runner, RunnerSettings, Server, Site, Upstream,
    UpstreamName,
};

/// Serves a directory of the checkout; it has no processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NginxStatic {
    /// `subdirectory` of the checkout, relative and inside it. Default: the root of the checkout (empty).
    pub subdirectory: Utf8PathBuf,
    /// `index`: the file that is served for a directory. Default `index.html`.
    pub index: String,
    /// `spa`: whether the root's index is served in place of files that are not there. Default false.
    pub spa: bool,
    /// `publish_all`: whether files that look like source code or secrets may be served. Default false.
    pub publish_all: bool,
    /// `cache`: how long clients may keep a file without asking again. Absent: nginx says nothing of it.
    pub cache: Option<Duration>,
    /// `nginx_extra_config`: verbatim, in every location that leads here.
    pub nginx_extra_config: Option<String>,
}

impl Default for NginxStatic {
    fn default() -> Self {
        Self {
            subdirectory: Utf8PathBuf::new(),
            index: "index.html".to_owned(),
            spa: false,
            publish_all: false,
            cache: None,
            nginx_extra_config: None,
        }
    }
}

impl RunnerSettings for NginxStatic {
    const TYPE: &'static str = "NginxStatic";
    const SCHEMA: &'static Schema = &Schema {
        name: "an NginxStatic",
        keys: &["type", "subdirectory", "index", "spa", "publish_all", "cache", "nginx_extra_config"],
    };

    fn decode(keys: &mut Keys<'_, '_>) -> Option<Self> {
        let default = Self::default();
        Some(Self {
            subdirectory: keys.optional("subdirectory", Field::path_in_checkout).unwrap_or_default(),
            index: keys.optional("index", read_index).unwrap_or(default.index),
            spa: keys.optional("spa", Field::boolean).unwrap_or(default.spa),
            publish_all: keys.optional("publish_all", Field::boolean).unwrap_or(default.publish_all),
            cache: keys.optional("cache", Field::cache_duration),
            nginx_extra_config: keys.verbatim("nginx_extra_config"),
        })
    }

    fn serves(&self) -> Serves {
        Serves::Files { spa: self.spa }
    }
}

impl Runner for NginxStatic {
    fn command(&self) -> Option<&str> {
        None
    }

    fn process_count(&self) -> u16 {
        0
    }

    fn needs_port(&self) -> bool {
        false
    }

    fn readiness(&self) -> Readiness {
        Readiness::Started
    }

    /// The new files are there before nginx is pointed at them.
    fn overlap(&self) -> Overlap {
        Overlap::StartFirst
    }

    fn patience(&self) -> (Duration, Duration) {
        (Duration::ZERO, Duration::ZERO)
    }

    fn nginx(&self) -> Option<&dyn NginxBase> {
        Some(self)
    }
}

impl NginxBase for NginxStatic {
    fn upstream(&self, _name: &UpstreamName, _servers: &[Server]) -> Option<Upstream> {
        None
    }

    fn route(&self, placement: &Placement) -> Route {
        let root = if self.subdirectory.as_str().is_empty() {
            placement.checkout.clone()
        } else {
            placement.checkout.join(&self.subdirectory)
        };
        let checkout = placement.checkout.clone();
        let Self { index, spa, cache, nginx_extra_config, .. } = self.clone();
        let is_below = |it: &&Linked| it.link != root && it.link.starts_with(&root);
        let linked = placement.linked.iter().filter(is_below).cloned().collect();
        Route::Static { root, checkout, linked, index, spa, cache, extra: nginx_extra_config }
    }

    fn site(&self) -> Option<Site> {
        let Self { subdirectory, index, publish_all, .. } = self.clone();
        Some(Site { subdirectory, index, publish_all, runs_scripts: false })
    }
}

/// Reads the name of a file in a directory.
fn read_index(field: &Field<'_>) -> Result<String, Finding> {
    let expected = "the name of a file, such as index.html";
    let name = field.word(expected)?;
    let special = |c: char| c.is_control() || c.is_whitespace() || "/\"'\\{};$".contains(c);
    if name.is_empty() || name.starts_with('.') || name.contains(special) {
        Err(field.unexpected(expected))
    } else {
        Ok(name.to_owned())
    }
}
