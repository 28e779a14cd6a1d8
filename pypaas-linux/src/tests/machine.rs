//! A home directory of its own for a host.

use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use pypaas_config::{NginxSettings, PortRange, Settings};
use pypaas_core::{Layout, ServiceName};
use tempfile::TempDir;

use crate::LinuxHost;

/// A host in a temporary directory.
pub(crate) struct Machine {
    pub(super) host: LinuxHost,
    pub(crate) layout: Layout,
    pub(super) home: Utf8PathBuf,
    _directory: TempDir,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let home = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
        let nginx = NginxSettings {
            program: "/usr/sbin/nginx".into(),
            http_port: 80,
            https_port: 443,
            listen: Vec::new(),
            ..NginxSettings::default()
        };
        let settings = Settings {
            acme: pypaas_config::AcmeSettings::default(),
            backup: None,
            notify: Vec::new(),
            ports: PortRange { min: 1, max: 1 },
            runner_runscript_template: None,
            runner_logscript_template: None,
            deploy_logger_cmd: None,
            ssl_config: None,
            nginx: nginx.clone(),
            services_dir: "~/services".to_owned(),
            admins: None,
            apps_domain: None,
            build_timeout: Duration::from_secs(60),
            keep_checkouts: 0,
            keep_releases: 20,
            lock_timeout: Duration::ZERO,
        };
        let layout = Layout::new(&home, &settings);
        let host = LinuxHost::new(layout.clone(), nginx);
        Self { host, layout, home, _directory: directory }
    }
}

/// Names the `index`-th process of one runner, in slot a.
pub(crate) fn service(index: u16) -> ServiceName {
    ServiceName::parse(&format!("shop+master+web+{index}+a")).unwrap()
}

/// Waits until something is there.
pub(super) fn eventually<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "it did not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}
