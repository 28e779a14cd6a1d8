//! Runners: what is done with a branch's code.

use std::fmt;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::{HealthCheck, Keys, Overlap, RunnerConfig, RunnerType, Schema, Serves};
use serde::Serialize;

use crate::host::Commit;
use crate::web::{Linked, Route};
use crate::{Job, Requirement, Server, Site, Upstream, UpstreamName};

/// One way of running code. Pure: it describes; plans and hosts do.
pub trait Runner {
    /// The shell command of its processes; `None` for a runner without processes.
    fn command(&self) -> Option<&str>;

    /// What the push prints about what it runs.
    fn summary(&self) -> &str {
        self.command().unwrap_or("files that nginx serves")
    }

    /// How many processes it has.
    fn process_count(&self) -> u16;

    /// Whether each process gets a port of its own, in `PORT`.
    fn needs_port(&self) -> bool;

    /// Whether each process gets a Unix socket of its own, at the path in `SOCKET`, which no other app can reach.
    fn needs_socket(&self) -> bool {
        false
    }

    /// The script that answers health checks, relative to the checkout, for processes that speak FastCGI; `None` for HTTP.
    fn script(&self) -> Option<&Utf8Path> {
        None
    }

    /// The programs that the host must have to run `commit`.
    fn requires(&self, _commit: &Commit) -> Vec<Requirement> {
        Vec::new()
    }

    /// What makes a new process count as started.
    fn readiness(&self) -> Readiness;

    /// Whether old and new processes may run at the same time.
    fn overlap(&self) -> Overlap;

    /// How long the connections of an old process may last, and how long it has from SIGTERM to SIGKILL.
    fn patience(&self) -> (Duration, Duration);

    /// Its side that nginx routes to; `None` when nginx cannot.
    fn nginx(&self) -> Option<&dyn NginxBase>;

    /// What runs at set times; `None` for runners with processes, and those that serve files.
    fn job(&self) -> Option<&Job> {
        None
    }
}

/// The settings of a type of runner: implement it to register the type.
pub trait RunnerSettings: Runner + Clone + fmt::Debug + PartialEq + Send + Sync + 'static {
    /// The value of `type`.
    const TYPE: &'static str;

    /// Its keys, including `type`.
    const SCHEMA: &'static Schema;

    /// Decodes the keys. Returns `None` if a required one is missing or wrong; `keys` collects the reasons.
    fn decode(keys: &mut Keys<'_, '_>) -> Option<Self>;

    /// Returns what it serves, which determines the locations that can route to it.
    fn serves(&self) -> Serves;
}

/// The registered types of runners. Those of pypaas are in pypaas-runners; an embedder adds its own.
#[derive(Debug, Clone, Default)]
pub struct RunnerTypes(Vec<Registered>);

#[derive(Debug, Clone, Copy)]
struct Registered {
    runner_type: RunnerType,
    make: fn(&RunnerConfig) -> Option<Box<dyn Runner>>,
}

impl RunnerTypes {
    /// Registers the type with the settings `T`. It replaces a type of the same name.
    #[must_use]
    pub fn with<T: RunnerSettings>(mut self) -> Self {
        let runner_type = RunnerType {
            name: T::TYPE,
            schema: T::SCHEMA,
            decode: |keys| T::decode(keys).map(runner_config),
        };
        let make = |config: &RunnerConfig| {
            let settings = config.settings::<T>()?.clone();
            Some(Box::new(settings) as Box<dyn Runner>)
        };
        self.0.retain(|known| known.runner_type.name != T::TYPE);
        self.0.push(Registered { runner_type, make });
        self.0.sort_by_key(|it| it.runner_type.name);
        self
    }

    /// Returns the types as [`pypaas_config::load()`] takes them.
    pub fn for_loading(&self) -> Vec<RunnerType> {
        self.0.iter().map(|it| it.runner_type).collect()
    }

    /// Creates the runner that `config` describes; `None` if its type is not registered.
    pub fn runner(&self, config: &RunnerConfig) -> Option<Box<dyn Runner>> {
        let known = self.0.iter().find(|it| it.runner_type.name == config.type_name())?;
        (known.make)(config)
    }
}

/// Creates the configuration of a runner with these settings.
pub fn runner_config<T: RunnerSettings>(settings: T) -> RunnerConfig {
    let ports = if settings.needs_port() || settings.needs_socket() { settings.process_count() } else { 0 };
    RunnerConfig::new(T::TYPE, T::SCHEMA, settings.serves(), ports, settings)
}

/// A runner that provides the contents of a location.
pub trait NginxBase {
    /// The upstream block its locations refer to, with one server for each process; `None` when it needs none.
    fn upstream(&self, name: &UpstreamName, servers: &[Server]) -> Option<Upstream>;

    /// What a location that leads here does.
    fn route(&self, placement: &Placement) -> Route;

    /// The directory that nginx serves by itself, which is checked before nginx is switched; `None` when there is none.
    fn site(&self) -> Option<Site>;
}

/// Where a runner's code is: what a route may depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The name of the runner's upstream.
    pub upstream: UpstreamName,
    /// The live checkout.
    pub checkout: Utf8PathBuf,
    /// Its links into the data directory.
    pub linked: Vec<Linked>,
}

/// What makes a new process count as started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Readiness {
    /// Being started. One that exits within a second is warned about.
    Started,
    /// Staying up this long.
    StaysUp(Duration),
    /// Accepting connections on its port within this time, and staying up.
    Accepts {
        /// How long it may take.
        within: Duration,
        /// Whether it speaks HTTP: then it is asked for `/`, and an answer that is no good to a client is warned about.
        http: bool,
    },
    /// Answering its health check within this time, and staying up.
    Healthy {
        /// What is asked.
        check: HealthCheck,
        /// How long it may take.
        within: Duration,
    },
}
