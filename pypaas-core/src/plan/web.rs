//! What nginx's files should say, and how they are switched.

use std::collections::{BTreeMap, BTreeSet};

use pypaas_config::{BranchRef, Domain, DomainName, Location, RunnerRef};

use super::{Phase, Plan, PlanError};
use crate::host::Version;
use crate::{
    CheckoutName, DefaultServer, Face, Layout, Maintenance, Observed, Placement, Platform, Process, Record,
    Route, RoutedLocation, Server, Step, Tls, Unavailable, Upstream, UpstreamName, VirtualHost, WebChange,
    WebFileName, WebJournal, encode,
};

/// The oldest nginx whose syntax is written when none could be asked.
const OLDEST: Version = Version(1, 22, 0);

/// What an nginx that does not run means for a change of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WhenDown {
    /// The change is about what nginx serves: it fails.
    Fail,
    /// The files are put right, and nginx reads them when it starts.
    Wait,
}

/// Plans maintenance during a deploy: recorded first, so that a crash does not leave it on.
pub(super) fn close(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
    when_down: WhenDown,
) -> Result<Plan, PlanError> {
    let before = observed.record(branch);
    if before.live.is_none() {
        return Ok(Plan::default());
    }
    let maintenance = before.maintenance.or(Some(Maintenance::Deploy));
    let record = Record { maintenance, ..before.clone() };
    let mut plan = Plan::default();
    let mut steps = Vec::new();
    if record != before {
        steps.push(Step::WriteRecord { branch: branch.clone(), record: Box::new(record.clone()) });
    }
    let view = View { platform, observed, replaced: Some((branch, &record)), patient: false };
    steps.extend(replace_files(observed, view.of_branch(branch)?, when_down)?);
    plan.section("Switch maintenance on", Phase::Switch, steps);
    Ok(plan)
}

/// Plans to make nginx's files that concern `branch` say what `record` says of it. Nothing when they do already.
///
/// A journal that is found belongs to a switch that did not end: files of other branches go back to their last good
/// text, and so does any file that would be given the very text that was being tried.
pub(super) fn switch(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
    record: &Record,
) -> Result<Vec<Step>, PlanError> {
    let view = View { platform, observed, replaced: Some((branch, record)), patient: false };
    replace_files(observed, view.of_branch(branch)?, WhenDown::Fail)
}

/// Plans to make nginx's files say what `record` says of `branch`, and then to replace the record: the commit point. The
/// switch ends after it, so that until then the files can go back to what they were.
pub(super) fn switch_and_commit(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
    record: Record,
) -> Result<(Vec<Step>, Vec<Step>), PlanError> {
    let mut before = switch(platform, observed, branch, &record)?;
    let end = before.pop_if(|step| *step == Step::EndWebSwitch);
    if let Some(Step::BeginWebSwitch { journal }) = before.first_mut() {
        journal.release = record.live.as_ref().map(|live| (branch.clone(), live.release));
    }
    let commit = Step::WriteRecord { branch: branch.clone(), record: Box::new(record) };
    Ok((before, [commit].into_iter().chain(end).collect()))
}

/// Plans the same for what is live now. A domain that is configured to lead to processes which only the next deploy starts
/// goes on as it is.
pub(super) fn restore(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
    when_down: WhenDown,
) -> Result<Vec<Step>, PlanError> {
    let record = observed.record(branch).settled();
    let view = View { platform, observed, replaced: Some((branch, &record)), patient: true };
    replace_files(observed, view.of_branch(branch)?, when_down)
}

/// Says in a section's title when nginx will only read its files later.
pub(super) fn title<'a>(observed: &Observed, when_it_runs: &'a str) -> &'a str {
    if observed.web_runs { when_it_runs } else { "Put nginx's files right; it does not run" }
}

