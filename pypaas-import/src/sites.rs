//! The domains of the app, and what is served where on them.

use std::collections::BTreeMap;

use pypaas_config::DomainName;
use serde_yaml::{FlowMap, FlowSeq};

use crate::app::App;
use crate::domain_file::{DomainFile, Location, Ssl, Upstream};
use crate::yaml_text;

/// All domains: they are served alike.
#[derive(Debug, Default)]
pub(crate) struct Sites {
    /// The names; the first is that of the file, the others are its aliases.
    pub(crate) names: Vec<DomainName>,
    /// The runner for each path. `/` leads to `web` where nothing else is said.
    pub(crate) locations: BTreeMap<String, String>,
    /// Whether nothing is served at `/`.
    pub(crate) has_only_paths: bool,
    pub(crate) ssl: Option<Ssl>,
    pub(crate) max_body: Option<u64>,
    pub(crate) request_timeout: Option<String>,
}

impl App {
    /// Adds a domain, or lists it if it can be none.
    pub(crate) fn add_domain(&mut self, file: &str, line: usize, name: &str) {
        match DomainName::new(name.to_lowercase()) {
            Ok(name) if self.sites.names.contains(&name) => {}
            Ok(name) => self.sites.names.push(name),
            Err(error) => self.note(file, line, name, format!("cannot be served as a domain: {error}")),
        }
    }

    /// Returns the domain files: one for all names, and one for each with a `*`, for which no certificate can be got.
    pub(crate) fn domain_files(&mut self) -> Vec<(String, String)> {
        let served = |app: &Self, name: &str| app.branch.runners.get(name).is_some_and(|it| it.is_served());
        let is_free = !self.sites.has_only_paths && !self.sites.locations.contains_key("/");
        if served(self, "web") && is_free {
            self.sites.locations.insert("/".to_owned(), "web".to_owned());
        }
        if self.sites.locations.is_empty() {
            return Vec::new();
        }
        let is_wild = |name: &&DomainName| name.as_str().starts_with("*.");
        let (wild, plain): (Vec<_>, Vec<_>) = self.sites.names.iter().partition(is_wild);
        let mut files = Vec::new();
        if let Some((first, aliases)) = plain.split_first() {
            files.push(self.domain_file(first, aliases, self.sites.ssl));
        }
        for name in wild {
            files.push(self.domain_file(name, &[], self.sites.ssl.filter(|it| *it != Ssl::Auto)));
        }
        files
    }

    fn domain_file(&self, name: &DomainName, aliases: &[&DomainName], ssl: Option<Ssl>) -> (String, String) {
        let location = |(path, runner): (&String, &String)| {
            let (repo, branch) = (self.repo.to_string(), self.branch_name.to_string());
            (path.clone(), Location { upstream: FlowMap(Upstream { repo, branch, runner: runner.clone() }) })
        };
        let file = DomainFile {
            locations: self.sites.locations.iter().map(location).collect(),
            aliases: FlowSeq(aliases.iter().map(ToString::to_string).collect()),
            ssl,
            max_body: self.sites.max_body,
            request_timeout: self.sites.request_timeout.clone(),
        };
        (format!("domains/{name}.yml"), yaml_text(&file))
    }
}
