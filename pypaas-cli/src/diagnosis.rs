//! Why a request is not answered: its way is walked, from the configuration to the app, until something is wrong.

mod address;
mod answer;
mod https;
mod processes;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use camino::Utf8Path;
use pypaas_config::{BranchRef, Diagnostic, Domain, DomainName, Location, LocationPath, RunnerRef, Severity};
use pypaas_core::host::WebServer;
use pypaas_core::plan::{Request, Source, Stage, route_of};
use pypaas_core::{
    AttemptKind, Deployment, Maintenance, NotRunning, Observed, Scope, Step, UpstreamName, WebFileName,
    WebInstance, observe,
};
use serde::Serialize;

use crate::access;
use crate::format::{ago, count};
use crate::installation::{Installation, reports};
use pypaas_linux::checks::CheckScope;
use pypaas_linux::{LinuxHost, is_locked};

pub(crate) use address::Address;

/// How long nginx may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// How much younger than nginx's workers a file may be: clocks tick in hundredths of a second.
const TOLERANCE: Duration = Duration::from_secs(1);

/// What was found on the way.
#[derive(Debug, Serialize)]
pub(crate) struct Diagnosis {
    /// The address whose way was walked.
    pub(crate) url: String,
    /// What was right, in the order of the way.
    pub(crate) checked: Vec<String>,
    /// The first problem; `None` when there was none.
    pub(crate) problem: Option<Diagnostic>,
}

/// Describes a problem on the way, and what to do.
fn problem(message: impl Into<String>, fix: impl Into<String>) -> Box<Diagnostic> {
    Box::new(Diagnostic::error("request", message).fix(fix))
}

/// Walks the way of a request for `address`. Changes nothing and waits for no lock.
pub(crate) fn diagnose(installation: &Installation, address: &Address) -> Diagnosis {
    let mut walk = Trace { installation, host: installation.host(), address, checked: Vec::new() };
    let problem = walk.whole().err().map(|problem| *problem);
    Diagnosis { url: address.to_string(), checked: walk.checked, problem }
}

struct Trace<'a> {
    installation: &'a Installation,
    host: LinuxHost,
    address: &'a Address,
    checked: Vec<String>,
}

impl<'a> Trace<'a> {
    fn whole(&mut self) -> Result<(), Box<Diagnostic>> {
        let (name, domain) = self.domain()?;
        let (path, location) = self.location(domain)?;
        let runner = &location.upstream;
        let branch = runner.branch_ref();
        let observed = self.look(&branch)?;
        let live = self.branch(&branch, &observed)?;
        self.nginx(&branch)?;
        self.files(&branch, &observed)?;
        self.loaded(name, runner)?;
        self.listens(domain)?;
        let route = route_of(&self.installation.platform, &observed, location);
        if live.processes.iter().any(|process| process.runner == runner.runner) {
            processes::check(self, &branch, &live, &runner.runner)?;
        }
        self.answer(domain, path, &route, &branch, &live)
    }

    fn pass(&mut self, what: impl Into<String>) {
        self.checked.push(what.into());
    }

