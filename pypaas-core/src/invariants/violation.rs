//! One thing that does not hold.

use std::fmt;

use pypaas_config::{BranchRef, DomainName, RunnerRef};

use crate::{CheckoutName, ServiceName, Site, WebFileName};

/// Something that does not hold on a machine. `Display` says what; `pypaas apply` repairs it, unless an app is the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields say what the variant's line names")]
#[non_exhaustive]
pub enum Violation {
    /// A change of nginx's files did not end.
    UnfinishedSwitch,
    /// A command on a branch did not end.
    Unfinished { branch: BranchRef },
    /// There is a record of a branch that is no longer configured.
    NotConfigured { branch: BranchRef },
    /// The files of what is live are gone.
    MissingCheckout { branch: BranchRef, checkout: CheckoutName },
    /// A checkout is neither live nor to be kept.
    StrayCheckout { branch: BranchRef, checkout: CheckoutName },
    /// A service of what is live is down.
    NotUp { service: ServiceName },
    /// A service of what is live does not start at boot.
    NotEnabled { service: ServiceName },
    /// A service that belongs to nothing live is there, or one that was stopped runs.
    StrayService { service: ServiceName },
    /// Two processes have one port.
    PortGivenTwice { port: u16, services: [ServiceName; 2] },
    /// What is live lacks a directory that nginx is configured to serve.
    MissingSite { runner: RunnerRef, site: Site },
    /// nginx lacks a file for a domain.
    NotServed { branch: BranchRef, domain: DomainName, file: WebFileName },
    /// A domain does not lead to all processes of a runner.
    NotRouted { domain: DomainName, runner: RunnerRef },
    /// nginx sends requests to a port where nothing listens.
    NobodyListens { runner: RunnerRef, port: u16 },
}

impl Violation {
    /// Names the branch that it is about; `None` where it is about the machine.
    pub fn branch(&self) -> Option<BranchRef> {
        match self {
            Self::UnfinishedSwitch => None,
            Self::Unfinished { branch }
            | Self::NotConfigured { branch }
            | Self::MissingCheckout { branch, .. }
            | Self::StrayCheckout { branch, .. }
            | Self::NotServed { branch, .. } => Some(branch.clone()),
            Self::NotUp { service }
            | Self::NotEnabled { service }
            | Self::StrayService { service }
            | Self::PortGivenTwice { services: [service, _], .. } => Some(service.branch()),
            Self::MissingSite { runner, .. }
            | Self::NotRouted { runner, .. }
            | Self::NobodyListens { runner, .. } => Some(runner.branch_ref()),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnfinishedSwitch => f.write_str("a change of nginx's files was not finished"),
            Self::Unfinished { branch } => write!(f, "the last command on {branch} was not finished"),
            Self::NotConfigured { branch } => {
                write!(f, "{branch} is no longer configured, and not yet removed")
            }
            Self::MissingCheckout { branch, checkout } => {
                write!(f, "the live checkout of {branch} is gone: {checkout}")
            }
            Self::StrayCheckout { branch, checkout } => {
                write!(f, "an unused checkout of {branch} takes up space: {checkout}")
            }
            Self::NotUp { service } => write!(f, "{service} is down"),
            Self::NotEnabled { service } => write!(f, "{service} will not start at boot"),
            Self::StrayService { service } => {
                write!(f, "{service} should be stopped: it does not belong to what is live")
            }
            Self::PortGivenTwice { port, services: [first, second] } => {
                write!(f, "port {port} is given to both {first} and {second}")
            }
            Self::MissingSite { runner, site } => {
                write!(f, "{site}, which {runner} is to serve, is not in the live version")
            }
            Self::NotServed { domain, file, .. } => {
                write!(f, "nginx does not serve {domain}: it lacks {file}")
            }
            Self::NotRouted { domain, runner } => {
                write!(f, "{domain} does not lead to all processes of {runner}")
            }
            Self::NobodyListens { runner, port } => {
                write!(f, "requests for {runner} go to port {port}, where nothing listens")
            }
        }
    }
}
