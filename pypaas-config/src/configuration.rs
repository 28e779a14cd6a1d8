//! The whole configuration, from all of its files.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;

use crate::suggest;
use crate::{Branch, BranchRef, Domain, DomainName, Problem, Repo, RepoName, Settings, Verbatim};

/// One configuration file's path (relative to the configuration directory, such as `repo/shop.yml`) and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it is, for messages; also decides what it is.
    pub path: Utf8PathBuf,
    /// What it says; bytes, because a file may hold anything.
    pub text: Vec<u8>,
}

/// What [`load()`](crate::load()) found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The configuration without its broken files; `None` when `pypaas.yml` itself is broken.
    pub configuration: Option<Configuration>,
    /// All that is wrong in all files, sorted by file and line.
    pub problems: Vec<Problem>,
    /// The files that were read, sorted by path.
    pub files: Vec<SourceFile>,
}

/// A checked configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// `pypaas.yml`.
    pub settings: Settings,
    /// `repo/*.yml` and `repos/*.yml` that are right.
    pub repos: BTreeMap<RepoName, Repo>,
    /// `domains/*.yml` that are right; all that they lead to is in `repos`.
    pub domains: BTreeMap<DomainName, Domain>,
    /// Repos whose file is broken: they cannot be pushed until it is mended.
    pub broken_repos: BTreeSet<RepoName>,
    /// Domains whose file is broken or that lead to a broken repo: they keep what nginx was last told of them.
    pub broken_domains: BTreeSet<DomainName>,
    /// The repos that the files of broken domains name, as far as these can be read.
    pub named_by_broken_domains: BTreeMap<DomainName, BTreeSet<RepoName>>,
    /// What is printed for nginx as it was written.
    pub verbatim: Vec<Verbatim>,
}

impl Configuration {
    /// Finds what is configured for `branch`.
    pub fn branch(&self, branch: &BranchRef) -> Option<&Branch> {
        self.repos.get(&branch.repo)?.branches.get(&branch.branch)
    }

    /// Lists the broken domains that may be meant to lead to `repo`: all but those that name other repos only.
    pub fn broken_domains_of(&self, repo: &RepoName) -> impl Iterator<Item = &DomainName> {
        let is_known = |named: &RepoName| self.repos.contains_key(named) || self.broken_repos.contains(named);
        self.broken_domains.iter().filter(move |domain| {
            let named = self.named_by_broken_domains.get(*domain);
            named.is_none_or(|named| named.contains(repo) || named.is_empty() || !named.iter().all(is_known))
        })
    }

    /// Finds the domain that requests for `host` reach, as nginx does: under one of its names, else under one that begins
    /// with `*.`, of which the longest counts.
    pub fn domain_of(&self, host: &str) -> Option<(&DomainName, &Domain)> {
        let named = |own: &DomainName, domain: &Domain| domain.names(own).any(|name| name.as_str() == host);
        let wild = |own: &DomainName, domain: &Domain| {
            let suffixes = domain.names(own).filter_map(|name| name.as_str().strip_prefix('*'));
            suffixes.filter(|suffix| host.ends_with(suffix)).map(str::len).max()
        };
        let exact = self.domains.iter().find(|(own, domain)| named(own, domain));
        exact.or_else(|| {
            self.domains
                .iter()
                .filter_map(|it| Some((wild(it.0, it.1)?, it)))
                .max_by_key(|it| it.0)
                .map(|it| it.1)
        })
    }

    /// Finds the configured domain whose name is nearest to `name`, if any is near enough to be what was meant.
    pub fn nearest_domain(&self, name: &str) -> Option<&DomainName> {
        let nearest = suggest::closest(name, self.domains.keys().map(DomainName::as_str))?;
        self.domains.keys().find(|domain| domain.as_str() == nearest)
    }

    /// Lists all configured branches.
    pub fn branches(&self) -> impl Iterator<Item = (BranchRef, &Branch)> {
        self.repos.iter().flat_map(|(repo, it)| {
            it.branches.iter().map(move |(branch, config)| {
                (BranchRef { repo: repo.clone(), branch: branch.clone() }, config)
            })
        })
    }
}
