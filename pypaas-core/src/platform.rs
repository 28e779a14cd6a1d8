//! What planning knows besides the machine: the configuration and the parts that interpret it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use camino::Utf8PathBuf;
use pypaas_config::{
    Branch, BranchRef, Configuration, Diagnostic, Domain, DomainName, RunnerName, RunnerRef, SourceFile,
    StoreKind, StoreName, StoreRef, read_app,
};

use crate::host::Commit;
use crate::{
    Builder, CheckoutName, Confinement, Deployment, Environment, Layout, Manifest, ManifestError,
    ManifestFormat, Origin, Runner, RunnerTypes, ScaledRunner, ScriptText, Store, WebConfigRenderer, store,
};

/// A configured host: what was written, and who interprets it.
///
/// The pypaas program fills it with pypaas-runners and pypaas-nginx; whoever embeds this crate puts in parts of their own.
pub struct Platform {
    /// What the admin wrote.
    pub configuration: Configuration,
    /// Where things are.
    pub layout: Layout,
    /// Prints nginx's files.
    pub web: Box<dyn WebConfigRenderer>,
    /// Prints the supervisor's scripts.
    pub scripts: Box<dyn ScriptText>,
    /// The builders, in the order they are asked.
    pub builders: Vec<Box<dyn Builder>>,
    /// The files that may say how an app is run, in the order they are looked for.
    pub manifest_formats: Vec<Box<dyn ManifestFormat>>,
    /// Files in the root of a checkout that nothing uses, each with what to do instead: a pusher is told.
    pub unused_files: &'static [(&'static str, &'static str)],
    /// What every command and process finds in its environment: `HOME`, `PATH` and the like.
    pub base_environment: Environment,
    /// The `update` hook of every repository.
    pub hook: String,
    /// The pypaas program on the host, which confines commands and processes.
    pub program: Utf8PathBuf,
    /// The configuration directory, which no app may see; `None` where it is not known.
    pub configuration_directory: Option<Utf8PathBuf>,
    /// Values of branches' environments that are not in the configuration; they count over it.
    pub secrets: BTreeMap<BranchRef, BTreeMap<String, String>>,
    /// The passwords of the stores of branches.
    pub store_passwords: BTreeMap<StoreRef, String>,
    /// Domains with `ssl: auto` that have no certificate yet, and are served over http.
    pub uncertified: BTreeSet<DomainName>,
    runner_types: RunnerTypes,
    decoded: RefCell<BTreeMap<Manifest, Result<Branch, Vec<Diagnostic>>>>,
    runners: BTreeMap<RunnerRef, Rc<dyn Runner>>,
}

/// The parts of a [`Platform`] that can be exchanged.
pub struct Parts {
    /// The types of runners that the configuration was loaded with.
    pub runner_types: RunnerTypes,
    /// Prints nginx's files.
    pub web: Box<dyn WebConfigRenderer>,
    /// Prints the supervisor's scripts.
    pub scripts: Box<dyn ScriptText>,
    /// The builders, in the order they are asked.
    pub builders: Vec<Box<dyn Builder>>,
    /// The files that may say how an app is run, in the order they are looked for.
    pub manifest_formats: Vec<Box<dyn ManifestFormat>>,
    /// Files in the root of a checkout that nothing uses, each with what to do instead: a pusher is told.
    pub unused_files: &'static [(&'static str, &'static str)],
    /// What every command and process finds in its environment.
    pub base_environment: Environment,
    /// The `update` hook of every repository.
    pub hook: String,
    /// The pypaas program on the host.
    pub program: Utf8PathBuf,
}

impl Platform {
    /// Puts a configuration and its interpreters together. `configuration` must be loaded with the same types of runners: those
    /// of other types do not exist for the platform.
    pub fn new(configuration: Configuration, layout: Layout, parts: Parts) -> Self {
        let mut runners = BTreeMap::new();
        for (branch, config) in configuration.branches() {
            for (name, runner) in &config.runners {
                if let Some(runner) = parts.runner_types.runner(runner) {
                    runners.insert(branch.runner(name), runner.into());
                }
            }
        }
        let Parts { runner_types, web, scripts, builders, manifest_formats, unused_files, .. } = parts;
        let (base_environment, hook, program) = (parts.base_environment, parts.hook, parts.program);
        Self {
            configuration,
            layout,
            web,
            scripts,
            builders,
            manifest_formats,
            unused_files,
            base_environment,
            hook,
            program,
            configuration_directory: None,
            secrets: BTreeMap::new(),
            store_passwords: BTreeMap::new(),
            uncertified: BTreeSet::new(),
            runner_types,
            decoded: RefCell::default(),
            runners,
        }
    }

    /// Finds what is configured for `branch`.
    pub fn branch(&self, branch: &BranchRef) -> Option<&Branch> {
        self.configuration.branch(branch)
    }

