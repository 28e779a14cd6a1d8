//! Where things are on a host. Nobody else joins these paths.

mod certificates;
mod sockets;
mod web;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use pypaas_config::{BranchRef, RepoName, RunnerRef, Settings};

use crate::{CheckoutName, ServiceName, encode};

/// The directories of one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    home: Utf8PathBuf,
    services: Utf8PathBuf,
    web: Utf8PathBuf,
}

impl Layout {
    /// The directories in the home that nobody but the deploy user may enter.
    pub const PRIVATE: [&str; 9] =
        ["config", "state", "repos", "cache", "run", "set-aside", "certificates", "stores", "backup"];

    /// Places everything under `home`, the deploy user's, except what `settings` place elsewhere.
    pub fn new(home: &Utf8Path, settings: &Settings) -> Self {
        Self {
            home: home.to_owned(),
            services: expand(home, &settings.services_dir),
            web: home.join("nginx"),
        }
    }

    /// The deploy user's home.
    pub fn home(&self) -> &Utf8Path {
        &self.home
    }

    /// The bare repository of `repo`.
    pub fn repo(&self, repo: &RepoName) -> Utf8PathBuf {
        self.repos().join(repo.as_str())
    }

    /// The directory of all bare repositories.
    pub fn repos(&self) -> Utf8PathBuf {
        self.home.join("repos")
    }

    /// The directory of all checkouts of all branches.
    pub fn all_checkouts(&self) -> Utf8PathBuf {
        self.home.join("checkouts")
    }

    /// The directory of all checkouts of `branch`.
    pub fn checkouts(&self, branch: &BranchRef) -> Utf8PathBuf {
        self.of_branch("checkouts", branch)
    }

    /// One checkout of `branch`.
    pub fn checkout(&self, branch: &BranchRef, checkout: &CheckoutName) -> Utf8PathBuf {
        self.checkouts(branch).join(checkout.as_str())
    }

    /// What processes wrote into a checkout of `branch` that was removed.
    pub fn set_aside(&self, branch: &BranchRef, checkout: &CheckoutName) -> Utf8PathBuf {
        self.of_branch("set-aside", branch).join(checkout.as_str())
    }

    /// The directory of all records.
    pub fn state(&self) -> Utf8PathBuf {
        self.home.join("state")
    }

    /// The record of `branch`.
    pub fn record(&self, branch: &BranchRef) -> Utf8PathBuf {
        self.state()
            .join(encode(branch.repo.as_str()))
            .join(format!("{}.json", encode(branch.branch.as_str())))
    }

    /// What a deploy of `branch` that began `at` that time printed.
    pub fn deploy_log(&self, branch: &BranchRef, at: Timestamp) -> Utf8PathBuf {
        self.deploy_logs(branch).join(format!("{}.log", at.strftime("%Y%m%d_%H%M%S_%3f")))
    }

    /// The directory of what all deploys of `branch` printed.
    pub fn deploy_logs(&self, branch: &BranchRef) -> Utf8PathBuf {
        self.branch_state(branch).join("deploys")
    }

    /// The secrets of `branch`.
    pub fn secrets(&self, branch: &BranchRef) -> Utf8PathBuf {
        self.branch_state(branch).join("secrets.json")
    }

    /// What was tried on `branch`, one line an attempt.
    pub fn history(&self, branch: &BranchRef) -> Utf8PathBuf {
        self.branch_state(branch).join("history.jsonl")
    }

    /// The configurations that `branch` was deployed with, by their hash.
    pub fn configurations(&self, branch: &BranchRef) -> Utf8PathBuf {
        self.branch_state(branch).join("configurations")
    }

    /// What is remembered of the job `runner`.
    pub fn job(&self, runner: &RunnerRef) -> Utf8PathBuf {
        self.jobs(&runner.branch_ref()).join(format!("{}.json", encode(runner.runner.as_str())))
    }

