//! Where pypaas is installed and what it was told: home, configuration, and the platform made of them.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::ExitCode;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::{
    BranchName, BranchRef, Configuration, Diagnostic, Loaded, RepoName, SourceFile, closest,
};
use pypaas_core::plan::PlanError;
use pypaas_core::{Layout, NotRunning, Parts, Platform, recorded_branches};
use pypaas_linux::daemontools::Scripts;
use pypaas_nginx::NginxText;
use pypaas_runners::{UNUSED_FILES, builders, manifest_formats, runner_types};

use crate::configuration_directory::{MAIN_FILE, configuration_directory, load_directory};
use crate::failure::{FAILED, Failure};
use crate::invocation::Invocation;
use crate::remembered_limits::RememberedLimits;
use crate::{access, secrets, terminal};
use pypaas_linux::checks::certificates;
use pypaas_linux::{LinuxHost, base_environment, shell_word, user_name};

/// An installed and configured pypaas.
pub(crate) struct Installation {
    /// The configuration and who interprets it.
    pub(crate) platform: Platform,
    /// What is wrong with the configuration and only breaks parts of it.
    pub(crate) problems: Vec<Diagnostic>,
    /// The configuration files that could be read.
    pub(crate) files: Vec<SourceFile>,
    /// The configuration directory.
    pub(crate) directory: Utf8PathBuf,
    /// Who asks: what this key may not read is in no message.
    pub(crate) caller: Invocation,
    /// Which repos limit keys, also those without a good file.
    limits: RememberedLimits,
}

impl Installation {
    /// Finds the installation of the current user, and loads its configuration and secrets for `caller`.
    pub(crate) fn load(caller: &Invocation) -> Result<Self, Failure> {
        let mut it = Self::load_without_secrets(caller)?;
        it.platform.secrets = secrets::read_all(&it.platform)?;
        it.platform.store_passwords = pypaas_linux::stores::passwords(&it.platform).map_err(|error| {
            Failure::new(
                format!("cannot read what the passwords of stores are made of: {error}"),
                "see `~/stores/key`",
            )
        })?;
        Ok(it)
    }

    /// Does the same without the secrets: for what starts nothing.
    pub(crate) fn load_without_secrets(caller: &Invocation) -> Result<Self, Failure> {
        let home = home()?;
        let directory = configuration_directory(&home)?;
        let loaded = load_directory(&directory)?;
        Self::of(caller, &home, &directory, loaded)
    }

    /// Puts together what was loaded from `directory`.
    pub(crate) fn of(
        caller: &Invocation,
        home: &Utf8Path,
        directory: &Utf8Path,
        loaded: Loaded,
    ) -> Result<Self, Failure> {
        let Some(configuration) = loaded.configuration else {
            return Err(unusable(caller, &loaded.problems));
        };
        let limits = match RememberedLimits::update(home, &configuration) {
            // Someone else on the host, who may write nothing, can still look.
            Err(_) if caller.key.is_none() => RememberedLimits::default(),
            limits => limits?,
        };
        let caller = caller.clone();
        let mut new = Self::new(home, configuration, loaded.problems)?;
        new.platform.configuration_directory = Some(directory.to_owned());
        new.platform.uncertified = certificates::uncertified(&new.platform);
        Ok(Self { files: loaded.files, directory: directory.to_owned(), caller, limits, ..new })
    }

    /// Builds an installation from `configuration` for `home`, as someone on the host sees it; `problems` are those of the
    /// rest of the configuration.
    pub(crate) fn new(
        home: &Utf8Path,
        configuration: Configuration,
        problems: Vec<Diagnostic>,
    ) -> Result<Self, Failure> {
        let layout = Layout::new(home, &configuration.settings);
        let settings = &configuration.settings;
        let scripts = Scripts::new(
            settings.runner_runscript_template.clone(),
            settings.runner_logscript_template.clone(),
        )?;
        let parts = Parts {
            runner_types: runner_types(),
            web: Box::new(NginxText::default()),
            scripts: Box::new(scripts),
            builders: builders(),
            manifest_formats: manifest_formats(),
            unused_files: UNUSED_FILES,
            base_environment: base_environment(home),
            program: program()?,
            hook: hook()?,
        };
        Ok(Self {
            platform: Platform::new(configuration, layout, parts),
            problems,
            files: Vec::new(),
            directory: home.join("config"),
            caller: Invocation::local(&[]),
            limits: RememberedLimits::default(),
        })
    }

