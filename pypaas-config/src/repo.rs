//! `repo/<name>.yml`: a repository and its branches.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::Utf8PathBuf;

use crate::argument_size;
use crate::fields::Field;
use crate::finding::{Finding, Findings, quote};
use crate::keys::MOST_PROCESSES;
use crate::names::{MAX_FILE_NAME, bytes_in_file_name};
use crate::schema::Schema;
use crate::tree::Value;
use crate::{
    Access, BranchName, Hooks, Persist, RunnerConfig, RunnerName, Share, StoreKind, StoreName, store,
};

/// A whole repo file.
pub(crate) const REPO: Schema = Schema { name: "a repo", keys: &["branches", "access"] };
/// One of `branches`.
pub(crate) const BRANCH: Schema = Schema {
    name: "a branch",
    keys: &[
        "runners",
        "formation",
        "env",
        "hooks",
        "build",
        "build_timeout",
        "custom_cmds",
        "persist",
        "stores",
        "share",
        "confine",
    ],
};

/// One repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repo {
    /// The configuration file, relative to the configuration directory.
    pub file: Utf8PathBuf,
    /// `branches`: the branches that can be pushed.
    pub branches: BTreeMap<BranchName, Branch>,
    /// `access`: which keys may do what. Default: all keys may do everything.
    pub access: Access,
}

/// One branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// `runners`, if they are written here.
    pub runners: BTreeMap<RunnerName, RunnerConfig>,
    /// Whether each release brings its runners itself, in a `Procfile`: `runners: procfile`, or no `runners`.
    pub procfile: bool,
    /// `formation`: the numbers of processes of a release that brings its runners itself.
    pub formation: BTreeMap<RunnerName, u16>,
    /// `env`: for builds, hooks, custom commands and processes; values are kept exactly as written.
    pub env: BTreeMap<String, String>,
    /// `hooks`.
    pub hooks: Hooks,
    /// `custom_cmds`: name to shell command.
    pub custom_cmds: BTreeMap<String, String>,
    /// `build`.
    pub build: BuildChoice,
    /// `build_timeout`: how long each command of the build may take, when not as the settings say.
    pub build_timeout: Option<Duration>,
    /// `persist`: files and directories of the checkout that are kept in the data directory.
    pub persist: Vec<Persist>,
    /// `stores`: databases that are made for it.
    pub stores: BTreeMap<StoreName, StoreKind>,
    /// `share`: what of the host its code may see besides its own.
    pub share: Vec<Share>,
    /// `confine`: whether its code is kept away from the rest of the host. Default true. Only a file on the server can
    /// say no: what a repository brings cannot set itself free.
    pub confine: bool,
}

/// `build` of a branch: how it is built without a `build` hook.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BuildChoice {
    /// Use `.build.sh` if it exists, otherwise choose a builder by the files in the checkout.
    #[default]
    Auto,
    /// Nothing is built.
    None,
}

/// The value of `runners` that leaves them to the release.
const PROCFILE: &str = "procfile";

/// Variables that a shell sets itself.
const SET_BY_THE_SHELL: [&str; 5] = ["IFS", "OLDPWD", "OPTIND", "PPID", "PWD"];

const BUILDS: [(&str, BuildChoice); 2] = [("auto", BuildChoice::Auto), ("none", BuildChoice::None)];

impl Repo {
    /// Reads the file of the repo `name`, passed as a field so that messages can name it.
    pub(crate) fn decode(
        name: &str,
        path: &Utf8PathBuf,
        field: Field<'_>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let fields = field.fields(&REPO, findings)?;
        let branches = fields.require("branches", findings);
        let access = fields.written("access").map(|access| Access::decode(access, findings));
        let branches = branches?;
        let access = access.unwrap_or_default();
        let mut repo = Self { file: path.clone(), branches: BTreeMap::new(), access };
        let written = branches.named("branches", findings);
        if written.is_empty() && !findings.is_broken(field.node.span.file) {
            findings.add(branches.unexpected("at least one branch, or nothing can be pushed"));
        }
        for field in written {
            let branch_name = BranchName::new(field.name);
            let branch_name = branch_name.map_err(|error| Finding::invalid_name(field.key, &error));
            let branch_name = findings.take(branch_name);
            if let (Some(branch_name), Some(branch)) = (branch_name, Branch::decode(field, findings)) {
                findings.take(check_lengths(name, field, &branch));
                repo.branches.insert(branch_name, branch);
            }
        }
        Some(repo)
    }
}