/// Plans to give nginx's files the `desired` texts (`None`: no file): noted, written, tested, loaded.
pub(super) fn replace_files(
    observed: &Observed,
    mut desired: BTreeMap<WebFileName, Option<String>>,
    when_down: WhenDown,
) -> Result<Vec<Step>, PlanError> {
    let unended = observed.web_journal.as_ref();
    for (file, change) in unended.iter().flat_map(|journal| &journal.files) {
        let wanted = desired.entry(file.clone()).or_insert_with(|| change.good.clone());
        if *wanted == change.tried {
            wanted.clone_from(&change.good);
        }
    }
    let mut journal = WebJournal::default();
    let mut writes = Vec::new();
    for (file, tried) in desired {
        let on_disk = observed.web_files.get(&file);
        let earlier = unended.and_then(|journal| journal.files.get(&file));
        if on_disk == tried.as_ref() && earlier.is_none() {
            continue;
        }
        let good = earlier.map_or_else(|| on_disk.cloned(), |change| change.good.clone());
        journal.files.insert(file.clone(), WebChange { good, tried: tried.clone() });
        match tried {
            Some(text) if on_disk != Some(&text) => writes.push(Step::WriteWebFile { file, text }),
            None if on_disk.is_some() => writes.push(Step::RemoveWebFile { file }),
            _ => {}
        }
    }
    if journal.files.is_empty() {
        return Ok(Vec::new());
    }
    let mut steps = vec![Step::BeginWebSwitch { journal }];
    steps.extend(writes);
    steps.push(Step::TestWebServer);
    if observed.web_runs || when_down == WhenDown::Fail {
        steps.push(Step::ReloadWebServer);
    }
    steps.push(Step::EndWebSwitch);
    Ok(steps)
}

/// Names the files that concern `branch`: its domains, their upstreams, and the default server. None without domains.
pub(crate) fn files_of(platform: &Platform, branch: &BranchRef) -> BTreeSet<WebFileName> {
    let domains: Vec<(&DomainName, &Domain)> = platform.domains(branch).collect();
    let own = platform.runners(branch).map(|(name, _)| branch.runner(name));
    let upstreams = domains.iter().flat_map(|(_, domain)| domain.targets().cloned()).chain(own);
    let mut files: BTreeSet<WebFileName> = upstreams.map(|runner| upstream_file(&runner)).collect();
    if !domains.is_empty() {
        files.insert(WebFileName::default_server());
    }
    files.extend(domains.iter().map(|(name, _)| WebFileName::domain(name)));
    files
}

/// Says whether the file of a domain leads to processes or files of `branch`.
pub(super) fn leads_to(text: &str, branch: &BranchRef, layout: &Layout) -> bool {
    let upstreams = format!("{}+{}+", encode(branch.repo.as_str()), encode(branch.branch.as_str()));
    let checkouts = format!("{}/", layout.checkouts(branch));
    [format!("://{upstreams}"), format!(" {upstreams}"), checkouts].iter().any(|it| text.contains(it))
}

/// Says what all of nginx's files should say; others of pypaas's making should not be. Domains that are left as they are
/// because they wait for a deploy are not among them.
pub(super) fn all_desired(
    platform: &Platform,
    observed: &Observed,
) -> Result<BTreeMap<WebFileName, Option<String>>, PlanError> {
    let view = View { platform, observed, replaced: None, patient: true };
    view.texts(platform.configuration.domains.iter(), BTreeSet::new())
}

/// Names the file of a runner's upstream.
fn upstream_file(runner: &RunnerRef) -> WebFileName {
    WebFileName::upstream(&UpstreamName::new(runner))
}

/// The records as they will be, with that of one branch replaced.
struct View<'a> {
    platform: &'a Platform,
    observed: &'a Observed,
    replaced: Option<(&'a BranchRef, &'a Record)>,
    /// Whether a domain stays as it is while it is configured to lead to processes that only the next deploy starts.
    patient: bool,
}

impl<'a> View<'a> {
    fn record(&self, branch: &BranchRef) -> Option<&Record> {
        match self.replaced {
            Some((replaced, record)) if replaced == branch => Some(record),
            _ => self.observed.records.get(branch),
        }
    }

