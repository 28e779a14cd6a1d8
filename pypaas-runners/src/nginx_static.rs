//! `type: NginxStatic`: files served by nginx itself.

use std::time::Duration;

use pypaas_config::{NginxStatic as Config, Overlap};
use pypaas_core::{NginxBase, Placement, Readiness, Route, Runner, Server, Upstream, UpstreamName};

/// Serves a directory of the checkout; it has no processes.
#[derive(Debug, Clone)]
pub struct NginxStatic(Config);

impl NginxStatic {
    /// Makes the runner that `config` describes.
    pub fn new(config: Config) -> Self {
        Self(config)
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
        let subdirectory = &self.0.subdirectory;
        let root = if subdirectory.as_str().is_empty() {
            placement.checkout.clone()
        } else {
            placement.checkout.join(subdirectory)
        };
        let checkout = placement.checkout.clone();
        let pypaas_config::NginxStatic { index, spa, cache, nginx_extra_config, .. } = self.0.clone();
        Route::Static { root, checkout, index, spa, cache, extra: nginx_extra_config }
    }
}