    /// Waits for other changes as long as `lock_timeout` says, if it does.
    pub(crate) fn waiting(mut self, lock_timeout: Option<Duration>) -> Self {
        let settings = &mut self.platform.configuration.settings;
        settings.lock_timeout = lock_timeout.unwrap_or(settings.lock_timeout);
        self
    }

    /// Makes the real machine this installation is on.
    pub(crate) fn host(&self) -> LinuxHost {
        let settings = &self.configuration().settings;
        LinuxHost::new(self.platform.layout.clone(), settings.nginx.clone())
    }

    /// What the admin wrote.
    pub(crate) fn configuration(&self) -> &Configuration {
        &self.platform.configuration
    }

    /// Returns whether `repo`, which has no good file, may limit keys: its last good one did, or what can be read of the
    /// broken one names `access`, or there never was a good one that anybody remembers.
    pub(crate) fn may_limit(&self, repo: &RepoName) -> bool {
        let is_its =
            |path: &Utf8Path| !path.starts_with("domains") && path.file_stem() == Some(repo.as_str());
        let mut texts = self.files.iter().filter(|file| is_its(&file.path)).peekable();
        let is_unreadable = texts.peek().is_none() && self.configuration().broken_repos.contains(repo);
        let names_access = texts.any(|file| String::from_utf8_lossy(&file.text).contains("access"));
        let was_pushed = || self.platform.layout.repo(repo).exists();
        is_unreadable || names_access || self.limits.of(repo).unwrap_or_else(was_pushed)
    }

    /// Lists the repos that are configured, broken, or gone from the configuration while a branch of theirs is deployed and
    /// their limits are remembered.
    pub(crate) fn every_repo(&self) -> BTreeSet<RepoName> {
        let configuration = self.configuration();
        let mut all: BTreeSet<RepoName> = configuration.repos.keys().cloned().collect();
        all.extend(configuration.broken_repos.iter().cloned());
        let is_gone = |repo: &RepoName| !all.contains(repo);
        let gone: Vec<RepoName> = self.limits.limited().filter(is_gone).collect();
        if !gone.is_empty() {
            let recorded = recorded_branches(&mut self.host(), &self.platform.layout).unwrap_or_default();
            all.extend(gone.into_iter().filter(|repo| recorded.iter().any(|branch| branch.repo == *repo)));
        }
        all
    }

    /// Checks that `repo` is configured; says which are, when not.
    pub(crate) fn repo(&self, repo: &str) -> Result<RepoName, Failure> {
        let configuration = self.configuration();
        let name = RepoName::new(repo)?;
        if configuration.broken_repos.contains(&name) {
            let about = |problem: &&Diagnostic| problem.file().and_then(Utf8Path::file_stem) == Some(repo);
            let problems: Vec<&Diagnostic> = self.shown_problems().filter(about).collect();
            return Err(Failure::new(
                format!("the configuration of `{repo}` cannot be used\n{}", reports(problems)),
                "fix the file, then try again; other repos are not affected",
            ));
        }
        if configuration.repos.contains_key(&name) {
            return Ok(name);
        }
        let is_shown = |name: &&RepoName| access::may_read(self, name);
        let known: Vec<&str> = configuration.repos.keys().filter(is_shown).map(RepoName::as_str).collect();
        let hint = match (known.is_empty(), closest(repo, known.iter().copied())) {
            (true, _) => format!("write repo/{repo}.yml in the configuration directory"),
            (_, Some(near)) => format!("did you mean `{near}`? Configured repos: {}", known.join(", ")),
            _ => format!("configured repos: {}", known.join(", ")),
        };
        Err(Failure::new(format!("repo `{repo}` is not configured"), hint))
    }

    /// Checks that `branch` of `repo` is configured; says which are, when not.
    pub(crate) fn branch(&self, repo: &str, branch: &str) -> Result<BranchRef, Failure> {
        let repo = self.repo(repo)?;
        let found = BranchRef { repo, branch: BranchName::new(branch)? };
        if self.platform.branch(&found).is_some() {
            return Ok(found);
        }
        let repo = &self.configuration().repos[&found.repo];
        let known: Vec<&str> = repo.branches.keys().map(BranchName::as_str).collect();
        let near = closest(branch, known.iter().copied());
        let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
        Err(Failure::new(
            format!("branch `{branch}` of `{}` is not configured", found.repo),
            format!("{near}configured branches: {}; add others in {}", known.join(", "), repo.file),
        ))
    }