    /// Says what the files that concern `branch` should say. A domain that leads to it and is not configured any more goes. An
    /// upstream of its own that a file is there for is kept right even when no configured domain leads to it: a domain's
    /// file that is not rewritten yet may still do.
    fn of_branch(&self, branch: &'a BranchRef) -> Result<BTreeMap<WebFileName, Option<String>>, PlanError> {
        let own = self.platform.runners(branch).map(|(name, _)| branch.runner(name));
        let on_disk = |runner: &RunnerRef| self.observed.web_files.contains_key(&upstream_file(runner));
        let mut files = self.texts(self.platform.domains(branch), own.filter(on_disk).collect())?;
        let is_removed =
            |file: &WebFileName| file.as_domain().is_some_and(|name| !self.platform.is_known(&name));
        let removed = self.observed.web_files.iter().filter(|(file, _)| is_removed(file));
        let led_here = removed.filter(|(_, text)| leads_to(text, branch, &self.platform.layout));
        files.extend(led_here.map(|(file, _)| (file.clone(), None)));
        Ok(files)
    }

    fn texts(
        &self,
        domains: impl Iterator<Item = (&'a DomainName, &'a Domain)>,
        mut runners: BTreeSet<RunnerRef>,
    ) -> Result<BTreeMap<WebFileName, Option<String>>, PlanError> {
        let web = self.platform.web.as_ref();
        let mut files = BTreeMap::new();
        let (mut any, mut any_waits) = (false, false);
        for (name, domain) in domains {
            any = true;
            runners.extend(domain.targets().cloned());
            let file = WebFileName::domain(name);
            if self.patient && self.observed.web_files.contains_key(&file) && self.waits(domain) {
                any_waits = true;
            } else {
                files.insert(file, Some(web.virtual_host(&self.virtual_host(name, domain))?));
            }
        }
        if any {
            files.insert(WebFileName::default_server(), Some(web.default_server(&self.default_server())?));
        }
        for runner in runners {
            let upstream = self.upstream(&runner).map(|it| web.upstream(&it, self.version())).transpose()?;
            // A domain that stays as it is may name an upstream that is on its way out.
            if upstream.is_some() || !any_waits {
                files.insert(upstream_file(&runner), upstream);
            }
        }
        Ok(files)
    }

    /// Says whether `domain` leads to a runner whose branch is live, but without processes of that runner.
    fn waits(&self, domain: &Domain) -> bool {
        let is_live = |runner: &RunnerRef| {
            self.record(&runner.branch_ref()).is_some_and(|record| record.live.is_some())
        };
        let mut upstreams = domain.locations.values().map(|location| &location.upstream);
        upstreams.any(|runner| is_live(runner) && self.route(runner) == Err(Unavailable::NotDeployed))
    }

    fn version(&self) -> Version {
        self.observed.web_version.unwrap_or(OLDEST)
    }

    fn virtual_host(&self, name: &DomainName, domain: &Domain) -> VirtualHost {
        let settings = &self.platform.configuration.settings;
        let tls = domain.ssl.then(|| Tls {
            certificate: domain.ssl_certificate.clone(),
            certificate_key: domain.ssl_certificate_key.clone(),
            chain: domain.ssl_certificate_chain.clone(),
            config: domain.ssl_config.clone().or_else(|| settings.ssl_config.clone()),
        });
        let face = Face {
            aliases: domain.aliases.clone(),
            redirects: domain.redirects.clone(),
            listen: settings.nginx.listen.clone(),
            http_port: settings.nginx.http_port,
            https_port: settings.nginx.https_port,
            tls,
            extra_listen_options: domain.extra_listen_options.clone(),
            http_extra: domain.nginx_http_extra_config.clone(),
            https_extra: domain.nginx_https_extra_config.clone(),
        };
        let location = |(path, location): (&_, &Location)| RoutedLocation {
            path: Clone::clone(path),
            route: self.location_route(location),
            extra: location.nginx_extra_config.clone(),
        };
        let mut written: Vec<_> = domain.locations.iter().collect();
        written.sort_by_key(|(_, location)| location.position);
        let locations = written.into_iter().map(location).collect();
        VirtualHost {
            name: name.clone(),
            file: domain.file.clone(),
            face,
            locations,
            gzip_static: self.observed.web_gzip_static,
            version: self.version(),
        }
    }

    fn default_server(&self) -> DefaultServer {
        let settings = &self.platform.configuration.settings;
        let nginx = &settings.nginx;
        let domains = &self.platform.configuration.domains;
        let names = || domains.iter().flat_map(|(name, domain)| domain.names(name));
        DefaultServer {
            listen: nginx.listen.clone(),
            http_port: nginx.http_port,
            https_port: domains.values().any(|domain| domain.ssl).then_some(nginx.https_port),
            tls_config: settings.ssl_config.clone(),
            longest_name: names().map(|name| name.as_str().len()).max().unwrap_or(0),
            names: names().count(),
            version: self.version(),
        }
    }

