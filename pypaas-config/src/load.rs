//! Loading: from the text of the files to a checked configuration and its problems.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fmt::Display;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::certificate_files::{self, CertificateFile};
use crate::directory::{self, Role, SETTINGS_FILE};
use crate::file::{self, Content, File};
use crate::finding::{Finding, Findings, quote};
use crate::parallel;
use crate::port_count;
use crate::references::{Reference, Targets};
use crate::server_names::{self, NameUse};
use crate::source_text::SourceText;
use crate::span::Span;
use crate::{
    Configuration, Diagnostic, Domain, DomainName, Loaded, Repo, RepoName, RunnerType, Settings, SourceFile,
    Verbatim, report,
};

/// Limits the cost of a file that consists of mistakes; nobody fixes more at a time.
const MAX_FINDINGS_PER_FILE: usize = 100;

/// Loads configuration files: decodes and checks them, and resolves the references between them.
///
/// Every upstream of every domain in the result is a runner in the result that nginx can route to. A domain that routes
/// to a broken repo therefore counts as broken, with a warning. `types` are the types of runners.
pub fn load(files: &[SourceFile], types: &[RunnerType]) -> Loaded {
    load_each(files, types, |file| &file.path, |file| Ok::<_, Infallible>(file.text.clone()))
}

/// Loads the files at `paths`. `read` returns their text and is called from several threads at the same time. A file that
/// cannot be read affects only its repo or domain.
pub fn load_with<E: Display>(
    paths: &[Utf8PathBuf],
    types: &[RunnerType],
    read: impl Fn(&Utf8Path) -> Result<Vec<u8>, E> + Sync,
) -> Loaded {
    load_each(paths, types, |path| path, |path| read(path))
}

fn load_each<T: Sync, E: Display>(
    files: &[T],
    types: &[RunnerType],
    path: impl Fn(&T) -> &Utf8PathBuf + Sync,
    text: impl Fn(&T) -> Result<Vec<u8>, E> + Sync,
) -> Loaded {
    let mut files: Vec<&T> =
        files.iter().filter(|file| directory::role(path(file)) != Role::Unrelated).collect();
    files.sort_by(|a, b| path(a).cmp(path(b)));
    let mut loader = Loader::default();
    let types: Arc<[RunnerType]> = types.into();
    let read = |at, file: &&T| file::read(number(at), path(file), Arc::clone(&types), || text(file));
    for file in parallel::map(&files, read) {
        loader.take(file);
    }
    loader.finish()
}

/// Converts the index of a file to its number.
fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// The files read so far.
#[derive(Default)]
struct Loader {
    texts: Vec<SourceFile>,
    sources: Vec<SourceText>,
    findings: Findings,
    /// With the span of `ports`.
    settings: Option<(Settings, Span)>,
    /// By name, each with the number of its file; `None` if the file is broken.
    repos: BTreeMap<RepoName, (u32, Option<Repo>)>,
    domains: BTreeMap<DomainName, (u32, Option<Domain>)>,
    /// The server names of all domain files.
    name_uses: Vec<NameUse>,
    /// The upstreams of all domain files, even of broken ones.
    references: Vec<Reference>,
    certificate_files: Vec<CertificateFile>,
}

impl Loader {
    fn take(&mut self, file: File) {
        let number = number(self.sources.len());
        self.texts.extend(file.text);
        self.sources.push(file.source);
        self.findings.append(file.findings);
        match file.content {
            Content::Settings(settings) => self.settings = settings,
            Content::Repo(name, repo) => {
                let added = add(&mut self.repos, name, (number, repo), "repo", &self.sources);
                self.findings.take(added);
            }
            Content::Domain(name, domain, mut links) => {
                self.name_uses.append(&mut links.name_uses);
                self.references.append(&mut links.references);
                self.certificate_files.append(&mut links.certificate_files);
                let added = add(&mut self.domains, name, (number, domain), "domain", &self.sources);
                self.findings.take(added);
            }
            Content::Nothing => {}
        }
    }