    /// The lock that a run of it holds for its length.
    pub fn job_lock(&self, runner: &RunnerRef) -> Utf8PathBuf {
        self.jobs(&runner.branch_ref()).join(format!("{}.lock", encode(runner.runner.as_str())))
    }

    /// The directory of what its runs printed, one file each.
    pub fn job_logs(&self, runner: &RunnerRef) -> Utf8PathBuf {
        self.jobs(&runner.branch_ref()).join(encode(runner.runner.as_str()))
    }

    fn jobs(&self, branch: &BranchRef) -> Utf8PathBuf {
        self.branch_state(branch).join("jobs")
    }

    /// The lock that one change of `branch` holds for its length.
    pub fn branch_lock(&self, branch: &BranchRef) -> Utf8PathBuf {
        self.branch_state(branch).join("lock")
    }

    /// The tickets of the pushes that wait for that lock.
    pub fn waiting(&self, branch: &BranchRef) -> Utf8PathBuf {
        self.branch_state(branch).join("waiting")
    }

    /// The lock held while ports are chosen and nginx files are switched.
    pub fn machine_lock(&self) -> Utf8PathBuf {
        self.state().join("+lock")
    }

    /// The directory of `branch` that outlives checkouts (`PYPAAS_CACHE_DIR`).
    pub fn cache(&self, branch: &BranchRef) -> Utf8PathBuf {
        self.of_branch("cache", branch)
    }

    /// The directory of `branch` that outlives everything (`PYPAAS_DATA_DIR`).
    pub fn data(&self, branch: &BranchRef) -> Utf8PathBuf {
        self.of_branch("data", branch)
    }

    /// The home directory of the code of `branch`: what its tools keep for themselves.
    pub fn app_home(&self, branch: &BranchRef) -> Utf8PathBuf {
        self.cache(branch).join("home")
    }

    /// What the code of `branch` finds as `/tmp`.
    pub fn app_temporary(&self, branch: &BranchRef) -> Utf8PathBuf {
        self.cache(branch).join("tmp")
    }

    /// The directories that are no app's business, wherever the settings place them.
    pub fn private(&self) -> Vec<Utf8PathBuf> {
        let mut all = vec![self.home.clone(), Utf8PathBuf::from(SYSTEM_CONFIGURATION)];
        all.extend([self.services.clone(), self.services_real(), self.web.clone()]);
        all.retain({
            let home = self.home.clone();
            move |path| *path == home || !path.starts_with(&home)
        });
        all
    }

    /// The directory of the servers of databases.
    pub fn stores(&self) -> Utf8PathBuf {
        self.home.join("stores")
    }

    /// The directory of the sockets by which code reaches its stores.
    pub fn store_sockets(&self) -> Utf8PathBuf {
        self.stores().join("sockets")
    }

    /// What the passwords of stores are derived from.
    pub fn store_key(&self) -> Utf8PathBuf {
        self.stores().join("key")
    }

    /// The directory of what backups need: their password, and what is on its way to one or from one.
    pub fn backup(&self) -> Utf8PathBuf {
        self.home.join("backup")
    }

    /// The password of the backups. Without it none can be read.
    pub fn backup_password(&self) -> Utf8PathBuf {
        self.backup().join("password")
    }

    /// What is remembered of backups.
    pub fn backup_record(&self) -> Utf8PathBuf {
        self.state().join("backup.json")
    }

    /// The directory of the service `name` of pypaas itself.
    pub fn own_service(&self, name: &str) -> Utf8PathBuf {
        self.services_real().join(format!("+{name}"))
    }

    /// The link by which svscan finds it.
    pub fn own_service_link(&self, name: &str) -> Utf8PathBuf {
        self.services.join(format!("+{name}"))
    }

    /// What wakes the keeper when something is written to it.
    pub fn keeper_bell(&self) -> Utf8PathBuf {
        self.run().join("keeper.bell")
    }

    /// The directory svscan watches.
    pub fn services(&self) -> &Utf8Path {
        &self.services
    }

