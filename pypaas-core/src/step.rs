//! Steps: the words in which a plan says what to do.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use camino::Utf8PathBuf;
use jiff::Timestamp;
use pypaas_config::{BranchRef, Persist, RepoName, format_duration};
use serde::Serialize;

use crate::host::{Mode, ShellCommand, first_line};
use crate::{
    CheckoutName, CommitId, Definition, Listen, Origin, PendingSwitch, Readiness, Record, ServiceName, Site,
    Store, WebFileName, WebInstance, WebRoutes,
};

/// One thing to do on the machine. Every step is safe to repeat.
///
/// The enum is closed: a new step does not compile until [`apply`](crate::apply) and the prediction of its outcome
/// ([`Observed::after`](crate::Observed::after)) know it. Its `Display` is the line people read.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "step")]
#[allow(missing_docs, reason = "the fields say what the variant's line names")]
pub enum Step {
    /// Makes a bare repository with its `update` hook, or mends the hook.
    PrepareRepo { repo: RepoName, hook: String },
    /// Replaces the record of a branch.
    WriteRecord { branch: BranchRef, record: Box<Record> },
    /// Removes the record of a branch that is no longer configured.
    RemoveRecord { branch: BranchRef },
    /// Removes a directory with all that is in it.
    RemoveDirectory { path: Utf8PathBuf },
    /// Makes a directory.
    CreateDirectory { path: Utf8PathBuf },
    /// Writes a file of the deploy user's.
    WriteFile { path: Utf8PathBuf, text: String, mode: Mode },
    /// Writes a commit's tree into a checkout.
    CheckOut { branch: BranchRef, commit: CommitId, checkout: CheckoutName },
    /// Puts links into the data directory in the place of some paths of a checkout.
    Persist { branch: BranchRef, checkout: CheckoutName, paths: Vec<Persist>, live: Option<CheckoutName> },
    /// Removes a checkout. What was written into it since it went live is set aside.
    RemoveCheckout { branch: BranchRef, checkout: CheckoutName, live_since: Option<Timestamp> },
    /// Runs a shell command of the admin's or of a builder.
    Run { command: ShellCommand },
    /// Ends what the commands of a deploy have left running in its checkout.
    EndCommands { branch: BranchRef, checkout: CheckoutName },
    /// Looks for a program a builder or a runner needs, under any of its names, as a shell in the checkout would.
    RequireProgram {
        program: String,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        names: Vec<String>,
        remedy: String,
        shell: ShellCommand,
    },
    /// Checks a directory that nginx is to serve. Files that are as they were in the live checkout get the dates of those.
    CheckSite { branch: BranchRef, checkout: CheckoutName, site: Site, live: Option<CheckoutName> },
    /// Makes sure that a database is there and can be used.
    PrepareStore { store: Store },
    /// Makes a service or gives it new scripts.
    DefineService { service: ServiceName, definition: Definition },
    /// Starts a service.
    StartService { service: ServiceName },
    /// Waits until a service counts as started.
    AwaitReady {
        service: ServiceName,
        listen: Option<Listen>,
        #[serde(skip_serializing_if = "Option::is_none")]
        script: Option<Utf8PathBuf>,
        origin: Origin,
        readiness: Readiness,
    },
    /// Stops services and waits until their process groups are gone.
    StopServices { services: Vec<ServiceName>, timeout: Duration },
    /// Removes a stopped service.
    RemoveService { service: ServiceName },
    /// Notes what nginx's files say, and what they are about to say, before any is changed.
    BeginWebSwitch { journal: PendingSwitch },
    /// Writes one of nginx's files.
    WriteWebFile { file: WebFileName, text: String },
    /// Removes one of nginx's files.
    RemoveWebFile { file: WebFileName },
    /// Notes where each of nginx's files sends requests.
    WriteWebRoutes { routes: WebRoutes },
    /// Asks one of the two nginx whether it accepts its files.
    TestWebServer { instance: WebInstance },
    /// Makes it load its files, and waits until it has. Starts it when it does not run.
    ReloadWebServer { instance: WebInstance },
    /// Makes it load its files if it was started meanwhile, as at a boot: it may have read the earlier ones.
    ReloadIfRunning { instance: WebInstance },
    /// Stops it, also for later boots: it was started by a switch that is taken back.
    StopWebServer { instance: WebInstance },
    /// Forgets the note of [`Step::BeginWebSwitch`]: nginx serves what its files say.
    EndWebSwitch,
    /// Waits until no connection is open on the ports and nginx has finished what it began before its last reload, at most
    /// so long.
    Drain { ports: BTreeSet<u16>, timeout: Duration },
}