impl Branch {
    /// Returns what counts when an app says `brought` of itself: what is written here, and else that.
    pub fn over(&self, brought: Self) -> Self {
        let first =
            |own: &Vec<String>, brought: Vec<String>| if own.is_empty() { brought } else { own.clone() };
        let (own, hooks) = (self.hooks.clone(), brought.hooks);
        let mut env = brought.env;
        env.extend(self.env.clone());
        let mut custom_cmds = brought.custom_cmds;
        custom_cmds.extend(self.custom_cmds.clone());
        Self {
            runners: if self.procfile { brought.runners } else { self.runners.clone() },
            env,
            hooks: Hooks {
                before_build: first(&own.before_build, hooks.before_build),
                build: own.build.or(hooks.build),
                after_build: first(&own.after_build, hooks.after_build),
                release: own.release.or(hooks.release),
                maintenance: first(&own.maintenance, hooks.maintenance),
                // What runs outside of the app's bounds is the server's alone.
                after_deploy: own.after_deploy,
                deploy_failed: own.deploy_failed,
            },
            custom_cmds,
            build: if self.build == BuildChoice::Auto { brought.build } else { self.build },
            ..self.clone()
        }
    }

    pub(crate) fn decode(field: Field<'_>, findings: &mut Findings) -> Option<Self> {
        let fields = field.fields(&BRANCH, findings)?;
        let procfile =
            !fields.mistyped("runners") && fields.written("runners").is_none_or(|it| it.is(PROCFILE));
        let runners = fields.written("runners").filter(|_| !procfile);
        let runners = runners.map(|runners| read_runners(runners, findings)).unwrap_or_default();
        let formation = fields.get("formation").map(|it| read_formation(it, procfile, findings));
        let env = fields.get("env").map(|env| read_env(env, findings));
        let hooks = fields.get("hooks").map(|hooks| Hooks::decode(hooks, findings));
        let custom_cmds = fields.get("custom_cmds").map(|commands| read_custom_cmds(commands, findings));
        let persist = fields.optional("persist", findings, Persist::read_all);
        let stores = fields.get("stores").map(|stores| store::read_all(stores, findings));
        let share = fields.optional("share", findings, Share::read_all);
        let confine = fields.optional("confine", findings, Field::boolean);
        let build = fields.written("build").map(|build| findings.take(build.one_of(&BUILDS)));
        if let Some(env) = fields.get("env") {
            warn_about_overwritten(env, &runners, findings);
        }
        Some(Self {
            runners,
            procfile,
            formation: formation.unwrap_or_default(),
            env: env.unwrap_or_default(),
            hooks: hooks.unwrap_or_default(),
            custom_cmds: custom_cmds.unwrap_or_default(),
            build_timeout: fields.optional("build_timeout", findings, Field::duration),
            build: build.flatten().unwrap_or_default(),
            persist: persist.unwrap_or_default(),
            stores: stores.unwrap_or_default(),
            share: share.unwrap_or_default(),
            confine: confine.unwrap_or(true),
        })
    }
}

/// Decodes `formation`.
fn read_formation(field: Field<'_>, procfile: bool, findings: &mut Findings) -> BTreeMap<RunnerName, u16> {
    let mut formation = BTreeMap::new();
    if !procfile {
        let finding =
            Finding::error(field.key, "`formation` has no effect on `runners` that are written here");
        findings.add(finding.help("write `process_count` in the runner"));
    }
    for field in field.named("numbers of processes", findings) {
        let name = RunnerName::new(field.name).map_err(|error| Finding::invalid_name(field.key, &error));
        let name = findings.take(name);
        if let (Some(name), Some(count)) = (name, findings.take(field.number(0, MOST_PROCESSES))) {
            formation.insert(name, count);
        }
    }
    formation
}