    fn location_route(&self, location: &Location) -> Route {
        let why = match self.route(&location.upstream) {
            Ok(route) => return route,
            Err(why) => why,
        };
        let instead = location.maintenance_upstream.as_ref().and_then(|runner| self.route(runner).ok());
        instead.unwrap_or(Route::Unavailable(why))
    }

    fn route(&self, runner: &RunnerRef) -> Result<Route, Unavailable> {
        let branch = runner.branch_ref();
        let record = self.record(&branch).ok_or(Unavailable::NotDeployed)?;
        if record.maintenance.is_some() {
            return Err(Unavailable::Maintenance(record.message.clone()));
        }
        if record.stopped {
            return Err(Unavailable::Stopped);
        }
        let live = record.live.as_ref().ok_or(Unavailable::NotDeployed)?;
        let known = self.platform.runner(runner).ok_or(Unavailable::NotDeployed)?;
        let nginx = known.nginx().ok_or(Unavailable::NotDeployed)?;
        // What is live may still be of another type than is configured.
        if known.needs_port() == live.ports(&runner.runner).is_empty() {
            return Err(Unavailable::NotDeployed);
        }
        let checkout = self.platform.layout.checkout(&branch, &live.checkout);
        Ok(nginx.route(&Placement { upstream: UpstreamName::new(runner), checkout }))
    }

    fn upstream(&self, runner: &RunnerRef) -> Option<Upstream> {
        let live = self.record(&runner.branch_ref())?.live.as_ref()?;
        let ports = live.ports(&runner.runner);
        let servers: Vec<Server> =
            ports.into_iter().map(|port| Server { host: "127.0.0.1".to_owned(), port }).collect();
        if servers.is_empty() {
            return None;
        }
        self.platform.runner(runner)?.nginx()?.upstream(&UpstreamName::new(runner), &servers)
    }
}

/// Says whether nginx's files lead to a version of `branch` that is neither live nor was to stay: switched to by a deploy
/// that failed before its commit point, and not put back since. It must go on running.
pub fn is_served_unrecorded(platform: &Platform, observed: &Observed, branch: &BranchRef) -> bool {
    let record = observed.record(branch);
    let live = record.live.as_ref();
    let others = || [&record.trying, &record.retiring].into_iter().flatten();
    // What a switch that did not end wrote was never loaded.
    let accepted = |file: &WebFileName| {
        let journal = observed.web_journal.as_ref().and_then(|journal| journal.files.get(file));
        journal.map_or_else(|| observed.web_files.get(file), |change| change.good.as_ref())
    };
    let is_led_to = |process: &Process, port: u16| {
        let is_live = live.is_some_and(|live| live.processes.iter().any(|it| it.port == Some(port)));
        let text = accepted(&upstream_file(&branch.runner(&process.runner)));
        !is_live && text.is_some_and(|text| names(text, &format!(":{port}")))
    };
    let is_shown = |checkout: &CheckoutName| {
        let path = platform.layout.checkout(branch, checkout);
        let mut texts = platform.domains(branch).filter_map(|(name, _)| accepted(&WebFileName::domain(name)));
        live.is_none_or(|live| live.checkout != *checkout) && texts.any(|text| names(text, path.as_str()))
    };
    others().any(|it| is_shown(&it.checkout))
        || others().flat_map(|it| &it.processes).any(|it| it.port.is_some_and(|port| is_led_to(it, port)))
}

/// Says whether `text` holds `word`, and not just a longer one that begins alike.
fn names(text: &str, word: &str) -> bool {
    let goes_on = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.match_indices(word).any(|(at, word)| !text[at + word.len()..].starts_with(goes_on))
}

/// Finds what a location leads to while the records are as observed.
pub fn route_of(platform: &Platform, observed: &Observed, location: &Location) -> Route {
    let branch = location.upstream.branch_ref();
    let record = observed.record(&branch);
    View { platform, observed, replaced: Some((&branch, &record)), patient: false }.location_route(location)
}
