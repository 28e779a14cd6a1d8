//! `import`: the files of an app that comes from another platform.

use std::io::{self, Read};
use std::process::ExitCode;

use camino::{Utf8Path, Utf8PathBuf};
use clap::Parser;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use pypaas_config::{BranchName, Permission, RepoName};
use pypaas_import::{Imported, Input, Source, Tool};

use crate::address::Address;
use crate::command::{self, Effect, Requirement};
use crate::configuration_change::{ConfigurationChange, NewFile};
use crate::configuration_directory::{MAIN_FILE, configuration_directory};
use crate::failure::Failure;
use crate::installation::home;
use crate::invocation::Invocation;
use crate::{regular_file, terminal};

/// Make the configuration of an app that comes from Heroku, dokku, piku or Kamal
///
/// It reads the app's files and what the other tool printed, writes the files of the repo and its domain, and lists what has no
/// counterpart. It creates files and replaces none, and it runs on any computer. docs/from-heroku.md, from-dokku.md,
/// from-piku.md and from-kamal.md have an example each.
#[derive(Debug, Parser)]
#[command(name = "import")]
#[command(after_help = "Examples:\n  pypaas import piku shop --app ~/shop --dry-run\n  \
    heroku config --json | pypaas import heroku shop --config - --domains domains.json\n  \
    pypaas import dokku shop --config config.json --secrets | ssh deploy@host secret import shop main")]
pub(crate) struct Arguments {
    /// Where the app comes from
    #[arg(value_parser = tools())]
    tool: Tool,
    /// The name of the repo
    repo: String,
    /// The branch that is deployed
    #[arg(long, default_value = "main")]
    branch: String,
    /// The directory with a clone of the app
    #[arg(long, value_name = "DIRECTORY", default_value = ".")]
    app: Utf8PathBuf,
    /// The variables: what `heroku config --json`, `dokku config:export`, `piku config` or `kamal secrets print` printed; `-` is
    /// standard input
    #[arg(long, value_name = "FILE")]
    config: Option<Utf8PathBuf>,
    /// The domains: what `heroku domains --json` or `dokku domains:report` printed
    #[arg(long, value_name = "FILE")]
    domains: Option<Utf8PathBuf>,
    /// The numbers of processes: what `heroku ps:scale`, `dokku ps:scale` or `piku ps` printed
    #[arg(long, value_name = "FILE")]
    scale: Option<Utf8PathBuf>,
    /// The configuration directory; default: that of this host
    #[arg(long, value_name = "DIRECTORY")]
    into: Option<Utf8PathBuf>,
    /// Print the variables that may be secrets, for `secret import`, and do nothing else
    #[arg(long)]
    secrets: bool,
    /// Print the files and create none
    #[arg(long)]
    dry_run: bool,
}

fn tools() -> impl TypedValueParser<Value = Tool> {
    let find = |name: String| Tool::ALL.into_iter().find(|it| it.name() == name).ok_or("no such tool");
    PossibleValuesParser::new(Tool::ALL.map(Tool::name)).try_map(find)
}

/// The limit for the files that are read.
const MAX_FILE: u64 = 1 << 20;

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Admin);

    fn requirement(&self) -> Requirement {
        Requirement::Host
    }

    /// With `--into` the files are not those of this host, and on a computer that is no host there is no audit log.
    fn effect(&self) -> Effect {
        let is_here = self.into.is_none() && !self.dry_run && !self.secrets && self.directory().is_ok();
        if is_here { Effect::Change } else { Effect::None }
    }

    /// Reads everything, then creates the files unless the configuration would have a mistake with them.
    fn run(self, _: &Invocation) -> Result<ExitCode, Failure> {
        let imported = self.import()?;
        if self.secrets {
            terminal::out(&imported.secret_lines());
            return Ok(ExitCode::SUCCESS);
        }
        let directory = self.directory()?;
        let change = ConfigurationChange { created: files(&directory, &imported), ..Default::default() };
        check(&directory, &change)?;
        if self.dry_run {
            change.print(&directory);
        } else {
            change.make(&directory)?;
        }
        terminal::out(&self.what_is_left(&imported));
        Ok(ExitCode::SUCCESS)
    }
}

impl Arguments {
    fn import(&self) -> Result<Imported, Failure> {
        if !self.app.is_dir() {
            return Err(Failure::new(
                format!("`{}` is not a directory", self.app),
                "clone the app, and name its directory with `--app`",
            ));
        }
        let mut app = Vec::new();
        for name in self.tool.files() {
            let path = self.app.join(name);
            if path.symlink_metadata().is_ok() {
                app.push(Source { name: (*name).to_owned(), text: read(&path)? });
            }
        }
        let input = Input {
            app,
            config: source(self.config.as_ref())?,
            domains: source(self.domains.as_ref())?,
            scale: source(self.scale.as_ref())?,
        };
        let (repo, branch) = (RepoName::new(&self.repo)?, BranchName::new(&self.branch)?);
        self.tool.import(repo, branch, &input).map_err(|error| {
            let hint = format!("nothing was created; docs/from-{}.md says what is read", self.tool.name());
            Failure::new(error.to_string(), hint)
        })
    }

    fn directory(&self) -> Result<Utf8PathBuf, Failure> {
        match &self.into {
            Some(directory) => Ok(directory.clone()),
            None => configuration_directory(&home()?).map_err(|failure| {
                failure.advise("On a computer that is no host, name a directory for the files with `--into`")
            }),
        }
    }