    /// Fails because nothing is deployed on `branch`, and says which command deploys it.
    pub(crate) fn not_deployed(&self, branch: &BranchRef) -> Failure {
        let layout = &self.platform.layout;
        match NotRunning::find(&mut self.host(), layout, branch) {
            Ok(Some(why)) => {
                Failure::new(PlanError::NotDeployed(branch.clone()).to_string(), why.fix(branch))
            }
            _ => PlanError::NotDeployed(branch.clone()).into(),
        }
    }

    /// Prints the errors in the configuration that the caller may see.
    pub(crate) fn warn_about_problems(&self) {
        for problem in self.shown_problems().filter(|problem| problem.is_error()) {
            terminal::err(&format!("{}\n", problem.report()));
        }
    }

    /// Returns whether any file of the configuration is broken, whoever may see it.
    pub(crate) fn is_broken(&self) -> bool {
        self.problems.iter().any(|problem| problem.is_error())
    }

    /// Returns the exit status of what was done well for all that is configured: a failure where a file is broken.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.is_broken() { ExitCode::from(FAILED) } else { ExitCode::SUCCESS }
    }

    /// Lists the problems in files that the caller may see.
    pub(crate) fn shown_problems(&self) -> impl Iterator<Item = &Diagnostic> {
        self.problems.iter().filter(|problem| problem.files().all(|file| access::may_see_file(self, file)))
    }
}

/// Joins the reports of problems.
pub(crate) fn reports<'a>(problems: impl IntoIterator<Item = &'a Diagnostic>) -> String {
    let reports: Vec<String> = problems.into_iter().map(Diagnostic::report).collect();
    reports.join("\n\n")
}

/// Fails because `pypaas.yml` is broken. It may have said who is an admin: a key learns the place and no more.
fn unusable(caller: &Invocation, problems: &[Diagnostic]) -> Failure {
    let fix = "fix the file, then run `pypaas check`";
    if caller.key.is_none() {
        return Failure::new(format!("the configuration cannot be used\n{}", reports(problems)), fix);
    }
    let places = problems.iter().filter_map(|problem| problem.place.as_ref());
    let places: Vec<String> =
        places.filter(|place| place.file == MAIN_FILE).map(ToString::to_string).collect();
    let what = "pypaas.yml is broken, so no key's permissions can be known";
    let fix = "ask the host's administrator to run `pypaas check` on the host";
    Failure::forbidden(what, fix).because([format!("of an error at {}", places.join(", "))])
}

/// Returns the deploy user's home: `PYPAAS_HOME`, else `HOME`. Whoever is another user stops here: files of root's, or of
/// anybody else's, among those of pypaas would break later commands.
pub(crate) fn home() -> Result<Utf8PathBuf, Failure> {
    let home = env::var("PYPAAS_HOME").or_else(|_| env::var("HOME"));
    let home = home
        .map_err(|_| Failure::new("neither `PYPAAS_HOME` nor `HOME` is set", "log in as the deploy user"))?;
    let path = Utf8PathBuf::from(home);
    if path.is_absolute() {
        return check_owner(&path).map(|()| path);
    }
    Err(Failure::new(
        format!("the home directory `{path}` is not an absolute path"),
        "set `PYPAAS_HOME` to one",
    ))
}

fn check_owner(home: &Utf8Path) -> Result<(), Failure> {
    let user = rustix::process::geteuid().as_raw();
    let Ok(owner) = fs::metadata(home).map(|found| found.uid()) else { return Ok(()) };
    let words = env::args().skip(1).collect::<Vec<_>>();
    let words = shlex::try_join(words.iter().map(String::as_str)).unwrap_or_default();
    if user != owner {
        let owner = user_name(owner);
        return Err(Failure::new(
            format!("pypaas runs as `{owner}`, who owns `{home}`, and not as `{}`", user_name(user)),
            format!("run `sudo -u {owner} -H pypaas {words}`"),
        ));
    }
    if user == 0 && env::var_os("PYPAAS_HOME").is_none() {
        return Err(Failure::new(
            "pypaas does not run as root",
            format!("run it as the deploy user: `sudo -u deploy -H pypaas {words}`"),
        ));
    }
    Ok(())
}

fn hook() -> Result<String, Failure> {
    let program = program()?;
    Ok(format!(
        "#!/bin/sh\n# written by pypaas\nexec {} update-hook \"$@\"\n",
        shell_word::quote(program.as_str())
    ))
}

/// Returns the path of this program, also when its file was replaced while it runs.
pub(crate) fn program() -> Result<Utf8PathBuf, Failure> {
    let path = Utf8PathBuf::try_from(env::current_exe()?)?;
    Ok(path.as_str().strip_suffix(" (deleted)").map(Utf8PathBuf::from).unwrap_or(path))
}
