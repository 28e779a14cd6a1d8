//! Where pypaas is installed and what it was told: home, configuration, and the platform made of them.

use std::env;
use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::{
    BranchName, BranchRef, Configuration, Loaded, Problem, RepoName, Severity, SourceFile, load_with,
};
use pypaas_core::{Environment, Layout, Parts, Platform};
use pypaas_linux::daemontools::Scripts;
use pypaas_nginx::NginxText;
use pypaas_runners::{builders, runner_types};

use crate::arguments::WaitArguments;
use crate::failure::Failure;
use crate::secrets;
use crate::terminal;
use pypaas_linux::LinuxHost;

/// The file that makes a directory the configuration directory.
pub(crate) const MAIN_FILE: &str = "pypaas.yml";

/// The directories of the configuration directory that hold a file a repo or domain.
const DIRECTORIES: [&str; 3] = ["repo", "repos", "domains"];

/// `PATH` of every command and process: nothing is inherited from whoever pushed.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// An installed and configured pypaas.
pub(crate) struct Installation {
    /// The configuration and who interprets it.
    pub(crate) platform: Platform,
    /// What is wrong with the configuration and only breaks parts of it.
    pub(crate) problems: Vec<Problem>,
    /// The configuration files that could be read.
    pub(crate) files: Vec<SourceFile>,
    /// The configuration directory.
    pub(crate) directory: Utf8PathBuf,
}

impl Installation {
    /// Finds the installation of the current user, and loads its configuration and secrets.
    pub(crate) fn load() -> Result<Self, Failure> {
        let mut it = Self::load_to_show()?;
        it.platform.secrets = secrets::read_all(&it.platform)?;
        Ok(it)
    }

    /// Does the same without the secrets: for what starts nothing.
    pub(crate) fn load_to_show() -> Result<Self, Failure> {
        let home = home()?;
        let directory = configuration_directory(&home)?;
        let loaded = load_directory(&directory)?;
        match loaded.configuration {
            Some(configuration) => {
                let files = loaded.files;
                Ok(Self { files, directory, ..Self::new(&home, configuration, loaded.problems)? })
            }
            None => Err(Failure::new(
                format!("the configuration cannot be used\n{}", reports(&loaded.problems)),
                "mend the file, then run `pypaas check`",
            )),
        }
    }

    /// Puts together what `configuration` says for `home`; `problems` are those of the rest of the configuration.
    pub(crate) fn new(
        home: &Utf8Path,
        configuration: Configuration,
        problems: Vec<Problem>,
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
            base_environment: base_environment(home),
            hook: hook()?,
        };
        Ok(Self {
            platform: Platform::new(configuration, layout, parts),
            problems,
            files: Vec::new(),
            directory: home.join("config"),
        })
    }

    /// Waits for others as long as `wait` says, where it does.
    pub(crate) fn waiting(mut self, wait: WaitArguments) -> Self {
        let settings = &mut self.platform.configuration.settings;
        settings.lock_timeout = wait.lock_timeout.unwrap_or(settings.lock_timeout);
        self
    }

    /// Makes the real machine this installation is on.
    pub(crate) fn host(&self) -> LinuxHost {
        let settings = &self.configuration().settings;
        LinuxHost::new(self.platform.layout.clone(), settings.nginx.clone(), settings.ports)
    }

    /// What the admin wrote.
    pub(crate) fn configuration(&self) -> &Configuration {
        &self.platform.configuration
    }

    /// Checks that `repo` is configured; says which are, when not.
    pub(crate) fn repo(&self, repo: &str) -> Result<RepoName, Failure> {
        let configuration = self.configuration();
        let name = RepoName::new(repo)?;
        if configuration.broken_repos.contains(&name) {
            let about = |problem: &&Problem| problem.file.file_stem() == Some(repo);
            let problems: Vec<Problem> = self.problems.iter().filter(about).cloned().collect();
            return Err(Failure::new(
                format!("the configuration of `{repo}` cannot be used\n{}", reports(&problems)),
                "mend the file, then try again; other repos are not affected",
            ));
        }
        if configuration.repos.contains_key(&name) {
            return Ok(name);
        }
        let known: Vec<&str> = configuration.repos.keys().map(RepoName::as_str).collect();
        let hint = match known.is_empty() {
            true => format!("no repo is configured; write repo/{repo}.yml"),
            false => format!("configured are: {}", known.join(", ")),
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
        Err(Failure::new(
            format!("branch `{branch}` of `{}` is not configured", found.repo),
            format!("configured are: {}; more can be added in {}", known.join(", "), repo.file),
        ))
    }

    /// Shows what is wrong with parts of the configuration.
    pub(crate) fn warn_about_problems(&self) {
        for problem in self.problems.iter().filter(|problem| problem.severity == Severity::Error) {
            terminal::err(&format!("{}\n", problem.report.trim_end()));
        }
    }
}