    fn finish(mut self) -> Loaded {
        if !self.sources.iter().any(|source| source.path == SETTINGS_FILE) {
            self.report_missing_settings();
        }
        self.check_certificate_files();
        let mut broken_repos = BTreeSet::new();
        let mut repos = BTreeMap::new();
        for (name, (_, repo)) in self.repos {
            match repo {
                Some(repo) => drop(repos.insert(name, repo)),
                None => drop(broken_repos.insert(name)),
            }
        }
        server_names::check(&self.name_uses, &mut self.findings);
        let targets = Targets { repos: &repos, broken: &broken_repos };
        let frozen = targets.check(&self.references, &mut self.findings);
        let mut broken_domains = BTreeSet::new();
        let mut named_by_broken_domains = BTreeMap::new();
        let named_by = |number: u32| {
            let own = self.references.iter().filter(move |it| it.location_span.file == number);
            own.map(|it| it.target.repo.clone()).collect::<BTreeSet<_>>()
        };
        let mut domains = BTreeMap::new();
        for (name, (number, domain)) in self.domains {
            match domain.filter(|_| !self.findings.is_broken(number) && !frozen.contains(&number)) {
                Some(domain) => drop(domains.insert(name, domain)),
                None => {
                    named_by_broken_domains.insert(name.clone(), named_by(number));
                    broken_domains.insert(name);
                }
            }
        }
        let noted = self.findings.verbatim().iter();
        let verbatim = noted.filter_map(|(key, span)| Verbatim::at(key, *span, &self.sources)).collect();
        if let Some((settings, span)) = &self.settings {
            port_count::check(settings.ports, *span, repos.values(), &mut self.findings);
        }
        let configuration = self.settings.map(|(settings, _)| Configuration {
            settings,
            repos,
            domains,
            broken_repos,
            broken_domains,
            named_by_broken_domains,
            verbatim,
        });
        Loaded { configuration, problems: problems(self.findings, &self.sources), files: self.texts }
    }

    fn check_certificate_files(&mut self) {
        let files = &self.certificate_files;
        certificate_files::check_owners(files, &self.domains.keys().collect(), &mut self.findings);
        if let Some((settings, _)) = &self.settings {
            let of_domain =
                |name: &DomainName| self.domains.get(name).and_then(|(_, domain)| domain.as_ref());
            let has_own_tls = |name: &DomainName| {
                settings.ssl_config.is_some()
                    || of_domain(name).is_some_and(|domain| domain.ssl_config.is_some())
            };
            certificate_files::check_stapling(files, &settings.nginx, has_own_tls, &mut self.findings);
        }
    }

    fn report_missing_settings(&mut self) {
        let number = number(self.sources.len());
        self.sources.push(SourceText::missing(SETTINGS_FILE.into()));
        self.findings.add(
            Finding::error(Span::whole_file(number), "`pypaas.yml` is missing")
                .help("create it; the minimum is `ports: {min: 61500, max: 61800}`"),
        );
    }
}

/// Adds the definition of a file to `known`. If two files define the same name, neither is used, and an error is returned.
fn add<N: Ord + Display, T>(
    known: &mut BTreeMap<N, (u32, Option<T>)>,
    name: N,
    new: (u32, Option<T>),
    kind: &str,
    sources: &[SourceText],
) -> Result<(), Finding> {
    let Some((first, known)) = known.get_mut(&name) else {
        known.insert(name, new);
        return Ok(());
    };
    *known = None;
    let path = |number: u32| sources.get(number as usize).map_or("", |source| source.path.as_str());
    let (first, second) = (*first, new.0);
    let files = format!("{} and {}", quote(path(first)), quote(path(second)));
    let message = format!("{files} both define the {kind} {}", quote(&name.to_string()));
    let finding = Finding::error(Span::whole_file(second), message);
    Err(finding.also(Span::whole_file(first), "").help("remove one of the two files"))
}

fn problems(findings: Findings, sources: &[SourceText]) -> Vec<Diagnostic> {
    let findings = findings.sorted();
    let mut problems = Vec::new();
    let mut of_each = vec![0_usize; sources.len()];
    for finding in &findings {
        let Some(of_file) = of_each.get_mut(finding.span.file as usize) else { continue };
        *of_file += 1;
        if *of_file <= MAX_FINDINGS_PER_FILE {
            problems.push(report::render(finding, sources));
        }
    }
    for (number, of_file) in of_each.iter().enumerate() {
        if let Some(more @ 1..) = of_file.checked_sub(MAX_FINDINGS_PER_FILE) {
            let span = Span::whole_file(self::number(number));
            let finding = Finding::error(span, format!("{more} more problems in this file"));
            problems.push(report::render(&finding, sources));
        }
    }
    problems.sort_by(|a, b| a.place.cmp(&b.place));
    problems
}
