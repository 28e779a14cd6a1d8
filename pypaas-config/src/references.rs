//! References from domains to runners, checked when all repos are known.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, Findings, quote};
use crate::span::Span;
use crate::{Branch, BranchName, LocationPath, Repo, RepoName, RunnerConfig, RunnerRef, Serves, suggest};

/// One `upstream` or `maintenance_upstream`.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub(crate) target: RunnerRef,
    pub(crate) role: Role,
    /// The key in `locations`.
    pub(crate) location: String,
    pub(crate) location_span: Span,
    pub(crate) upstream_span: Span,
    pub(crate) repo_span: Span,
    pub(crate) branch_span: Span,
    pub(crate) runner_span: Span,
}

/// The key of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Upstream,
    Maintenance,
}

/// The possible targets of references.
#[derive(Debug)]
pub(crate) struct Targets<'a> {
    pub(crate) repos: &'a BTreeMap<RepoName, Repo>,
    pub(crate) broken: &'a BTreeSet<RepoName>,
}

impl Targets<'_> {
    /// Reports references without a target, and returns the domain files that refer to a broken repo. Branches and runners
    /// of a broken repo are not checked, because they are unknown.
    pub(crate) fn check(&self, references: &[Reference], findings: &mut Findings) -> BTreeSet<u32> {
        let mut frozen = BTreeSet::new();
        for reference in references {
            if !self.broken.contains(&reference.target.repo) {
                if let Err(finding) = self.follow(reference) {
                    findings.add(finding);
                }
            } else if frozen.insert(reference.repo_span.file) {
                findings.add(leads_to_broken(reference));
            }
        }
        for pair in references.windows(2) {
            if let [upstream, maintenance] = pair {
                check_maintenance(upstream, maintenance, findings);
            }
        }
        self.check_clashes(references, findings);
        check_shadows(references, findings);
        frozen
    }

    fn follow(&self, reference: &Reference) -> Result<(), Finding> {
        let target = &reference.target;
        let repo = self.repos.get(&target.repo).ok_or_else(|| self.unknown_repo(reference))?;
        let branch =
            repo.branches.get(&target.branch).ok_or_else(|| unknown_branch(reference, &target.repo, repo))?;
        let Some(runner) = branch.runners.get(&target.runner) else {
            if branch.procfile {
                // Only a release knows its runners. A location that leads to none of them answers that nothing is deployed.
                return Ok(());
            }
            let runners = branch.runners.keys().map(|name| name.as_str());
            let message =
                format!("`{}` has no runner {}", target.branch_ref(), quote(target.runner.as_str()));
            let finding = Finding::error(reference.runner_span, message);
            return Err(finding.expected("runner", target.runner.as_str(), runners));
        };
        check_location(reference, runner, branch)
    }

    /// Reports locations that nginx treats as the same: `/a` and `^~ /a`; and a static directory with and without a trailing
    /// `/`, which pypaas always adds.
    fn check_clashes(&self, references: &[Reference], findings: &mut Findings) {
        let mut first: BTreeMap<(u32, bool, String), &Reference> = BTreeMap::new();
        for reference in references {
            let Ok(path) = LocationPath::new(reference.location.as_str()) else { continue };
            if path.is_regex() {
                continue;
            }
            let (modifier, prefix) = path.split();
            let slash = modifier != "=" && self.is_static(&reference.target) && !prefix.ends_with('/');
            let prefix = format!("{prefix}{}", if slash { "/" } else { "" });
            let span = reference.location_span;
            let earlier = first.entry((span.file, modifier == "=", prefix)).or_insert(reference);
            if earlier.location != reference.location {
                let (one, other) = (quote(&reference.location), quote(&earlier.location));
                findings.add(
                    Finding::error(span, format!("nginx treats {one} and {other} as the same location"))
                        .label("expected only one of them")
                        .also(earlier.location_span, "the other"),
                );
            }
        }
    }

    fn is_static(&self, target: &RunnerRef) -> bool {
        let branch = self.repos.get(&target.repo).and_then(|repo| repo.branches.get(&target.branch));
        let runner = branch.and_then(|branch| branch.runners.get(&target.runner));
        runner.is_some_and(|runner| matches!(runner.serves(), Serves::Files { .. }))
    }

    fn unknown_repo(&self, reference: &Reference) -> Finding {
        let known: BTreeSet<&str> =
            self.repos.keys().chain(self.broken.iter()).map(|name| name.as_str()).collect();
        let name = reference.target.repo.as_str();
        let finding = Finding::error(reference.repo_span, format!("there is no repo {}", quote(name)));
        finding.expected("repo", name, known.iter().copied())
    }
}

fn leads_to_broken(reference: &Reference) -> Finding {
    let message = format!("this domain routes to the repo `{}`, whose file is broken", reference.target.repo);
    Finding::warning(reference.repo_span, message)
        .label("until it is fixed, nginx keeps the last working configuration of this domain")
}

fn unknown_branch(reference: &Reference, name: &RepoName, repo: &Repo) -> Finding {
    let branches = repo.branches.keys().map(BranchName::as_str);
    let branch = reference.target.branch.as_str();
    let finding = Finding::error(reference.branch_span, format!("`{name}` has no branch {}", quote(branch)));
    finding.expected("branch", branch, branches)
}

