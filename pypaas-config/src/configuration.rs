//! The whole configuration, from all of its files.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;

use crate::suggest;
use crate::{Branch, BranchRef, Diagnostic, Domain, DomainName, Repo, RepoName, Settings, Verbatim};

/// One configuration file's path (relative to the configuration directory, such as `repo/shop.yml`) and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The path; it determines the kind of the file.
    pub path: Utf8PathBuf,
    /// The content, not necessarily UTF-8.
    pub text: Vec<u8>,
}

/// The result of [`load()`](crate::load()).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The configuration without its broken files; `None` when `pypaas.yml` itself is broken.
    pub configuration: Option<Configuration>,
    /// All that is wrong in all files, sorted by file and line.
    pub problems: Vec<Diagnostic>,
    /// The files that were read, sorted by path.
    pub files: Vec<SourceFile>,
}

/// A checked configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// `pypaas.yml`.
    pub settings: Settings,
    /// The valid files `repo/*.yml` and `repos/*.yml`.
    pub repos: BTreeMap<RepoName, Repo>,
    /// The valid files `domains/*.yml`; every runner they route to is in `repos`.
    pub domains: BTreeMap<DomainName, Domain>,
    /// Repos whose file is broken; pushes are refused until it is fixed.
    pub broken_repos: BTreeSet<RepoName>,
    /// Domains whose file is broken or that route to a broken repo; nginx keeps their last working configuration.
    pub broken_domains: BTreeSet<DomainName>,
    /// The repos that broken domain files refer to, as far as the files can be read.
    pub named_by_broken_domains: BTreeMap<DomainName, BTreeSet<RepoName>>,
    /// The values that are copied verbatim into nginx's files.
    pub verbatim: Vec<Verbatim>,
}

impl Configuration {
    /// Returns the configuration of `branch`.
    pub fn branch(&self, branch: &BranchRef) -> Option<&Branch> {
        self.repos.get(&branch.repo)?.branches.get(&branch.branch)
    }

    /// Returns the broken domains that may route to `repo`: all except those that refer only to other repos.
    pub fn broken_domains_of(&self, repo: &RepoName) -> impl Iterator<Item = &DomainName> {
        let is_known = |named: &RepoName| self.repos.contains_key(named) || self.broken_repos.contains(named);
        self.broken_domains.iter().filter(move |domain| {
            let named = self.named_by_broken_domains.get(*domain);
            named.is_none_or(|named| named.contains(repo) || named.is_empty() || !named.iter().all(is_known))
        })
    }

    /// Returns the domain that serves requests for `host`, chosen as nginx does: an exact name first, then the longest
    /// name that begins with `*.`.
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

    /// Returns the configured domain that `name` is probably a typo of.
    pub fn nearest_domain(&self, name: &str) -> Option<&DomainName> {
        let nearest = suggest::closest(name, self.domains.keys().map(DomainName::as_str))?;
        self.domains.keys().find(|domain| domain.as_str() == nearest)
    }

    /// Returns all configured branches.
    pub fn branches(&self) -> impl Iterator<Item = (BranchRef, &Branch)> {
        self.repos.iter().flat_map(|(repo, it)| {
            it.branches.iter().map(move |(branch, config)| {
                (BranchRef { repo: repo.clone(), branch: branch.clone() }, config)
            })
        })
    }
}
