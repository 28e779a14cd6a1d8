//! The scripts daemontools runs for a process.

mod command_line;
mod legacy_template;

use std::error::Error;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, Output, State, UndefinedBehavior, Value};
use pypaas_core::{Confinement, Definition, Script, ScriptText, ScriptTextError};
use serde::Serialize;

use crate::shell_word;
use command_line::command_line;
use legacy_template::{LegacyTemplate, Placeholder};

/// Prints a process's `run` script and the `run` script of its log.
///
/// The process starts with an empty environment, gets the variables of its [`Script`] and `PYPAAS_SERVICE`, the name of its
/// service, by which its stray children are found. Besides these it sees only `PWD` and `OLDPWD`, which the shell sets.
/// Values are set by the shell itself and not passed to `env` as arguments: every user of the machine can read those.
/// `pgrphack` makes the process the leader of a session and a process group, so that all of the group can be stopped; its
/// path is Debian's, because by then `PATH` is the admin's. What follows it are the process's bounds. Where the checkout is missing the script exits with 111, daemontools' status for a temporary failure.
///
/// Each start is noted in the file `starts` of the service's directory, by which restarts can be counted.
///
/// The log is multilog's: lines with a timestamp, in files of 1 MB of which ten old ones are kept.
///
/// The admin's own templates, where there are any, are in the syntax of Python's `str.format` and take the place of
/// either script:
///
/// - `{checkout.path}`, `{repo.name}` and `{branch.name}` stand as they are. One that a shell could take for anything but
///   a plain word is refused.
/// - `{env_cmds}` is one `export` a variable, with the value quoted.
/// - `{cmd}` is a complete command line, `/usr/bin/pgrphack … /bin/sh -c '…'`, with the process's bounds in the middle: so `exec {cmd}` works for every command, also
///   for `FOO=1 node x.js`, and starts a process group of its own. It is quoted already and must not stand in quotes.
/// - `{{` and `}}` are braces.
pub struct Scripts {
    templates: Environment<'static>,
    run: Option<LegacyTemplate>,
    log: Option<LegacyTemplate>,
}

impl Scripts {
    /// Reads the admin's templates, the values of `runner_runscript_template` and `runner_logscript_template`.
    ///
    /// Fails when one of them is malformed or has a placeholder that does not exist.
    pub fn new(
        runscript_template: Option<String>,
        logscript_template: Option<String>,
    ) -> Result<Self, TemplateError> {
        Ok(Self {
            templates: templates()
                .map_err(|error| TemplateError { key: "pypaas's own templates", reason: explain(&error) })?,
            run: legacy("runner_runscript_template", runscript_template)?,
            log: legacy("runner_logscript_template", logscript_template)?,
        })
    }
}

impl ScriptText for Scripts {
    fn definition(&self, script: &Script) -> Result<Definition, ScriptTextError> {
        self.print(script).map_err(|reason| ScriptTextError { service: script.service.to_string(), reason })
    }
}

/// Says what is wrong with one of the admin's templates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` cannot be used: {reason}")]
pub struct TemplateError {
    /// The key that holds it.
    pub key: &'static str,
    /// Why, with the line where there is one.
    pub reason: String,
}

/// What the templates print.
#[derive(Serialize)]
struct Model<'a> {
    checkout: &'a str,
    /// The complete command line, quoted.
    launch: String,
    environment: Vec<Variable<'a>>,
}

#[derive(Serialize)]
struct Variable<'a> {
    name: &'a str,
    value: &'a str,
}

impl Scripts {
    fn print(&self, script: &Script) -> Result<Definition, String> {
        if script.command.contains('\0') {
            return Err("`cmd` contains a NUL character".to_owned());
        }
        let service = script.service.to_string();
        let model = Model {
            checkout: script.checkout.as_str(),
            launch: launch(script),
            environment: variables(script, &service)?,
        };
        let print = |template: Option<&LegacyTemplate>, own: &str| match template {
            Some(template) => template.render(|placeholder| self.value_of(placeholder, script, &model)),
            None => self.render(own, &model),
        };
        Ok(Definition {
            run: print(self.run.as_ref(), "run.sh")?,
            log: print(self.log.as_ref(), "log_run.sh")?,
        })
    }

