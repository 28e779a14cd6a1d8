//! What is on the machine now.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use pypaas_config::{BranchName, BranchRef, DomainName, RepoName, RunnerRef};

use crate::host::{
    Commit, FileError, Files, GitError, Host, ProbeError, ServiceError, ServiceState, Services, Version,
    WebServerError,
};
use crate::plan::web_files_of;
use crate::record::VERSION;
use crate::{
    CheckoutName, CommitId, IssuedCertificate, Layout, PendingSwitch, Platform, Record, ServiceName, Site,
    WebFile, WebFileName, WebInstance, WebRoutes,
};
use crate::{decode, encode, site};

/// What plans may depend on, read from the machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// The time.
    pub now: Timestamp,
    /// The records of all branches, also of those no longer configured.
    pub records: BTreeMap<BranchRef, Record>,
    /// The services, of the branch asked for or of all.
    pub services: BTreeMap<ServiceName, ServiceState>,
    /// nginx's files, those that concern the branch asked for or all.
    pub web_files: BTreeMap<WebFileName, WebFile>,
    /// Where all of nginx's files send requests.
    pub web_routes: WebRoutes,
    /// The note of a switch of nginx's files that did not end.
    pub pending_switch: Option<PendingSwitch>,
    /// The checkouts, of the branch asked for or of all.
    pub checkouts: BTreeMap<BranchRef, BTreeSet<CheckoutName>>,
    /// The TCP ports something holds; empty when they were not looked at.
    pub ports_in_use: BTreeSet<u16>,
    /// The version of nginx; `None` when no domain concerns what is asked for, so nginx was not asked.
    pub web_version: Option<Version>,
    /// Whether the edge and the router run.
    pub web_runs: bool,
    /// Whether they were ever started.
    pub web_is_set_up: bool,
    /// Whether the router has workers with an older configuration.
    pub web_has_old_workers: bool,
    /// Whether nginx can serve files that are compressed already; false when it was not asked.
    pub web_gzip_static: bool,
    /// The newest certificates of the domains that have theirs issued.
    pub certificates: BTreeMap<DomainName, IssuedCertificate>,
    /// Directories that nginx is configured to serve, of what is live, which are not in its checkout.
    pub missing_sites: BTreeMap<RunnerRef, Site>,
    /// The commit asked for.
    pub commit: Option<Commit>,
    /// The repositories that exist.
    pub repos: BTreeSet<RepoName>,
}

/// How much is looked at.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// One branch.
    Branch {
        /// Which.
        branch: &'a BranchRef,
        /// A commit that is to be deployed on it.
        commit: Option<&'a CommitId>,
        /// Whether ports are looked at: on a busy machine that takes a while.
        ports: bool,
    },
    /// Everything.
    Machine,
}

