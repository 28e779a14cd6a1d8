//! A file that pypaas writes for nginx, and what is kept of it: where it sends requests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use pypaas_config::{BranchName, BranchRef, DomainName, RepoName, RunnerName, RunnerRef};
use serde::{Deserialize, Serialize};

use crate::{CheckoutName, Server, UpstreamName, WebInstance, decode, encode};

/// Where nginx's files send requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebRoutes {
    /// Each file's targets; files that send no requests anywhere are left out.
    pub files: BTreeMap<WebFileName, BTreeSet<RouteTarget>>,
    /// Ports that a router worker may still send requests to, though no file names them any more: taken out of a file while, or
    /// just before, workers with an older configuration were there.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub former_ports: BTreeSet<u16>,
}

impl WebRoutes {
    /// Lists the ports that files name.
    pub fn ports(&self) -> BTreeSet<u16> {
        self.files.values().flatten().filter_map(RouteTarget::port).collect()
    }

    /// Returns where `file` sends requests.
    pub(crate) fn of(&self, file: &WebFileName) -> BTreeSet<RouteTarget> {
        self.files.get(file).cloned().unwrap_or_default()
    }

    /// Replaces the targets of `file`.
    pub(crate) fn set(&mut self, file: &WebFileName, targets: BTreeSet<RouteTarget>) {
        if targets.is_empty() {
            self.files.remove(file);
        } else {
            self.files.insert(file.clone(), targets);
        }
    }
}

/// One of nginx's files. nginx reads the text; pypaas reads the routes, and never searches the text for them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebFile {
    /// What nginx reads.
    pub text: String,
    /// Where the text sends requests.
    pub routes: BTreeSet<RouteTarget>,
}

/// Something that a file of nginx's sends requests to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteTarget {
    /// The upstream of a runner.
    Upstream(RunnerRef),
    /// The files of one checkout.
    Checkout(BranchRef, CheckoutName),
    /// A process.
    Server(Server),
}

impl RouteTarget {
    /// Returns the port of a process.
    fn port(&self) -> Option<u16> {
        match self {
            Self::Server(server) => Some(server.port),
            Self::Upstream(_) | Self::Checkout(..) => None,
        }
    }
}

impl WebFile {
    /// Returns whether it sends requests to processes or files of `branch`.
    pub fn routes_to(&self, branch: &BranchRef) -> bool {
        self.routes.iter().any(|target| match target {
            RouteTarget::Upstream(runner) => runner.is_of(branch),
            RouteTarget::Checkout(of, _) => of == branch,
            RouteTarget::Server(_) => false,
        })
    }

    /// Returns whether it sends requests to the upstream of `runner`.
    pub fn uses_upstream(&self, runner: &RunnerRef) -> bool {
        self.routes.iter().any(|target| matches!(target, RouteTarget::Upstream(it) if it == runner))
    }

    /// Returns whether it serves files of that checkout.
    pub fn serves_checkout(&self, branch: &BranchRef, checkout: &CheckoutName) -> bool {
        let is_it = |target: &RouteTarget| matches!(target, RouteTarget::Checkout(of, it) if of == branch && it == checkout);
        self.routes.iter().any(is_it)
    }

    /// Lists the ports of the processes it sends requests to.
    pub fn ports(&self) -> BTreeSet<u16> {
        self.routes.iter().filter_map(RouteTarget::port).collect()
    }

    /// Returns whether it sends requests to a process on `port`.
    pub fn has_server(&self, port: u16) -> bool {
        self.routes.iter().any(|target| matches!(target, RouteTarget::Server(it) if it.port == port))
    }
}

/// The name of one of nginx's files, below the directory of both: `router.d/shop.example.conf`. Only `*.conf` is included, so no
/// half-written file is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebFileName(String);

impl WebFileName {
    /// Names the file that `instance` is started with.
    pub fn main(instance: WebInstance) -> Self {
        Self(format!("{}.conf", instance.name()))
    }

    /// Names the router's file of an upstream. It holds a `+`, as no domain does.
    pub fn upstream(name: &UpstreamName) -> Self {
        Self(format!("router.d/{name}.conf"))
    }

    /// Names the router's file of a domain.
    pub fn domain(name: &DomainName) -> Self {
        Self::domain_of(WebInstance::Router, name)
    }

    /// Names a domain's file of `instance`.
    pub fn domain_of(instance: WebInstance, name: &DomainName) -> Self {
        Self(format!("{}.d/{}.conf", instance.name(), encode(name.as_str())))
    }

    /// Takes a file's name as found in a directory of `instance`; `None` for what is not one of ours to write.
    pub fn found(instance: WebInstance, name: &str) -> Option<Self> {
        name.ends_with(".conf").then(|| Self(format!("{}.d/{name}", instance.name())))
    }

    /// Takes a path below the directory of both; `None` for what is not one of ours to write.
    pub fn at(path: &str) -> Option<Self> {
        let known = |instance: &WebInstance| match path.split_once('/') {
            Some((directory, name)) => {
                directory.strip_suffix(".d") == Some(instance.name())
                    && name.ends_with(".conf")
                    && !name.contains('/')
            }
            None => path == Self::main(*instance).0,
        };
        WebInstance::ALL.iter().any(known).then(|| Self(path.to_owned()))
    }

    /// Returns the nginx that reads it.
    pub fn instance(&self) -> WebInstance {
        if self.0.starts_with("edge.") { WebInstance::Edge } else { WebInstance::Router }
    }

    /// Returns the domain whose file this is; `None` for an upstream's and those that an nginx is started with.
    pub fn as_domain(&self) -> Option<DomainName> {
        let (_, name) = self.0.split_once('/')?;
        DomainName::new(decode(name.strip_suffix(".conf")?)?).ok()
    }

    /// Returns the runner whose upstream's file this is; `None` for any other file.
    pub fn as_upstream(&self) -> Option<RunnerRef> {
        let (_, name) = self.0.split_once('/')?;
        let parts: Vec<&str> = name.strip_suffix(".conf")?.split('+').collect();
        let [repo, branch, runner] = parts.as_slice() else { return None };
        let runner = RunnerRef {
            repo: RepoName::new(decode(repo)?).ok()?,
            branch: BranchName::new(decode(branch)?).ok()?,
            runner: RunnerName::new(decode(runner)?).ok()?,
        };
        (Self::upstream(&UpstreamName::new(&runner)) == *self).then_some(runner)
    }
}

impl fmt::Display for WebFileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