/// Joins the reports of problems.
pub(crate) fn reports(problems: &[Problem]) -> String {
    let reports: Vec<&str> = problems.iter().map(|problem| problem.report.trim_end()).collect();
    reports.join("\n\n")
}

/// Returns the deploy user's home: `PYPAAS_HOME`, else `HOME`.
pub(crate) fn home() -> Result<Utf8PathBuf, Failure> {
    let home = env::var("PYPAAS_HOME").or_else(|_| env::var("HOME"));
    let home = home
        .map_err(|_| Failure::new("neither `PYPAAS_HOME` nor `HOME` is set", "log in as the deploy user"))?;
    let path = Utf8PathBuf::from(home);
    if path.is_absolute() {
        return Ok(path);
    }
    Err(Failure::new(
        format!("the home directory `{path}` is not an absolute path"),
        "set `PYPAAS_HOME` to one",
    ))
}

/// Returns the configuration directory: `PYPAAS_CONFIG`, else the first of `~/config` and `/etc/pypaas` with `pypaas.yml`.
pub(crate) fn configuration_directory(home: &Utf8Path) -> Result<Utf8PathBuf, Failure> {
    let places = match env::var("PYPAAS_CONFIG") {
        Ok(directory) => vec![Utf8PathBuf::from(directory)],
        Err(_) => vec![home.join("config"), Utf8PathBuf::from("/etc/pypaas")],
    };
    if let Some(found) = places.iter().find(|directory| directory.join(MAIN_FILE).is_file()) {
        return Ok(found.clone());
    }
    let tried: Vec<String> =
        places.iter().map(|directory| format!("`{}`", directory.join(MAIN_FILE))).collect();
    Err(Failure::new(
        format!("there is no configuration: no {}", tried.join(" and no ")),
        "write one; two lines are enough: `ports:` and `  {min: 61500, max: 61800}`",
    ))
}

/// Reads and loads all configuration files below `directory`.
pub(crate) fn load_directory(directory: &Utf8Path) -> Result<Loaded, Failure> {
    Ok(load_with(&files(directory)?, &runner_types().for_loading(), |path| fs::read(directory.join(path))))
}

/// Lists the files in `directory` and in the directories within it. Hidden directories, such as git's, are none of ours.
fn files(directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Failure> {
    let cannot = |error: io::Error| {
        Failure::new(format!("cannot read `{directory}`: {error}"), "the deploy user must be able to read it")
    };
    let mut files = Vec::new();
    for (name, is_directory) in names(directory).map_err(cannot)? {
        if !is_directory {
            files.push(Utf8PathBuf::from(name));
        } else if !name.starts_with('.') {
            // A directory that cannot be listed is like one that is not there, unless files in it are needed.
            let within = match names(&directory.join(&name)) {
                Err(error) if DIRECTORIES.contains(&name.as_str()) => return Err(cannot(error)),
                within => within.unwrap_or_default(),
            };
            let within = within.into_iter().filter(|(_, is_directory)| !is_directory);
            files.extend(within.map(|(file, _)| Utf8Path::new(&name).join(file)));
        }
    }
    Ok(files)
}

/// Lists the names in `directory`, and whether each is of a directory, or a link to one; a name that is not UTF-8 cannot name
/// anything of ours.
fn names(directory: &Utf8Path) -> io::Result<Vec<(String, bool)>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        // The directory itself tells what most of its entries are; only links have to be followed.
        let kind = entry.file_type()?;
        let is_directory = kind.is_dir() || (kind.is_symlink() && entry.path().is_dir());
        names.extend(entry.file_name().into_string().ok().map(|name| (name, is_directory)));
    }
    Ok(names)
}

fn base_environment(home: &Utf8Path) -> Environment {
    let mut environment = Environment::default();
    let user = env::var("USER").or_else(|_| env::var("LOGNAME")).unwrap_or_else(|_| "deploy".to_owned());
    environment.set("HOME", home.as_str());
    environment.set("USER", user.as_str());
    environment.set("LOGNAME", user);
    environment.set("SHELL", "/bin/sh");
    environment.set("LANG", "C.UTF-8");
    environment.set("PATH", PATH);
    environment
}

fn hook() -> Result<String, Failure> {
    let program = program()?;
    Ok(format!("#!/bin/sh\n# written by pypaas\nexec {} update-hook \"$@\"\n", shell_word(program.as_str())))
}

/// Returns the path of this program, also when its file was replaced while it runs.
pub(crate) fn program() -> Result<Utf8PathBuf, Failure> {
    let path = Utf8PathBuf::try_from(env::current_exe()?)?;
    Ok(path.as_str().strip_suffix(" (deleted)").map(Utf8PathBuf::from).unwrap_or(path))
}

/// Quotes `text` as one word of a POSIX shell.
pub(crate) fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