/// Says what could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// A file.
    #[error("cannot see what is on the machine")]
    Files(#[from] FileError),
    /// A file of pypaas's own says something it never wrote.
    #[error("cannot understand `{path}`: {reason}")]
    Garbled {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong, with line and column.
        reason: String,
    },
    /// A file of pypaas's own was written by a later pypaas.
    #[error(
        "`{path}` was written by a later pypaas: its version is {version}, and this pypaas knows {known}"
    )]
    TooNew {
        /// The file.
        path: Utf8PathBuf,
        /// The version it has.
        version: u32,
        /// The highest version that this pypaas knows.
        known: u32,
    },
    /// The supervisor.
    #[error("cannot see the services")]
    Services(#[from] ServiceError),
    /// The ports.
    #[error("cannot see which ports are in use")]
    Ports(#[from] ProbeError),
    /// nginx.
    #[error("cannot tell the version of nginx")]
    WebServer(#[from] WebServerError),
    /// git.
    #[error("cannot read the commit")]
    Git(#[from] GitError),
}

/// Looks at the machine. Changes nothing.
pub fn observe(host: &mut dyn Host, platform: &Platform, scope: Scope<'_>) -> Result<Observed, ObserveError> {
    let layout = &platform.layout;
    let records = records(host.files(), layout)?;
    let pending_switch = pending_switch(host.files(), layout)?.map(|journal| journal.seen_with(&records));
    let commit = match scope {
        Scope::Branch { branch, commit: Some(commit), .. } => {
            Some(host.git().commit(&layout.repo(&branch.repo), commit, &platform.reads())?)
        }
        _ => None,
    };
    let asks_web = match scope {
        Scope::Branch { branch, .. } => platform.domains(branch).next().is_some(),
        Scope::Machine => !platform.configuration.domains.is_empty(),
    };
    let wanted = match scope {
        Scope::Branch { branch, .. } => {
            let journalled = pending_switch.iter().flat_map(|journal| journal.files.keys().cloned());
            // Of a lost record only the files of upstreams tell which runners a release brought.
            let is_removed_or_own = |file: &WebFileName| {
                file.as_domain().is_some_and(|domain| !platform.is_known(&domain))
                    || file.as_upstream().is_some_and(|runner| runner.is_of(branch))
            };
            let found = all_web_files(host.files(), layout)?.into_iter().filter(is_removed_or_own);
            let named = web_files_of(platform, branch, records.get(branch)).into_iter();
            named.chain(journalled).chain(found).collect()
        }
        Scope::Machine => all_web_files(host.files(), layout)?,
    };
    let web_routes: WebRoutes = read_json(host.files(), layout.web_routes())?.unwrap_or_default();
    Ok(Observed {
        now: host.clock().now(),
        services: services(host.services(), scope)?,
        web_files: web_files(host.files(), layout, wanted, &web_routes)?,
        web_routes,
        checkouts: checkouts(host.files(), layout, scope)?,
        ports_in_use: match scope {
            Scope::Branch { ports: false, .. } => BTreeSet::new(),
            _ => host.probe().ports_in_use()?,
        },
        certificates: IssuedCertificate::all(host.files(), platform)?,
        missing_sites: site::missing(host.files(), platform, &records, scope)?,
        web_runs: host.web_server().web_server_runs(),
        web_is_set_up: host.web_server().web_server_is_set_up(),
        web_has_old_workers: host.web_server().has_old_workers(),
        web_gzip_static: asks_web && host.web_server().has_gzip_static()?,
        web_version: if asks_web { Some(host.web_server().web_server_version()?) } else { None },
        repos: host
            .files()
            .list_directory(&layout.repos())?
            .iter()
            .filter_map(|name| RepoName::new(name.as_str()).ok())
            .collect(),
        records,
        pending_switch,
        commit,
    })
}

/// Reads all records. A record that cannot be understood is an error: guessing could stop what serves.
pub fn records(files: &mut dyn Files, layout: &Layout) -> Result<BTreeMap<BranchRef, Record>, ObserveError> {
    let mut records = BTreeMap::new();
    for branch in recorded_branches(files, layout)? {
        if let Some(record) = record(files, layout, &branch)? {
            records.insert(branch, record);
        }
    }
    Ok(records)
}

/// Lists the branches that have a record.
pub fn recorded_branches(files: &mut dyn Files, layout: &Layout) -> Result<BTreeSet<BranchRef>, FileError> {
    let mut branches = BTreeSet::new();
    for directory in files.list_directory(&layout.state())? {
        let Some(repo) = decode(&directory).and_then(|name| RepoName::new(name).ok()) else { continue };
        for file in files.list_directory(&layout.state().join(&directory))? {
            let branch =
                file.strip_suffix(".json").and_then(decode).and_then(|name| BranchName::new(name).ok());
            branches.extend(branch.map(|branch| BranchRef { repo: repo.clone(), branch }));
        }
    }
    Ok(branches)
}

/// Reads the record of one branch.
pub fn record(
    files: &mut dyn Files,
    layout: &Layout,
    branch: &BranchRef,
) -> Result<Option<Record>, ObserveError> {
    let path = layout.record(branch);
    let Some(text) = files.read_file(&path)? else { return Ok(None) };
    let Versioned { version } = parse(&path, &text)?;
    if version > VERSION {
        return Err(ObserveError::TooNew { path, version, known: VERSION });
    }
    parse(&path, &text).map(Some)
}

/// The version of a file, which every version of it says in the same way.
#[derive(serde::Deserialize)]
struct Versioned {
    #[serde(default)]
    version: u32,
}

/// Reads the note of a switch of nginx's files that did not end.
pub(crate) fn pending_switch(
    files: &mut dyn Files,
    layout: &Layout,
) -> Result<Option<PendingSwitch>, ObserveError> {
    read_json(files, layout.pending_switch())
}

fn read_json<T: serde::de::DeserializeOwned>(
    files: &mut dyn Files,
    path: Utf8PathBuf,
) -> Result<Option<T>, ObserveError> {
    files.read_file(&path)?.map(|text| parse(&path, &text)).transpose()
}

fn parse<T: serde::de::DeserializeOwned>(path: &Utf8Path, text: &str) -> Result<T, ObserveError> {
    serde_json::from_str(text)
        .map_err(|error| ObserveError::Garbled { path: path.to_owned(), reason: error.to_string() })
}

fn services(
    supervisor: &mut dyn Services,
    scope: Scope<'_>,
) -> Result<BTreeMap<ServiceName, ServiceState>, ObserveError> {
    let mut states = BTreeMap::new();
    for name in supervisor.list_services()? {
        if matches!(scope, Scope::Branch { branch, .. } if name.branch() != *branch) {
            continue;
        }
        if let Some(state) = supervisor.inspect_service(&name)? {
            states.insert(name, state);
        }
    }
    Ok(states)
}

fn all_web_files(files: &mut dyn Files, layout: &Layout) -> Result<BTreeSet<WebFileName>, FileError> {
    let mut found: BTreeSet<WebFileName> = WebInstance::ALL.into_iter().map(WebFileName::main).collect();
    for instance in WebInstance::ALL {
        let names = files.list_directory(&layout.web_directory(instance))?;
        found.extend(names.iter().filter_map(|name| WebFileName::found(instance, name)));
    }
    Ok(found)
}

/// Reads those of nginx's files that are there.
fn web_files(
    files: &mut dyn Files,
    layout: &Layout,
    wanted: BTreeSet<WebFileName>,
    routes: &WebRoutes,
) -> Result<BTreeMap<WebFileName, WebFile>, FileError> {
    let mut found = BTreeMap::new();
    for name in wanted {
        if let Some(text) = files.read_file(&layout.web_file(&name))? {
            let routes = routes.of(&name);
            found.insert(name, WebFile { text, routes });
        }
    }
    Ok(found)
}

fn checkouts(
    files: &mut dyn Files,
    layout: &Layout,
    scope: Scope<'_>,
) -> Result<BTreeMap<BranchRef, BTreeSet<CheckoutName>>, ObserveError> {
    let branches = match scope {
        Scope::Branch { branch, .. } => vec![branch.clone()],
        Scope::Machine => {
            let mut all = Vec::new();
            for repo_directory in files.list_directory(&layout.all_checkouts())? {
                let Some(repo) = decode(&repo_directory).and_then(|name| RepoName::new(name).ok()) else {
                    continue;
                };
                for directory in files.list_directory(&layout.all_checkouts().join(encode(repo.as_str())))? {
                    let branch = decode(&directory).and_then(|name| BranchName::new(name).ok());
                    all.extend(branch.map(|branch| BranchRef { repo: repo.clone(), branch }));
                }
            }
            all
        }
    };
    let mut checkouts = BTreeMap::new();
    for branch in branches {
        let found = files.list_directory(&layout.checkouts(&branch))?;
        let names = found.iter().filter_map(|name| CheckoutName::found(name));
        checkouts.insert(branch, names.collect());
    }
    Ok(checkouts)
}

impl Observed {
    /// Returns the record of `branch`; an empty one when there is none.
    pub fn record(&self, branch: &BranchRef) -> Record {
        self.records.get(branch).cloned().unwrap_or_default()
    }
}