    fn value_of(&self, placeholder: Placeholder, script: &Script, model: &Model) -> Result<String, String> {
        let plain = |text: &str| {
            let unsafe_text =
                || format!("`{text}` is not safe in `{{{}}}` of a template", placeholder.name());
            shell_word::is_plain(text).then(|| text.to_owned()).ok_or_else(unsafe_text)
        };
        match placeholder {
            Placeholder::CheckoutPath => plain(model.checkout),
            Placeholder::RepoName => plain(script.service.runner.repo.as_str()),
            Placeholder::BranchName => plain(script.service.runner.branch.as_str()),
            Placeholder::EnvCmds => Ok(self.render("exports.sh", model)?.trim_end_matches('\n').to_owned()),
            Placeholder::Cmd => Ok(model.launch.clone()),
        }
    }

    fn render(&self, name: &str, model: &Model) -> Result<String, String> {
        let template = self.templates.get_template(name).map_err(|error| explain(&error))?;
        template.render(Serde(model)).map_err(|error| explain(&error))
    }
}

/// Gives up the right to bind low ports, which the supervisor has for the edge.
const DROP_CAPABILITIES: &str = "/usr/bin/setpriv --ambient-caps -all --inh-caps -all ";

/// Makes the command line of a process: a group of its own, its bounds, and a shell for what the admin wrote.
fn launch(script: &Script) -> String {
    let confine = script.confinement.as_ref().map(Confinement::words).unwrap_or_default();
    let confine = confine
        .iter()
        .map(|word| if shell_word::is_plain(word) { word.clone() } else { shell_word::quote(word) });
    // Confined, it has no capability left anyway.
    let drop = if script.confinement.is_none() { DROP_CAPABILITIES } else { "" };
    let words = [format!("{drop}/usr/bin/pgrphack")].into_iter().chain(confine);
    let words: Vec<String> =
        words.chain(["/bin/sh -c".to_owned(), shell_word::quote(command_line(&script.command))]).collect();
    words.join(" ")
}

/// Lists what to export, sorted by name, after checking that a shell can.
fn variables<'a>(script: &'a Script, service: &'a str) -> Result<Vec<Variable<'a>>, String> {
    let others = script.environment.iter().filter(|(name, _)| *name != "PYPAAS_SERVICE");
    let mut variables = Vec::new();
    for (name, value) in others.chain([("PYPAAS_SERVICE", service)]) {
        if !shell_word::is_variable_name(name) {
            return Err(format!(
                "`{name}` in `env` is not a variable's name: it has letters, digits and `_`"
            ));
        }
        if SHELL_VARIABLES.contains(&name) {
            return Err(format!("`{name}` in `env` cannot be set: the shell uses it for itself"));
        }
        if value.contains('\0') {
            return Err(format!("the value of `{name}` in `env` contains a NUL character"));
        }
        variables.push(Variable { name, value });
    }
    Ok(variables)
}

/// What dash does not pass on as it was set, or refuses to have set (`OPTIND`).
const SHELL_VARIABLES: [&str; 5] = ["IFS", "OLDPWD", "OPTIND", "PPID", "PWD"];

fn templates() -> Result<Environment<'static>, minijinja::Error> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_auto_escape_callback(|_| AutoEscape::Custom("sh".into()));
    templates.set_formatter(print_shell_word);
    // The usual `{#` begins a length in a shell: `${#name}`.
    let mut syntax = SyntaxConfig::builder();
    syntax.comment_delimiters("{##", "##}").trim_blocks(true).keep_trailing_newline(true);
    templates.set_syntax(syntax.build()?);
    templates.add_template("run.sh", include_str!("templates/run.sh.j2"))?;
    templates.add_template("exports.sh", include_str!("templates/exports.sh.j2"))?;
    templates.add_template("log_run.sh", include_str!("templates/log_run.sh.j2"))?;
    Ok(templates)
}

/// Prints every value as one quoted word, unless the template says `|safe`.
fn print_shell_word(out: &mut Output, _state: &mut State, value: &Value) -> Result<(), minijinja::Error> {
    let Some(text) = value.as_str() else {
        return Err(minijinja::Error::new(
            ErrorKind::InvalidOperation,
            format!("{} is not a text", value.kind()),
        ));
    };
    let printed = if value.is_safe() { out.write_str(text) } else { out.write_str(&shell_word::quote(text)) };
    Ok(printed?)
}

fn legacy(key: &'static str, text: Option<String>) -> Result<Option<LegacyTemplate>, TemplateError> {
    text.map(|text| LegacyTemplate::parse(&text)).transpose().map_err(|reason| TemplateError { key, reason })
}

/// minijinja's own message leaves out the cause of an error in an included template.
fn explain(error: &minijinja::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