impl Step {
    /// Returns whether the step only looks or waits: it changes nothing on the machine.
    pub fn is_read_only(&self) -> bool {
        match self {
            Self::AwaitReady { .. } | Self::Drain { .. } | Self::RequireProgram { .. } => true,
            Self::PrepareRepo { .. }
            | Self::Persist { .. }
            | Self::WriteRecord { .. }
            | Self::RemoveRecord { .. }
            | Self::CreateDirectory { .. }
            | Self::RemoveDirectory { .. }
            | Self::WriteFile { .. }
            | Self::CheckOut { .. }
            | Self::RemoveCheckout { .. }
            | Self::Run { .. }
            | Self::EndCommands { .. }
            | Self::CheckSite { .. }
            | Self::PrepareStore { .. }
            | Self::DefineService { .. }
            | Self::StartService { .. }
            | Self::StopServices { .. }
            | Self::RemoveService { .. }
            | Self::BeginWebSwitch { .. }
            | Self::WriteWebFile { .. }
            | Self::RemoveWebFile { .. }
            | Self::WriteWebRoutes { .. }
            | Self::TestWebServer { .. }
            | Self::ReloadWebServer { .. }
            | Self::ReloadIfRunning { .. }
            | Self::StopWebServer { .. }
            | Self::EndWebSwitch => false,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PrepareRepo { repo, .. } => write!(f, "prepare the repository {repo}"),
            Self::WriteRecord { branch, record } => write!(f, "record of {branch}: {record}"),
            Self::RemoveRecord { branch } => write!(f, "forget the record of {branch}"),
            Self::RemoveDirectory { path } => write!(f, "remove {path}"),
            Self::CreateDirectory { path } => write!(f, "create the directory {path}"),
            Self::WriteFile { path, .. } => write!(f, "write {path}"),
            Self::CheckOut { commit, checkout, .. } => {
                write!(f, "check out {} into {checkout}", commit.short())
            }
            Self::Persist { paths, .. } => write!(f, "{}", persist_words(paths)),
            Self::RemoveCheckout { checkout, .. } => write!(f, "remove the checkout {checkout}"),
            Self::RequireProgram { program, .. } => write!(f, "look for `{program}`"),
            Self::Run { command } => write!(f, "run `{}`", first_line(&command.line)),
            Self::EndCommands { checkout, .. } => write!(f, "end what is left of the commands of {checkout}"),
            Self::CheckSite { site, .. } => write!(f, "check what nginx serves from {site}"),
            Self::PrepareStore { store } => write!(f, "prepare {store}"),
            Self::DefineService { service, .. } => write!(f, "define {service}"),
            Self::StartService { service } => write!(f, "start {service}"),
            Self::AwaitReady { service, readiness, listen, .. } => {
                await_ready(f, service, readiness, listen.as_ref())
            }
            Self::StopServices { services, timeout } => {
                write!(f, "stop {}, killing what is left after {}", list(services), format_duration(*timeout))
            }
            Self::RemoveService { service } => write!(f, "remove {service}"),
            Self::BeginWebSwitch { .. } => f.write_str("note what nginx's files say now"),
            Self::WriteWebFile { file, .. } => write!(f, "write nginx's {file}"),
            Self::RemoveWebFile { file } => write!(f, "remove nginx's {file}"),
            Self::WriteWebRoutes { .. } => f.write_str("note where nginx's files send requests"),
            Self::TestWebServer { instance } => write!(f, "test the {}'s configuration", instance.name()),
            Self::ReloadWebServer { instance } => {
                write!(f, "reload the {}, until only new workers take connections", instance.name())
            }
            Self::ReloadIfRunning { instance } => {
                write!(f, "reload the {}, if it was started meanwhile", instance.name())
            }
            Self::StopWebServer { instance } => {
                write!(f, "stop the {}, which was started for what is taken back", instance.name())
            }
            Self::EndWebSwitch => f.write_str("nginx serves what its files say"),
            Self::Drain { ports, timeout } if ports.is_empty() => {
                write!(f, "let nginx finish what it has begun, for at most {}", format_duration(*timeout))
            }
            Self::Drain { ports, timeout } => {
                let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
                write!(f, "drain port {}, for at most {}", ports.join(", "), format_duration(*timeout))
            }
        }
    }
}

/// Says which paths become links into the data directory.
pub(crate) fn persist_words(paths: &[Persist]) -> String {
    let paths: Vec<&str> = paths.iter().map(|it| it.path.as_str()).collect();
    format!("link {} to the data directory", paths.join(", "))
}

fn await_ready(
    f: &mut fmt::Formatter<'_>,
    service: &ServiceName,
    readiness: &Readiness,
    listen: Option<&Listen>,
) -> fmt::Result {
    let listen = listen.map(ToString::to_string).unwrap_or_default();
    match readiness {
        Readiness::Started => write!(f, "watch {service} for 1s"),
        Readiness::StaysUp(time) => {
            write!(f, "wait until {service} has been up for {}", format_duration(*time))
        }
        Readiness::Accepts { within, .. } => {
            write!(f, "wait until {service} accepts on {listen}, for at most {}", format_duration(*within))
        }
        Readiness::Healthy { check, within } => {
            let within = format_duration(*within);
            write!(f, "wait until {service} answers {} on {listen}, for at most {within}", check.path)
        }
    }
}

fn list(services: &[ServiceName]) -> String {
    let names: Vec<String> = services.iter().map(ServiceName::to_string).collect();
    names.join(", ")
}