    /// Says which values are in no file, what has no counterpart, and what comes next.
    fn what_is_left(&self, imported: &Imported) -> String {
        let Self { repo, branch, .. } = self;
        let mut text = String::new();
        if !imported.secrets.is_empty() {
            let names: Vec<&str> = imported.secrets.keys().map(String::as_str).collect();
            let names = names.join(", ");
            text.push_str(&format!(
                "\nNot written to any file, because the values may be secrets: {names}. Set them with:\n\n  {} |\n    {}\n",
                self.command_for_secrets(),
                self.command_of_host(&format!("secret import {repo} {branch}"))
            ));
        }
        if !imported.notes.is_empty() {
            text.push_str("\nWithout a counterpart, or left for you to do:\n\n");
            text.extend(imported.notes.iter().map(|note| format!("  {note}\n")));
        }
        let is_given = |option: &str| match option {
            "config" => self.config.is_some(),
            "domains" => self.domains.is_some(),
            _ => self.scale.is_some(),
        };
        let exports = self.tool.exports().iter().filter(|(option, _)| !is_given(option));
        let exports: Vec<String> =
            exports.map(|(option, command)| format!("  {command} >FILE   and --{option} FILE\n")).collect();
        if !exports.is_empty() {
            text.push_str(&format!("\nOptional input that was not given:\n\n{}", exports.concat()));
        }
        if !imported.has_domain() {
            text.push_str(&format!(
                "\nNo domain routes to the app. Create `domains/<domain>.yml`:\n\n  \
                 locations: {{/: {{upstream: {{repo: {repo}, branch: {branch}, runner: web}}}}}}\n"
            ));
        }
        let remote = match &self.into {
            Some(directory) => {
                let domains = if imported.has_domain() { " domains" } else { "" };
                text.push_str(&format!(
                    "\nCopy the files to the host with:\n\n  tar c -C {directory} repo{domains} | \
                     ssh root@host runuser -u deploy -- tar x -C /home/deploy/config\n"
                ));
                format!("deploy@host:{repo}")
            }
            None => Address::of_this_host().remote(repo),
        };
        text.push_str(&format!(
            "\nIn a clone of the app:\n\n  git remote add pypaas {remote}\n  git push pypaas {branch}\n"
        ));
        text
    }

    /// Returns the command line that prints the secrets.
    fn command_for_secrets(&self) -> String {
        let (Self { repo, branch, app, .. }, tool) = (self, self.tool.name());
        let mut line = format!("pypaas import {tool} {repo}");
        if branch != "main" {
            line.push_str(&format!(" --branch {branch}"));
        }
        if app != "." {
            line.push_str(&format!(" --app {app}"));
        }
        if let Some(config) = &self.config {
            line.push_str(&format!(" --config {config}"));
        }
        let export = self.tool.exports().iter().find(|(option, _)| *option == "config");
        let export = export.filter(|_| self.config.as_ref().is_some_and(|it| it == "-"));
        let export = export.map(|(_, command)| format!("{command} | ")).unwrap_or_default();
        format!("{export}{line} --secrets")
    }

    /// Returns a command line for the host whose configuration it is.
    fn command_of_host(&self, words: &str) -> String {
        match self.into {
            Some(_) => format!("ssh deploy@host {words}"),
            None => Address::of_this_host().command(words),
        }
    }
}

fn source(path: Option<&Utf8PathBuf>) -> Result<Option<Source>, Failure> {
    let Some(path) = path else { return Ok(None) };
    if path != "-" {
        return Ok(Some(Source { name: path.to_string(), text: read(path)? }));
    }
    let mut text = Vec::new();
    io::stdin().lock().take(MAX_FILE).read_to_end(&mut text)?;
    Ok(Some(Source { name: "standard input".to_owned(), text: utf8(path, text)? }))
}

fn read(path: &Utf8Path) -> Result<String, Failure> {
    let text = regular_file::read(path, MAX_FILE)
        .map_err(|error| Failure::new(format!("cannot read `{path}`: {error}"), "nothing was created"))?;
    utf8(path, text)
}

fn utf8(path: &Utf8Path, text: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(text).map_err(|_| Failure::new(format!("`{path}` is not UTF-8"), "nothing was created"))
}

/// Returns the files, in `repos` where that is the directory's spelling.
fn files(directory: &Utf8Path, imported: &Imported) -> Vec<NewFile> {
    let is_old = directory.join("repos").is_dir() && !directory.join("repo").is_dir();
    let file = |(path, text): &(Utf8PathBuf, String)| {
        let path = match path.strip_prefix("repo") {
            Ok(name) if is_old => Utf8Path::new("repos").join(name),
            _ => path.clone(),
        };
        NewFile { path, text: text.clone() }
    };
    imported.files.iter().map(file).collect()
}

/// Checks the files among those that are there. A directory that is no whole configuration gets the least settings meanwhile.
fn check(directory: &Utf8Path, change: &ConfigurationChange) -> Result<(), Failure> {
    let mut all = change.clone();
    if directory.join(MAIN_FILE).symlink_metadata().is_err() {
        let text = "ports: {min: 61500, max: 61800}\n".to_owned();
        all.created.push(NewFile { path: MAIN_FILE.into(), text });
    }
    all.check(directory).map(drop)
}
