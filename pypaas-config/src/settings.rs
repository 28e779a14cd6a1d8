//! `pypaas.yml`: settings of the machine.

use std::time::Duration;

use crate::acme::AcmeSettings;
use crate::backup::BackupSettings;
use crate::fields::Field;
use crate::finding::{Finding, Findings};
use crate::notify::Notify;
use crate::schema::Schema;
use crate::{DomainName, InvalidName, NginxSettings, RepoName};

/// The whole of `pypaas.yml`.
pub(crate) const SETTINGS: Schema = Schema {
    name: "pypaas.yml",
    keys: &[
        "ports",
        "nginx",
        "acme",
        "services_dir",
        "lock_timeout",
        "build_timeout",
        "keep_checkouts",
        "keep_releases",
        "admins",
        "apps_domain",
        "backup",
        "notify",
        "deploy_logger_cmd",
        "ssl_config",
        "runner_runscript_template",
        "runner_logscript_template",
    ],
};
/// `ports`.
pub(crate) const PORTS: Schema = Schema { name: "ports", keys: &["min", "max"] };

/// What stands for the name of a repo in `apps_domain`.
const REPO: &str = "{repo}";

/// A limit against full disks.
const MAX_CHECKOUTS: u16 = 100;
/// Every command reads the whole record.
const MAX_RELEASES: u16 = 1000;

/// The content of `pypaas.yml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `ports`: the ports for processes behind nginx.
    pub ports: PortRange,
    /// `runner_runscript_template`: replaces the daemontools `run` script, in Python's `str.format` syntax.
    pub runner_runscript_template: Option<String>,
    /// `runner_logscript_template`: replaces the daemontools `log/run` script, in the same syntax.
    pub runner_logscript_template: Option<String>,
    /// `deploy_logger_cmd`: shell command that gets all output of a deploy on its standard input.
    pub deploy_logger_cmd: Option<String>,
    /// `ssl_config`: nginx directives that replace the default TLS directives, for all domains.
    pub ssl_config: Option<String>,
    /// `nginx`: how to run and reload nginx.
    pub nginx: NginxSettings,
    /// `acme`: who issues certificates for domains with `ssl: auto`.
    pub acme: AcmeSettings,
    /// `services_dir`: the directory svscan watches; `~` is the deploy user's home. Default `~/services`.
    pub services_dir: String,
    /// `lock_timeout`: how long a push waits for another one of the same branch. Default 10 minutes.
    pub lock_timeout: Duration,
    /// `build_timeout`: how long each command of a build may take; zero: as long as it likes. Default 20 minutes.
    pub build_timeout: Duration,
    /// `admins`: the keys, by the names of their files, that may do everything; `None`: every key that nothing limits.
    pub admins: Option<Vec<String>>,
    /// `apps_domain`: the domain of an app that is created without one; `{repo}` in it is the repo's name.
    pub apps_domain: Option<String>,
    /// `backup`: where and when this host is backed up; `None`: it is not.
    pub backup: Option<BackupSettings>,
    /// `notify`: who gets messages about trouble.
    pub notify: Vec<Notify>,
    /// `keep_checkouts`: how many earlier checkouts of a branch stay beside the live one, for a rollback without a build.
    /// Default 0.
    pub keep_checkouts: u16,
    /// `keep_releases`: the number of releases in the history of a branch. Default 20.
    pub keep_releases: u16,
}

/// A range of TCP ports, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    /// `ports.min`.
    pub min: u16,
    /// `ports.max`.
    pub max: u16,
}

impl Settings {
    /// Reads `pypaas.yml`, passed as a field so that messages can name it.
    pub(crate) fn decode(field: Field<'_>, findings: &mut Findings) -> Option<Self> {
        let fields = field.fields(&SETTINGS, findings)?;
        let ports = fields.require("ports", findings).and_then(|ports| PortRange::decode(ports, findings));
        let nginx = fields.get("nginx").and_then(|nginx| NginxSettings::decode(nginx, findings));
        let acme = fields.get("acme").and_then(|acme| AcmeSettings::decode(acme, findings));
        let backup = fields.get("backup").and_then(|backup| BackupSettings::decode(backup, findings));
        let notify = fields.get("notify").map(|notify| Notify::decode_all(notify, findings));
        let services_dir = fields.optional("services_dir", findings, Field::path_from_home);
        let lock_timeout = fields.optional("lock_timeout", findings, Field::duration);
        let build_timeout = fields.optional("build_timeout", findings, Field::duration);
        Some(Self {
            runner_runscript_template: fields.optional("runner_runscript_template", findings, Field::text),
            runner_logscript_template: fields.optional("runner_logscript_template", findings, Field::text),
            deploy_logger_cmd: fields.optional("deploy_logger_cmd", findings, Field::command),
            ssl_config: fields.verbatim("ssl_config", findings),
            nginx: nginx.unwrap_or_default(),
            acme: acme.unwrap_or_default(),
            admins: fields.optional("admins", findings, Field::texts),
            backup,
            notify: notify.unwrap_or_default(),
            apps_domain: fields.optional("apps_domain", findings, apps_domain),
            services_dir: services_dir.unwrap_or_else(|| "~/services".to_owned()),
            keep_checkouts: fields
                .optional("keep_checkouts", findings, |field| field.number(0, MAX_CHECKOUTS))
                .unwrap_or(0),
            keep_releases: fields
                .optional("keep_releases", findings, |field| field.number(1, MAX_RELEASES))
                .unwrap_or(20),
            lock_timeout: lock_timeout.unwrap_or(Duration::from_secs(10 * 60)),
            build_timeout: build_timeout.unwrap_or(Duration::from_secs(20 * 60)),
            ports: ports?,
        })
    }
}

impl Settings {
    /// Returns the domain that `apps_domain` gives `repo`; an error where the repo's name cannot be part of one.
    pub fn domain_of_app(&self, repo: &RepoName) -> Option<Result<DomainName, InvalidName>> {
        Some(DomainName::new(self.apps_domain.as_ref()?.replace(REPO, repo.as_str())))
    }
}

/// Decodes `apps_domain`.
fn apps_domain(field: &Field<'_>) -> Result<String, Finding> {
    let text = field.text()?;
    let is_domain = DomainName::new(text.replace(REPO, "repo")).is_ok_and(|it| !it.as_str().contains('*'));
    if text.matches(REPO).count() == 1 && is_domain {
        return Ok(text);
    }
    Err(field.unexpected("a domain with `{repo}` in it, such as `{repo}.apps.example.com`"))
}

impl PortRange {
    /// Returns the number of ports.
    pub fn count(&self) -> usize {
        usize::from(self.max.saturating_sub(self.min)) + 1
    }

    fn decode(field: Field<'_>, findings: &mut Findings) -> Option<Self> {
        let fields = field.fields(&PORTS, findings)?;
        let port = |field: &Field<'_>| field.number(1, u16::MAX);
        let min = fields.required("min", findings, port);
        let max = fields.required("max", findings, port);
        let range = Self { min: min?, max: max? };
        if range.min > range.max {
            let (min, max) = (fields.get("min")?, fields.get("max")?);
            findings.add(
                Finding::error(min.node.span, format!("`min` is {} and `max` only {}", range.min, range.max))
                    .label("expected at most `max`")
                    .also(max.node.span, "`max`"),
            );
        }
        Some(range)
    }
}