    fn domain(&mut self) -> Result<(&'a DomainName, &'a Domain), Box<Diagnostic>> {
        let configuration = self.installation.configuration();
        let host = self.address.host.as_str();
        let is_broken = |name: &&DomainName| name.as_str() == host;
        if configuration.broken_domains.iter().any(|name| is_broken(&name)) {
            let is_its =
                |it: &&Diagnostic| it.is_error() || it.file().and_then(Utf8Path::file_stem) == Some(host);
            let reports = reports(self.installation.shown_problems().filter(is_its));
            let what = format!(
                "the configuration of `{host}` cannot be used, so nginx keeps its last working configuration"
            );
            let found = problem(what, "fix the file, then run `pypaas apply`");
            return Err(found.because(reports.lines()).into());
        }
        let Some((name, domain)) = configuration.domain_of(host) else {
            let nearest = configuration.nearest_domain(host);
            let fix = match nearest.filter(|name| access::may_see_domain(self.installation, name.as_str())) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => format!("write domains/{host}.yml, then run `pypaas apply`"),
            };
            return Err(problem(
                format!("no domain `{host}` is configured, so nginx does not answer for it"),
                fix,
            ));
        };
        if self.address.is_secure() && domain.ssl && !self.is_secure(domain) {
            let what = format!("`{host}` has no certificate yet, and is served over http");
            let fix = format!("run `pypaas certificates renew {name}`, which says what is wrong");
            return Err(problem(what, fix));
        }
        if self.address.is_secure() && !domain.ssl {
            let what = format!("`{host}` is not served over https: {} does not say `ssl: auto`", domain.file);
            return Err(problem(
                what,
                "set `ssl: auto` (or `true`, with your own files) and run `pypaas apply`, or use http",
            ));
        }
        self.pass(match name.as_str() == host {
            true => format!("`{name}` is configured in {}", domain.file),
            false if domain.redirects.iter().any(|it| it.as_str() == host) => {
                format!("`{host}` is sent to `{name}` by {}", domain.file)
            }
            false => format!("`{host}` is configured as a name of `{name}` in {}", domain.file),
        });
        Ok((name, domain))
    }

    /// Finds the location that nginx would choose among those that are no regular expressions.
    fn location(&mut self, domain: &'a Domain) -> Result<(&'a LocationPath, &'a Location), Box<Diagnostic>> {
        let path = self.address.path_without_query();
        let exact = |it: &LocationPath| it.split() == ("=", path);
        let prefix = |it: &LocationPath| matches!(it.split().0, "" | "^~") && path.starts_with(it.split().1);
        let locations = || domain.locations.iter();
        let found = locations()
            .find(|(it, _)| exact(it))
            .or_else(|| locations().filter(|(it, _)| prefix(it)).max_by_key(|(it, _)| it.split().1.len()));
        let regexes = locations().filter(|(it, _)| it.is_regex()).count();
        let Some((location, target)) = found.or_else(|| locations().find(|(it, _)| it.is_regex())) else {
            let known: Vec<&str> = domain.locations.keys().map(LocationPath::as_str).collect();
            return Err(problem(
                format!("no location of {} covers `{path}`, so nginx answers 404", domain.file),
                format!("there are: {}", known.join(", ")),
            ));
        };
        let RunnerRef { repo, branch, runner } = &target.upstream;
        let mut text = format!("its location `{location}` routes to {repo} {branch} {runner}");
        if regexes > 0 && !location.is_regex() {
            text.push_str(&format!(
                ", unless one of {} takes it",
                count(regexes, "regular expression", "regular expressions")
            ));
        }
        self.pass(text);
        Ok((location, target))
    }

    fn look(&mut self, branch: &BranchRef) -> Result<Observed, Box<Diagnostic>> {
        let scope = Scope::Branch { branch, commit: None, ports: false };
        observe(&mut self.host, &self.installation.platform, scope).map_err(|error| {
            let failure = crate::failure::Failure::from(error);
            problem(failure.causes(), "run `pypaas check`")
        })
    }

    fn branch(&mut self, branch: &BranchRef, observed: &Observed) -> Result<Deployment, Box<Diagnostic>> {
        let record = observed.record(branch);
        let is_running = is_locked(&self.installation.platform.layout.branch_lock(branch));
        let Some(live) = record.live.clone() else {
            let (what, fix) = match record.candidate.is_some() && is_running {
                true => (
                    format!("{branch} is being deployed for the first time"),
                    "wait until the push has ended".to_owned(),
                ),
                false => {
                    let layout = &self.installation.platform.layout;
                    let found = NotRunning::find(&mut self.installation.host(), layout, branch);
                    let why = found.ok().flatten().unwrap_or(NotRunning::NeverPushed);
                    (why.message(branch), why.fix(branch))
                }
            };
            return Err(problem(what, fix));
        };
        if record.maintenance == Some(Maintenance::Deploy) && !is_running {
            let what = format!("{branch} is in maintenance: a deploy that needed it was killed");
            return Err(problem(what, "run `pypaas apply`: it brings the version back that was live"));
        }
        if record.maintenance.is_some() {
            let message = record.message.as_deref().map(|it| format!(": {it}")).unwrap_or_default();
            let what = format!("{branch} is in maintenance{message}");
            return Err(problem(
                what,
                match record.maintenance {
                    Some(Maintenance::Deploy) => "wait until its deploy has ended".to_owned(),
                    _ => format!("`pypaas maintenance off {branch}` ends it"),
                },
            ));
        }
        if record.stopped {
            return Err(problem(
                format!("{branch} is stopped"),
                format!("`pypaas start {branch}` starts it"),
            ));
        }
        self.pass(format!(
            "release {} of {branch} is live: {} \"{}\", {} by {}",
            live.release,
            live.commit.short(),
            live.subject,
            ago(observed.now, live.at),
            live.by
        ));
        Ok(live)
    }

    fn nginx(&mut self, branch: &BranchRef) -> Result<(), Box<Diagnostic>> {
        let defects = self.host.check(&self.installation.platform, CheckScope::Branch(branch));
        let grave =
            defects.into_iter().find(|it| it.severity == Severity::Error && it.category != "services");
        if let Some(defect) = grave {
            return Err(defect.into());
        }
        for instance in WebInstance::ALL {
            if let Err(error) = self.host.test_web_server(instance) {
                let fix = "nginx keeps the last working configuration; fix the file it names";
                return Err(problem(error.to_string(), fix));
            }
        }
        if !self.host.web_server_runs() {
            return Err(problem("nginx does not run", "run `pypaas apply`; `pypaas check` says why"));
        }
        self.pass("nginx is running and accepts pypaas's configuration");
        Ok(())
    }

    /// Checks that nginx's files say what they should.
    fn files(&mut self, branch: &BranchRef, observed: &Observed) -> Result<(), Box<Diagnostic>> {
        if observed.pending_switch.is_some() && !is_locked(&self.installation.platform.layout.machine_lock())
        {
            let what =
                "a change of nginx's files was interrupted, so nginx may serve something else than they say";
            return Err(problem(what, "run `pypaas apply`"));
        }
        let request = Request {
            branch: branch.clone(),
            source: Source::Live,
            kind: AttemptKind::Apply,
            by: String::new(),
        };
        let plan = Stage::Restore { lenient: true }.plan(&self.installation.platform, observed, &request);
        let plan = plan.map_err(|error| problem(error.to_string(), "fix the configuration"))?;
        let differing = plan.steps().find_map(|step| match step {
            Step::WriteWebFile { file, .. } => Some((file, observed.web_files.contains_key(file))),
            Step::RemoveWebFile { file } => Some((file, true)),
            _ => None,
        });
        if let Some((file, is_there)) = differing {
            let path = self.installation.platform.layout.web_file(file);
            let what = match is_there {
                true => format!("`{path}` does not match the configuration"),
                false => format!("`{path}` is missing"),
            };
            return Err(problem(what, "run `pypaas apply`"));
        }
        self.pass("nginx's files say what is configured");
        Ok(())
    }

    /// Checks that nginx has read the files since they were written.
    fn loaded(&mut self, domain: &DomainName, runner: &RunnerRef) -> Result<(), Box<Diagnostic>> {
        let Some(loaded) = self.host.nginx_loaded_at() else { return Ok(()) };
        for file in [WebFileName::domain(domain), WebFileName::upstream(&UpstreamName::new(runner))] {
            let path = self.installation.platform.layout.web_file(&file);
            let written = fs::metadata(&path).and_then(|found| found.modified());
            if written.is_ok_and(|written| written > loaded + TOLERANCE) {
                let what = format!("nginx has not loaded `{path}` since it was written");
                return Err(problem(what, "run `pypaas apply`"));
            }
        }
        self.pass("nginx has loaded them");
        Ok(())
    }

    fn listens(&mut self, domain: &Domain) -> Result<(), Box<Diagnostic>> {
        let address = self.nginx_address(domain);
        if let Some(port) = self.address.port.filter(|port| *port != address.port()) {
            let what = format!("nginx serves it at port {}, and not at {port}", address.port());
            return Err(problem(what, "use that port, or change it in `nginx` of pypaas.yml"));
        }
        match TcpStream::connect_timeout(&address, ANSWER) {
            Ok(_) => {
                self.pass(format!("nginx accepts connections at {address}"));
                Ok(())
            }
            Err(error) => Err(problem(
                format!("nothing is listening on {address}: {error}"),
                "nginx's error log says why it does not; a reload can fail silently when a port is taken",
            )),
        }
    }

    /// Returns whether the request is one over https, where the address may leave that open.
    fn is_secure(&self, domain: &Domain) -> bool {
        let platform = &self.installation.platform;
        let mut domains = platform.configuration.domains.iter();
        let name = domains.find(|(_, it)| it.file == domain.file).map(|(name, _)| name);
        let can_be = name.is_some_and(|name| platform.is_secure(name, domain));
        can_be && (self.address.is_secure() || self.address.scheme.is_none())
    }

    /// The address at which nginx is reached from this host.
    fn nginx_address(&self, domain: &Domain) -> SocketAddr {
        let nginx = &self.installation.configuration().settings.nginx;
        let is_secure = self.is_secure(domain);
        let port = if is_secure { nginx.https_port } else { nginx.http_port };
        let mut listen =
            nginx.listen.iter().filter_map(|it| it.trim_matches(['[', ']']).parse::<IpAddr>().ok());
        let address = listen.find(|address| !address.is_unspecified());
        SocketAddr::new(address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), port)
    }
}
