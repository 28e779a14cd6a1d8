//! `type: PhpNginxBackend`: PHP's FastCGI process manager behind nginx, which serves the files itself.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::{Field, Finding, HealthCheck, Keys, Overlap, Schema, Serves};
use pypaas_core::host::Commit;
use pypaas_core::{
    Linked, NginxBase, Placement, Readiness, Requirement, Route, Runner, RunnerSettings, Server, Site,
    Upstream, UpstreamName,
};

use crate::{NginxUpstream, php_fpm, php_version};

/// Runs php-fpm on a Unix socket. nginx serves the files of a directory, and passes all other requests to one script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhpNginxBackend {
    /// The process. Its command is php-fpm's.
    pub upstream: NginxUpstream,
    /// `public`: the directory of the files, relative to the checkout and inside it. Default `public`.
    pub public: Utf8PathBuf,
    /// `front_controller`: the script in it that answers. Default `index.php`.
    pub front_controller: String,
    /// `all_scripts`: whether requests for another PHP file in `public` run that one. Default false.
    pub all_scripts: bool,
    /// `publish_all`: whether files that look like secrets may be served. Default false.
    pub publish_all: bool,
    /// `cache`: how long clients may keep a file without asking again. Absent: nginx says nothing of it.
    pub cache: Option<Duration>,
    /// `healthcheck`. Default: `/` is answered with a status below 500. php-fpm accepts connections also when all scripts are broken.
    pub healthcheck: HealthCheck,
    /// The script, relative to the checkout.
    script: Utf8PathBuf,
}

/// The default of `public`.
pub(crate) const PUBLIC: &str = "public";

/// The default of `front_controller`.
pub(crate) const FRONT_CONTROLLER: &str = "index.php";

/// How many requests are answered at a time.
const PROCESSES: u16 = 5;

impl RunnerSettings for PhpNginxBackend {
    const TYPE: &'static str = "PhpNginxBackend";
    const SCHEMA: &'static Schema = &Schema {
        name: "a PhpNginxBackend",
        keys: &[
            "type",
            "public",
            "front_controller",
            "processes",
            "all_scripts",
            "publish_all",
            "cache",
            "healthcheck",
            "start_timeout",
            "drain_timeout",
            "stop_timeout",
            "overlap",
            "nginx_extra_config",
            "nginx_extra_upstream_config",
        ],
    };

    fn decode(keys: &mut Keys<'_, '_>) -> Option<Self> {
        let public = keys.optional("public", Field::path_in_checkout).unwrap_or_else(|| PUBLIC.into());
        let front_controller = keys.optional("front_controller", read_script);
        let front_controller = front_controller.unwrap_or_else(|| FRONT_CONTROLLER.to_owned());
        let processes = keys.optional("processes", |field| field.number(1, 1000)).unwrap_or(PROCESSES);
        Some(Self {
            all_scripts: keys.optional("all_scripts", Field::boolean).unwrap_or(false),
            publish_all: keys.optional("publish_all", Field::boolean).unwrap_or(false),
            cache: keys.optional("cache", Field::cache_duration),
            healthcheck: keys.health_check().unwrap_or_else(any_answer),
            upstream: NginxUpstream {
                cmd: php_fpm::command(processes),
                ..NginxUpstream::decode_without_cmd(keys)
            },
            script: public.join(&front_controller),
            public,
            front_controller,
        })
    }

    /// Also for regular expressions: then the script answers all requests.
    fn serves(&self) -> Serves {
        Serves::Requests
    }
}

impl Runner for PhpNginxBackend {
    fn command(&self) -> Option<&str> {
        Some(&self.upstream.cmd)
    }

    /// One for each slot: it starts the others.
    fn process_count(&self) -> u16 {
        1
    }

    fn needs_port(&self) -> bool {
        false
    }

    fn needs_socket(&self) -> bool {
        true
    }

    fn script(&self) -> Option<&Utf8Path> {
        Some(&self.script)
    }

    fn requires(&self, commit: &Commit) -> Vec<Requirement> {
        let wanted = php_version::wanted(commit);
        let (program, remedy) = match &wanted {
            None => ("php-fpm".to_owned(), "install it with `apt install php-fpm php-cli`".to_owned()),
            Some(version) => (
                format!("php-fpm of PHP {version}"),
                "`require.php` in `composer.json` wants that version: install it, such as with `apt install php-fpm php-cli` or \
                 a package like `php8.4-fpm`, or let it allow the version of the host"
                    .to_owned(),
            ),
        };
        vec![Requirement { program, names: php_fpm::names(wanted.as_deref()), remedy }]
    }

    fn summary(&self) -> &str {
        "php-fpm"
    }

    fn readiness(&self) -> Readiness {
        Readiness::Healthy { check: self.healthcheck.clone(), within: self.upstream.start_timeout }
    }

    fn overlap(&self) -> Overlap {
        self.upstream.overlap
    }

    fn patience(&self) -> (Duration, Duration) {
        self.upstream.patience()
    }

    fn nginx(&self) -> Option<&dyn NginxBase> {
        Some(self)
    }
}

impl NginxBase for PhpNginxBackend {
    fn upstream(&self, name: &UpstreamName, servers: &[Server]) -> Option<Upstream> {
        self.upstream.upstream(name, servers)
    }

    fn route(&self, placement: &Placement) -> Route {
        let root = match self.public.as_str() {
            "" => placement.checkout.clone(),
            public => placement.checkout.join(public),
        };
        let is_below = |it: &&Linked| it.link != root && it.link.starts_with(&root);
        Route::Scripts {
            upstream: placement.upstream.clone(),
            script: self.front_controller.clone(),
            all_scripts: self.all_scripts,
            checkout: placement.checkout.clone(),
            linked: placement.linked.iter().filter(is_below).cloned().collect(),
            cache: self.cache,
            extra: self.upstream.nginx_extra_config.clone(),
            root,
        }
    }

    fn site(&self) -> Option<Site> {
        Some(Site {
            subdirectory: self.public.clone(),
            index: self.front_controller.clone(),
            publish_all: self.publish_all,
            runs_scripts: true,
        })
    }
}

/// An answer that is no error of the server's: a start page may want a login, or lead elsewhere.
fn any_answer() -> HealthCheck {
    HealthCheck {
        path: "/".to_owned(),
        interval: Duration::from_secs(1),
        timeout: Duration::from_secs(5),
        status: 200..=499,
    }
}

/// Reads the name of a PHP file.
fn read_script(field: &Field<'_>) -> Result<String, Finding> {
    let expected = "the name of a PHP file, such as index.php";
    let name = field.word(expected)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match name.strip_suffix(".php") {
        Some(stem) if !stem.is_empty() && !name.starts_with('.') && name.chars().all(plain) => {
            Ok(name.to_owned())
        }
        _ => Err(field.unexpected(expected)),
    }
}