    /// Says what counts for `deployed`: what is configured for `branch`, over what the release itself brings.
    pub fn branch_of(&self, branch: &BranchRef, deployed: &Deployment) -> Option<Branch> {
        let config = self.branch(branch)?;
        let manifest = deployed.manifest.as_ref().filter(|_| config.procfile);
        let brought = manifest.and_then(|manifest| self.decode(manifest).ok());
        Some(brought.map_or_else(|| config.clone(), |brought| config.over(brought)))
    }

    /// Finds a runner: as it is configured, or, where the configuration leaves that to the release, as `deployed` brings it.
    pub fn runner(&self, runner: &RunnerRef, deployed: Option<&Deployment>) -> Option<Rc<dyn Runner>> {
        let branch = runner.branch_ref();
        match self.branch(&branch)?.procfile {
            false => self.runners.get(runner).cloned(),
            true => self.runners(&branch, deployed).remove(&runner.runner),
        }
    }

    /// Lists the configured runners of all branches. Those that releases bring are not among them.
    pub fn all_runners(&self) -> impl Iterator<Item = &dyn Runner> {
        self.runners.values().map(Rc::as_ref)
    }

    /// Lists the runners of `branch`, by name: those that are configured, or those that `deployed` brings.
    pub fn runners(
        &self,
        branch: &BranchRef,
        deployed: Option<&Deployment>,
    ) -> BTreeMap<RunnerName, Rc<dyn Runner>> {
        let own = self.runners.iter().filter(|(name, _)| name.branch_ref() == *branch);
        let mut runners: BTreeMap<_, _> =
            own.map(|(name, runner)| (name.runner.clone(), Rc::clone(runner))).collect();
        let (Some(config), Some(deployed)) = (self.branch(branch), deployed) else { return runners };
        let brought = deployed.manifest.as_ref().filter(|_| config.procfile);
        let brought = brought.and_then(|manifest| self.decode(manifest).ok());
        for (name, runner) in brought.map(|brought| brought.runners).unwrap_or_default() {
            let Some(runner) = self.runner_types.runner(&runner) else { continue };
            let runner: Rc<dyn Runner> = match config.formation.get(&name) {
                Some(count) if runner.process_count() > 0 => Rc::new(ScaledRunner::new(runner, *count)),
                _ => runner.into(),
            };
            runners.insert(name, runner);
        }
        runners
    }

