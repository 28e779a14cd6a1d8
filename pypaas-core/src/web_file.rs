//! A file that pypaas writes for nginx, and what is kept of it: where it sends requests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use pypaas_config::{BranchRef, DomainName, RunnerRef};
use serde::{Deserialize, Serialize};

use crate::{CheckoutName, Server, UpstreamName, decode, encode};

/// Where each of nginx's files sends requests; those that send none anywhere are left out.
pub type WebRoutes = BTreeMap<WebFileName, BTreeSet<RouteTarget>>;

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

    /// Returns whether it sends requests to a process on `port`.
    pub fn has_server(&self, port: u16) -> bool {
        self.routes.iter().any(|target| matches!(target, RouteTarget::Server(it) if it.port == port))
    }
}

/// The name of a file in the directory nginx includes. Only `*.conf` is included, so no half-written file is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebFileName(String);

impl WebFileName {
    /// Names the file of the default server. It sorts before all others.
    pub fn default_server() -> Self {
        Self("+default.conf".to_owned())
    }

    /// Names the file of an upstream. It holds a `+`, as no domain does.
    pub fn upstream(name: &UpstreamName) -> Self {
        Self(format!("{name}.conf"))
    }

    /// Names the file of a domain.
    pub fn domain(name: &DomainName) -> Self {
        Self(format!("{}.conf", encode(name.as_str())))
    }

    /// Takes a file's name as found in the directory; `None` for what is not one of ours to write.
    pub fn found(name: &str) -> Option<Self> {
        name.ends_with(".conf").then(|| Self(name.to_owned()))
    }

    /// Returns the domain whose file this is; `None` for an upstream's and the default server's.
    pub fn as_domain(&self) -> Option<DomainName> {
        DomainName::new(decode(self.0.strip_suffix(".conf")?)?).ok()
    }
}

impl fmt::Display for WebFileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