/// Checks that the names of repo, branch and runners are short enough for the names of services.
fn check_lengths(repo: &str, field: Field<'_>, branch: &Branch) -> Result<(), Finding> {
    let runners = branch.runners.keys().chain(branch.formation.keys());
    let longest_runner = runners.map(|runner| bytes_in_file_name(runner.as_str())).max();
    let length = bytes_in_file_name(repo) + bytes_in_file_name(field.name) + longest_runner.unwrap_or(0);
    if length <= MAX_FILE_NAME {
        return Ok(());
    }
    let message = format!("the names of repo, branch and runner are {length} bytes long in total");
    Err(Finding::error(field.key, message)
        .label(format!("expected at most {MAX_FILE_NAME}"))
        .help("capital letters, `/` and other special characters count as three bytes"))
}

fn read_runners(field: Field<'_>, findings: &mut Findings) -> BTreeMap<RunnerName, RunnerConfig> {
    let mut runners = BTreeMap::new();
    for field in field.named("runners", findings) {
        let name = RunnerName::new(field.name).map_err(|error| Finding::invalid_name(field.key, &error));
        let name = findings.take(name);
        if let (Some(name), Some(runner)) = (name, RunnerConfig::decode(field, findings)) {
            runners.insert(name, runner);
        }
    }
    runners
}

fn read_env(field: Field<'_>, findings: &mut Findings) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    for field in field.named("strings", findings) {
        if !is_variable(field.name) {
            findings.add(
                Finding::error(field.key, format!("{} is not a valid variable name", quote(field.name)))
                    .label("expected letters, digits and `_`, not starting with a digit"),
            );
        }
        if SET_BY_THE_SHELL.contains(&field.name) {
            findings.add(
                Finding::error(field.key, format!("{} cannot be set", quote(field.name)))
                    .label("the shell that starts each process overwrites it"),
            );
        }
        let value = field.text().map_err(|finding| match field.node.value {
            Value::Null => finding.help("write '' for an empty string"),
            // The message of a text that cannot be used would quote it, and it may be a secret.
            Value::Scalar(_) => {
                Finding { message: format!("{} cannot be used", quote(field.name)), ..finding }
            }
            _ => finding,
        });
        if let Some(value) = findings.take(value) {
            let length = field.name.len() + "=".len() + value.len();
            argument_size::check(field.key, &quote(field.name), length, findings);
            env.insert(field.name.to_owned(), value);
        }
    }
    env
}

/// Warns about variables that pypaas overwrites.
fn warn_about_overwritten(
    env: Field<'_>,
    runners: &BTreeMap<RunnerName, RunnerConfig>,
    findings: &mut Findings,
) {
    let Value::Mapping(entries) = &env.node.value else { return };
    let has_ports = runners.values().any(|runner| runner.ports() > 0);
    for entry in entries {
        let (what, label, help) = match entry.key.as_str() {
            "PORT" if has_ports => (
                "in `env` has no effect",
                "pypaas sets it to the port of each process",
                "remove it, and listen on `$PORT`",
            ),
            "GIT_COMMIT" => (
                "in `env` has no effect",
                "pypaas sets it to the commit of the checkout",
                "remove it, or use another name",
            ),
            name if name.starts_with("PYPAAS_") => {
                ("is reserved", "pypaas sets variables with this prefix", "use another name")
            }
            _ => continue,
        };
        let finding = Finding::warning(entry.key_span, format!("{} {what}", quote(&entry.key)));
        findings.add(finding.label(label).help(help));
    }
}

/// Returns whether the shell or pypaas sets the variable `name` and would overwrite another value.
pub fn is_reserved_variable(name: &str) -> bool {
    SET_BY_THE_SHELL.contains(&name) || name == "PORT" || name == "GIT_COMMIT" || name.starts_with("PYPAAS_")
}

/// Returns whether `name` is a valid variable name (POSIX, Base Definitions 3.235).
pub fn is_variable(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(allowed)
}

fn read_custom_cmds(field: Field<'_>, findings: &mut Findings) -> BTreeMap<String, String> {
    let mut commands = BTreeMap::new();
    for field in field.named("shell commands", findings) {
        let unusable = |c: char| c.is_control() || c.is_whitespace();
        if field.name.is_empty() || field.name.starts_with('-') || field.name.contains(unusable) {
            findings.add(
                Finding::error(field.key, format!("{} is not a valid command name", quote(field.name)))
                    .label("expected a word that does not start with `-`"),
            );
        }
        if let Some(command) = findings.take(field.command()) {
            argument_size::check(field.key, &quote(field.name), command.len(), findings);
            commands.insert(field.name.to_owned(), command);
        }
    }
    commands
}