/// Checks that the location of `reference` can route to `runner` of `branch`.
fn check_location(reference: &Reference, runner: &RunnerConfig, branch: &Branch) -> Result<(), Finding> {
    match runner.serves() {
        Serves::Nothing => Err(serves_nothing(reference, runner, branch)),
        Serves::Files { .. } if is_regex(reference) => {
            let location = quote(&reference.location);
            let message = format!("files cannot be served under the regular expression {location}");
            Err(Finding::error(reference.location_span, message)
                .label("expected a path that begins with `/`, or `= /path`")
                .also(reference.runner_span, runner.schema().name))
        }
        Serves::Files { spa: true } if !is_prefix(reference) => {
            let message = format!("{} routes to a runner with `spa`", quote(&reference.location));
            Err(Finding::error(reference.location_span, message)
                .label("expected a prefix such as `/` or `/app/`, because any path below it may be requested")
                .also(reference.runner_span, "this runner"))
        }
        Serves::ChangedPaths if is_regex(reference) => {
            let message =
                format!("{} routes to a runner with `nginx_proxy_path`", quote(&reference.location));
            Err(Finding::error(reference.location_span, message)
                .label("nginx cannot replace what a regular expression matches")
                .also(reference.runner_span, "this runner"))
        }
        Serves::Requests | Serves::ChangedPaths | Serves::Files { .. } => Ok(()),
    }
}

fn serves_nothing(reference: &Reference, runner: &RunnerConfig, branch: &Branch) -> Finding {
    let routable = branch.runners.iter().filter(|(_, runner)| runner.serves() != Serves::Nothing);
    let message = format!("nginx cannot route to {}", quote(reference.target.runner.as_str()));
    let finding = Finding::error(reference.runner_span, message);
    let finding = finding.label(format!("{} does not serve HTTP", runner.schema().name));
    match suggest::all_of(routable.map(|(name, _)| name.as_str())) {
        Some(runners) => finding.help(format!("nginx can route to {runners}")),
        None => finding.help("make it an NginxBackend if it listens on `$PORT`"),
    }
}

fn is_regex(reference: &Reference) -> bool {
    LocationPath::new(reference.location.as_str()).is_ok_and(|path| path.is_regex())
}

fn is_prefix(reference: &Reference) -> bool {
    LocationPath::new(reference.location.as_str()).is_ok_and(|path| matches!(path.split().0, "" | "^~"))
}

/// Warns about regular expressions that nginx never tries, because a `^~` location covers everything they can match.
fn check_shadows(references: &[Reference], findings: &mut Findings) {
    let mut of_files: BTreeMap<u32, Vec<(LocationPath, &Reference)>> = BTreeMap::new();
    for reference in references.iter().filter(|it| it.role == Role::Upstream) {
        if let Ok(path) = LocationPath::new(reference.location.as_str()) {
            of_files.entry(reference.location_span.file).or_default().push((path, reference));
        }
    }
    for locations in of_files.values() {
        let prefixes = locations.iter().filter(|(path, _)| matches!(path.split().0, "" | "^~"));
        for (expression, reference) in locations.iter().filter(|(path, _)| path.is_regex()) {
            let beginning = literal_beginning(expression.split().1);
            // nginx uses only the longest prefix. One that is longer than the `^~` location's would enable expressions again.
            let over = prefixes.clone().filter(|(path, _)| beginning.starts_with(path.split().1));
            let longest = over.max_by_key(|(path, _)| path.split().1.len());
            let below =
                |path: &LocationPath| path.split().0.is_empty() && path.split().1.starts_with(&beginning);
            if let Some((path, shadow)) = longest
                && path.split().0 == "^~"
                && !prefixes.clone().any(|(path, _)| below(path))
            {
                let message = format!("nginx never tries {}", quote(&reference.location));
                findings.add(
                    Finding::warning(reference.location_span, message)
                        .label("everything it can match begins with the path of the other location")
                        .also(shadow.location_span, "`^~` disables regular expressions below this path"),
                );
            }
        }
    }
}

/// Returns a prefix of every path that `expression` matches; empty if unknown.
fn literal_beginning(expression: &str) -> String {
    let Some(rest) = expression.strip_prefix('^') else { return String::new() };
    if rest.contains('|') {
        return String::new();
    }
    let plain = |c: &char| c.is_alphanumeric() || "/-_%~,:@!&=".contains(*c);
    let mut beginning: String = rest.chars().take_while(plain).collect();
    if rest.get(beginning.len()..).is_some_and(|rest| rest.starts_with(['?', '*', '{'])) {
        beginning.pop();
    }
    beginning
}

/// Warns about a `maintenance_upstream` that is in maintenance at the same time as its `upstream`.
fn check_maintenance(upstream: &Reference, maintenance: &Reference, findings: &mut Findings) {
    let pair = upstream.location_span == maintenance.location_span
        && upstream.role == Role::Upstream
        && maintenance.role == Role::Maintenance;
    if pair && upstream.target == maintenance.target {
        findings.add(
            Finding::warning(maintenance.upstream_span, "`maintenance_upstream` is the `upstream` itself")
                .label("it is in maintenance at the same time")
                .help("use a runner of another branch or repo"),
        );
    }
}
