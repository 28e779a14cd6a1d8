//! Loading: from the texts of the files to a checked configuration and all that is wrong with them.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;

use crate::capacity;
use crate::claims::{self, Claim};
use crate::fields::Field;
use crate::finding::{Finding, Findings, quote};
use crate::folder::{self, Role, SETTINGS_FILE};
use crate::place::{Place, Source};
use crate::references::{Reference, Targets};
use crate::tree::{self, Node};
use crate::{
    Configuration, Domain, DomainName, Loaded, Problem, Repo, RepoName, Settings, SourceFile, UnreadableFile,
    Verbatim, report,
};

/// Nobody mends more mistakes of one file at a time; bounds what a file of nothing but mistakes can cost.
const MOST_FINDINGS_OF_A_FILE: usize = 100;

/// Reads configuration files: decodes, checks, and resolves the references between them.
///
/// Every upstream of every domain in the result leads to a runner in the result that nginx can route to. A domain that
/// leads to a broken repo is therefore among the broken ones, with a warning that says so.
pub fn load(files: &[SourceFile]) -> Loaded {
    load_readable(files, &[])
}

/// Does the same where some files cannot be read: each breaks the repo or domain it is about, and nothing else.
pub fn load_readable(files: &[SourceFile], unreadable: &[UnreadableFile]) -> Loaded {
    let unread = unreadable.iter().map(|file| SourceFile { path: file.path.clone(), text: Vec::new() });
    let unread: Vec<SourceFile> = unread.collect();
    let reasons = unreadable.iter().map(|file| Some(file.reason.as_str()));
    let mut files: Vec<_> = unread.iter().zip(reasons).chain(files.iter().map(|file| (file, None))).collect();
    files.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
    let mut loader = Loader::default();
    for (file, unreadable) in files {
        loader.read(file, unreadable);
    }
    loader.finish()
}

/// What has been read so far.
#[derive(Default)]
struct Loader {
    sources: Vec<Source>,
    findings: Findings,
    /// With the place of `ports`.
    settings: Option<(Settings, Place)>,
    /// By name, each with the number of its file; `None` when it is broken.
    repos: BTreeMap<RepoName, (u32, Option<Repo>)>,
    domains: BTreeMap<DomainName, (u32, Option<Domain>)>,
    /// The names that the domain files claim.
    claims: Vec<Claim>,
    /// What the domain files point at, the broken ones too.
    references: Vec<Reference>,
}

impl Loader {
    fn read(&mut self, file: &SourceFile, unreadable: Option<&str>) {
        let number = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        let role = folder::role(&file.path);
        if role == Role::Foreign {
            return;
        }
        let (source, broken_at) = match role {
            Role::Ignored { .. } => (Source::missing(&file.path), None),
            _ => Source::new(file),
        };
        self.sources.push(source);
        if let Some(at) = broken_at {
            self.findings.add(
                Finding::error(Place::bytes(number, at, at), "the text is not UTF-8")
                    .label("the first byte that is not")
                    .help("save the file as UTF-8"),
            );
        }
        if let (Some(reason), false) = (unreadable, matches!(role, Role::Ignored { .. })) {
            let finding = Finding::error(Place::whole(number), format!("the file cannot be read: {reason}"));
            self.findings.add(finding.help("the deploy user must be able to read it"));
        }
        match role {
            Role::Settings => {
                self.settings = self.decode(number, |field, findings| {
                    let ports = field.node.get("ports").map_or(field.key, |entry| entry.key_place);
                    Some((Settings::decode(field, findings)?, ports))
                });
            }
            Role::Repo(name) => self.read_repo(number, name, &file.path),
            Role::Domain(name) => self.read_domain(number, name, &file.path),
            Role::Ignored { reason, help } => {
                self.findings.add(folder::ignored_finding(number, &file.path, reason, help));
            }
            Role::Foreign => {}
        }
    }

    fn read_repo(&mut self, number: u32, name: &str, path: &Utf8PathBuf) {
        let repo = self.decode(number, |field, findings| Repo::decode(name, path, field, findings));
        let name = match RepoName::new(name) {
            Ok(name) => name,
            Err(error) => {
                self.findings
                    .add(Finding::invalid_name(Place::whole(number), &error).help("rename the file"));
                return;
            }
        };
        match self.repos.get_mut(&name) {
            Some((first, known)) => {
                *known = None;
                let finding = both(*first, number, &format!("the repo `{name}`"), &self.sources);
                self.findings.add(finding);
            }
            None => {
                self.repos.insert(name, (number, repo));
            }
        }
    }

