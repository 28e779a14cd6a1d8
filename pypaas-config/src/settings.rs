//! `pypaas.yml`: settings of the machine.

use std::time::Duration;

use camino::Utf8PathBuf;

/// What `pypaas.yml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `ports`: where upstream ports are taken from.
    pub ports: PortRange,
    /// `runner_runscript_template`: replaces the daemontools `run` script, in Python's `str.format` syntax.
    pub runner_runscript_template: Option<String>,
    /// `runner_logscript_template`: replaces the daemontools `log/run` script, likewise.
    pub runner_logscript_template: Option<String>,
    /// `deploy_logger_cmd`: shell command that gets all output of a deploy on its standard input.
    pub deploy_logger_cmd: Option<String>,
    /// `ssl_config`: nginx directives in place of the default TLS directives, for all domains.
    pub ssl_config: Option<String>,
    /// `nginx`: how the web server is reached.
    pub nginx: NginxSettings,
    /// `services_dir`: the folder svscan watches; `~` is the deploy user's home. Default `~/services`.
    pub services_dir: String,
    /// `lock_timeout`: how long a push waits for another one of the same branch. Default 10 minutes.
    pub lock_timeout: Duration,
}

/// A range of TCP ports, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    /// `ports.min`.
    pub min: u16,
    /// `ports.max`.
    pub max: u16,
}

/// `nginx` of `pypaas.yml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NginxSettings {
    /// `command`, split into words; `-t` and `-s reload` are appended. Default `sudo /usr/sbin/nginx`.
    pub command: Vec<String>,
    /// `pid_file`: where nginx's master writes its process id. Default `/run/nginx.pid`.
    pub pid_file: Utf8PathBuf,
    /// `config_dir`: the folder that nginx's http block includes; `~` is the deploy user's home. Default `~/nginx.d`.
    pub config_dir: String,
    /// `http_port`. Default 80.
    pub http_port: u16,
    /// `https_port`. Default 443.
    pub https_port: u16,
    /// `listen`: addresses without port, IPv6 ones in brackets. Default `0.0.0.0` and `[::]`.
    pub listen: Vec<String>,
}