    /// The directory of the real service directories, beside the one svscan watches: `~/services-real`.
    pub fn services_real(&self) -> Utf8PathBuf {
        Utf8PathBuf::from(format!("{}-real", self.services))
    }

    /// The link to a service that svscan reads.
    pub fn service_link(&self, service: &ServiceName) -> Utf8PathBuf {
        self.services.join(service.to_string())
    }

    /// The real directory of a service.
    pub fn service(&self, service: &ServiceName) -> Utf8PathBuf {
        self.services_real().join(service.to_string())
    }

    /// The link to the `number`-th spare service. No service can have its name.
    pub fn spare_service_link(&self, number: usize) -> Utf8PathBuf {
        self.services.join(format!("+spare+{number}"))
    }

    /// The real directory of the `number`-th spare service.
    pub fn spare_service(&self, number: usize) -> Utf8PathBuf {
        self.services_real().join(format!("+spare+{number}"))
    }

    /// The lock under which spare services are made and given away.
    pub fn spare_services_lock(&self) -> Utf8PathBuf {
        self.services_real().join("+spare.lock")
    }

    /// The directory of sockets and process ids.
    pub fn run(&self) -> Utf8PathBuf {
        self.home.join("run")
    }

    /// The log of who changed what. Below the home whatever the settings say: it is written also while they are broken.
    pub fn audit_log(home: &Utf8Path) -> Utf8PathBuf {
        home.join("state/audit.log")
    }

    /// The log of what was refused for want of permission.
    pub fn refused_log(home: &Utf8Path) -> Utf8PathBuf {
        home.join("state/refused.log")
    }

    /// Which repos limit what keys can do. Below the home whatever the settings say, for they may be broken.
    pub fn remembered_limits(home: &Utf8Path) -> Utf8PathBuf {
        home.join("state/limits.json")
    }

    /// Who pushes, for the hooks of the push that process `pid` receives.
    pub fn pusher(home: &Utf8Path, pid: u32) -> Utf8PathBuf {
        home.join("run").join(format!("push-{pid}.json"))
    }

    /// The directory of public keys, one or more a file. Below the home whatever the settings say, so that access can be
    /// given before anything is configured.
    pub fn key_files(home: &Utf8Path) -> Utf8PathBuf {
        home.join(".ssh/authorized_keys.d")
    }

    /// What sshd reads.
    pub fn authorized_keys(home: &Utf8Path) -> Utf8PathBuf {
        home.join(".ssh/authorized_keys")
    }

    /// The directory beside the record; no branch's record can have its name.
    pub fn branch_state(&self, branch: &BranchRef) -> Utf8PathBuf {
        self.state().join(encode(branch.repo.as_str())).join(format!("{}.d", encode(branch.branch.as_str())))
    }

    /// Puts the home in the place of a leading `~`.
    pub fn expand(&self, path: &str) -> Utf8PathBuf {
        expand(&self.home, path)
    }

    /// What is kept of `repo` when it is not configured any more: its repository, data, secrets and history, caches, and what was
    /// set aside.
    pub fn of_repo(&self, repo: &RepoName) -> Vec<Utf8PathBuf> {
        let own = ["data", "state", "cache", "set-aside", "checkouts"];
        let own = own.iter().map(|directory| self.home.join(directory).join(encode(repo.as_str())));
        std::iter::once(self.repo(repo)).chain(own).collect()
    }

    fn of_branch(&self, directory: &str, branch: &BranchRef) -> Utf8PathBuf {
        self.home.join(directory).join(encode(branch.repo.as_str())).join(encode(branch.branch.as_str()))
    }
}

/// The configuration directory that is not below the home.
const SYSTEM_CONFIGURATION: &str = "/etc/pypaas";

/// Puts `home` in the place of a leading `~`.
fn expand(home: &Utf8Path, path: &str) -> Utf8PathBuf {
    match path.strip_prefix('~') {
        Some(rest) => home.join(rest.trim_start_matches('/')),
        None => home.join(path),
    }
}