    /// Names the files in the root of a checkout whose texts decide how it is built and run.
    pub fn reads(&self) -> Vec<&'static str> {
        let mut files: Vec<&'static str> =
            self.builders.iter().flat_map(|builder| builder.reads().iter().copied()).collect();
        files.extend(self.manifest_formats.iter().map(|format| format.file()));
        files.sort_unstable();
        files.dedup();
        files
    }

    /// Reads how `commit` says it is run; `None` where the configuration of `branch` says that.
    pub fn manifest(&self, branch: &BranchRef, commit: &Commit) -> Result<Option<Manifest>, ManifestError> {
        if !self.branch(branch).is_some_and(|config| config.procfile) {
            return Ok(None);
        }
        let Some(format) = self.manifest_formats.iter().find(|format| commit.holds(format.file())) else {
            let formats = self.manifest_formats.iter().filter(|format| format.has_no_other_use());
            let files = formats.map(|format| format.file()).collect();
            return Err(ManifestError::Missing { files });
        };
        let manifest = format.read(commit)?;
        let file = manifest.file.clone();
        self.decode(&manifest).map_err(|problems| ManifestError::Unusable { file, problems })?;
        Ok(Some(manifest))
    }

    /// Decodes a manifest, each only once: plans ask again and again.
    fn decode(&self, manifest: &Manifest) -> Result<Branch, Vec<Diagnostic>> {
        if let Some(known) = self.decoded.borrow().get(manifest) {
            return known.clone();
        }
        let file = SourceFile { path: manifest.file.clone().into(), text: manifest.text.clone().into() };
        let decoded = read_app(&file, &self.runner_types.for_loading());
        self.decoded.borrow_mut().insert(manifest.clone(), decoded.clone());
        decoded
    }

    /// Lists the domains a location of which leads to `branch`, also those that do so only in maintenance.
    pub fn domains<'a>(
        &'a self,
        branch: &'a BranchRef,
    ) -> impl Iterator<Item = (&'a DomainName, &'a Domain)> {
        self.configuration
            .domains
            .iter()
            .filter(move |(_, domain)| domain.targets().any(|it| it.is_of(branch)))
    }

    /// Returns the origin under which clients request what `runner` serves.
    pub fn origin(&self, runner: &RunnerRef) -> Origin {
        let routes_here = |domain: &Domain| domain.locations.values().any(|it| it.upstream == *runner);
        let domains = self.configuration.domains.iter().filter(|(_, domain)| routes_here(domain));
        Origin::of(domains, &self.configuration.settings.nginx)
    }

    /// Returns whether a domain is served over https.
    pub fn is_secure(&self, name: &DomainName, domain: &Domain) -> bool {
        domain.ssl && !self.uncertified.contains(name)
    }

    /// Lists the domains whose certificates are issued by the authority of `acme`.
    pub fn issued_domains(&self) -> impl Iterator<Item = &DomainName> {
        self.configuration.domains.iter().filter(|(_, domain)| domain.ssl_auto).map(|(name, _)| name)
    }

    /// Returns whether there is a file of the configuration for `domain`, be it a broken one.
    pub fn is_known(&self, domain: &DomainName) -> bool {
        let configuration = &self.configuration;
        configuration.domains.contains_key(domain) || configuration.broken_domains.contains(domain)
    }

    /// Lists the runners that any location leads to.
    pub fn routed_runners(&self) -> BTreeSet<RunnerRef> {
        self.configuration.domains.values().flat_map(Domain::targets).cloned().collect()
    }

    /// Finds a builder by its name.
    pub fn builder(&self, name: &str) -> Option<&dyn Builder> {
        self.builders.iter().map(Box::as_ref).find(|builder| builder.name() == name)
    }

    /// Describes the bounds of the commands and processes of `branch` in `checkout`; `None` where the admin wants none.
    pub fn confinement(&self, branch: &BranchRef, checkout: &CheckoutName) -> Option<Confinement> {
        let confinement = self.confinement_without_code(branch)?;
        Some(confinement.with(&self.layout.checkout(branch, checkout)))
    }

    /// Does the same for commands of `branch` that have no checkout.
    pub fn confinement_without_code(&self, branch: &BranchRef) -> Option<Confinement> {
        let shares = self.branch(branch).map(|config| config.share.as_slice()).unwrap_or_default();
        self.is_confined(branch).then(|| Confinement::of_branch(self, branch, shares))
    }

    /// Returns whether what `branch` brings is kept away from the rest of the host.
    fn is_confined(&self, branch: &BranchRef) -> bool {
        self.branch(branch).is_none_or(|config| config.confine)
    }

    /// Lists the stores that are configured for `branch`.
    pub fn stores(&self, branch: &BranchRef) -> Vec<Store> {
        let stores = self.branch(branch).map(|config| &config.stores);
        let store = |(name, kind): (&StoreName, &StoreKind)| Store {
            reference: StoreRef { branch: branch.clone(), name: name.clone() },
            kind: *kind,
        };
        stores.into_iter().flatten().map(store).collect()
    }

    /// Makes the environment of a program of the server's that is to use `store`.
    pub fn store_environment(&self, store: &StoreRef) -> Environment {
        let mut environment = self.base_environment.clone();
        environment.set("HOME", self.layout.app_home(&store.branch).as_str());
        let one = BTreeMap::from([(store.name.clone(), StoreKind::Postgres)]);
        let password = |store: &StoreRef| self.store_passwords.get(store).cloned();
        environment.extend(store::variables(&one, |_| store.clone(), &self.layout.store_sockets(), password));
        environment
    }

    /// Makes the environment of the commands and processes of `branch` in the checkout of `deployed`: the configured `env`
    /// over the addresses of the stores and the base, the secrets over that, the builder's directories in front of `PATH`, and what pypaas tells every process.
    pub fn environment(&self, branch: &BranchRef, deployed: &Deployment) -> Environment {
        let mut environment = self.base_environment.clone();
        let checkout = self.layout.checkout(branch, &deployed.checkout);
        let cache = self.layout.cache(branch);
        if self.is_confined(branch) {
            environment.set("HOME", self.layout.app_home(branch).as_str());
        }
        let builder = deployed.builder.as_deref().and_then(|name| self.builder(name));
        for (variable, directory) in builder.map(Builder::caches).unwrap_or_default() {
            environment.set(*variable, cache.join(directory).as_str());
        }
        for (variable, value) in builder.map(Builder::variables).unwrap_or_default() {
            environment.set(*variable, *value);
        }
        if let Some(config) = self.branch_of(branch, deployed) {
            environment.extend(store::variables(
                &config.stores,
                |name| StoreRef { branch: branch.clone(), name: name.clone() },
                &self.layout.store_sockets(),
                |store| self.store_passwords.get(store).cloned(),
            ));
            environment.extend(config.env);
        }
        environment.extend(self.secrets.get(branch).cloned().unwrap_or_default());
        for directory in builder.map(Builder::path).unwrap_or_default().iter().rev() {
            environment.prepend_path(checkout.join(directory).as_str());
        }
        environment.set("PYPAAS_REPO", branch.repo.as_str());
        environment.set("PYPAAS_BRANCH", branch.branch.as_str());
        environment.set("PYPAAS_CACHE_DIR", cache.as_str());
        environment.set("PYPAAS_DATA_DIR", self.layout.data(branch).as_str());
        environment.set("GIT_COMMIT", deployed.commit.as_str());
        environment
    }
}