    fn read_domain(&mut self, number: u32, written: &str, path: &Utf8PathBuf) {
        let lower = written.to_lowercase();
        let name = match DomainName::new(lower.as_str()) {
            Ok(name) => name,
            Err(error) => {
                self.findings
                    .add(Finding::invalid_name(Place::whole(number), &error).help("rename the file"));
                return;
            }
        };
        let mut references = Vec::new();
        let mut claims = vec![Claim { name: name.clone(), place: Place::whole(number) }];
        let domain = self.decode(number, |field, findings| {
            Domain::decode(&name, path, field, &mut references, &mut claims, findings)
        });
        self.references.append(&mut references);
        self.claims.append(&mut claims);
        if lower != written {
            self.findings.add(
                Finding::error(
                    Place::whole(number),
                    format!("{} has capital letters in its name", quote(path.as_str())),
                )
                .help(format!("rename it to `domains/{lower}.yml`")),
            );
        }
        match self.domains.get_mut(&name) {
            Some((first, known)) => {
                *known = None;
                let finding = both(*first, number, &format!("the domain `{name}`"), &self.sources);
                self.findings.add(finding);
            }
            None => {
                self.domains.insert(name, (number, domain));
            }
        }
    }

    /// Parses a file and decodes it; `None` when anything in it is wrong.
    fn decode<T>(
        &mut self,
        number: u32,
        decode: impl FnOnce(Field<'_>, &mut Findings) -> Option<T>,
    ) -> Option<T> {
        let source = self.sources.get(number as usize)?;
        if self.findings.is_broken(number) {
            return None;
        }
        let root: Node = tree::parse(source, number, &mut self.findings)?;
        let field = Field { name: source.path.as_str(), key: Place::whole(number), node: &root };
        decode(field, &mut self.findings).filter(|_| !self.findings.is_broken(number))
    }

    fn finish(mut self) -> Loaded {
        if !self.sources.iter().any(|source| source.path == SETTINGS_FILE) {
            self.report_missing_settings();
        }
        let mut broken_repos = BTreeSet::new();
        let mut repos = BTreeMap::new();
        for (name, (_, repo)) in self.repos {
            match repo {
                Some(repo) => drop(repos.insert(name, repo)),
                None => drop(broken_repos.insert(name)),
            }
        }
        claims::check(&self.claims, &mut self.findings);
        let targets = Targets { repos: &repos, broken: &broken_repos };
        let frozen = targets.check(&self.references, &mut self.findings);
        let mut broken_domains = BTreeSet::new();
        let mut named_by_broken_domains = BTreeMap::new();
        let named_by = |number: u32| {
            let own = self.references.iter().filter(move |it| it.location_place.file == number);
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
        let verbatim = noted.filter_map(|(key, place)| Verbatim::at(key, *place, &self.sources)).collect();
        if let Some((settings, place)) = &self.settings {
            capacity::check(settings.ports, *place, repos.values(), &mut self.findings);
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
        Loaded { configuration, problems: problems(self.findings, &self.sources) }
    }

    fn report_missing_settings(&mut self) {
        let number = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        self.sources.push(Source::missing(SETTINGS_FILE.into()));
        self.findings.add(
            Finding::error(Place::whole(number), "`pypaas.yml` is missing")
                .help("create it; the least it can say is `ports: {min: 61500, max: 61800}`"),
        );
    }
}

fn both(first: u32, second: u32, what: &str, sources: &[Source]) -> Finding {
    let path = |number: u32| sources.get(number as usize).map_or("", |source| source.path.as_str());
    Finding::error(
        Place::whole(second),
        format!("{} and {} both define {what}", quote(path(first)), quote(path(second))),
    )
    .also(Place::whole(first), "")
    .help("remove one of the two files")
}

fn problems(findings: Findings, sources: &[Source]) -> Vec<Problem> {
    let findings = findings.sorted();
    let mut problems = Vec::new();
    let mut of_each = vec![0_usize; sources.len()];
    for finding in &findings {
        let Some(of_file) = of_each.get_mut(finding.place.file as usize) else { continue };
        *of_file += 1;
        if *of_file <= MOST_FINDINGS_OF_A_FILE {
            problems.push(report::render(finding, sources));
        }
    }
    for (number, of_file) in of_each.iter().enumerate() {
        if let Some(more @ 1..) = of_file.checked_sub(MOST_FINDINGS_OF_A_FILE) {
            let place = Place::whole(u32::try_from(number).unwrap_or(u32::MAX));
            let finding = Finding::error(place, format!("{more} more problems in this file"));
            problems.push(report::render(&finding, sources));
        }
    }
    problems.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    problems
}
