//! What Heroku's buildpacks do beyond what pypaas builds by itself.
//!
//! The Python buildpack runs `collectstatic` of Django; that of Node runs scripts whose names begin with `heroku-`.

use crate::app::App;
use crate::document::Entry;
use crate::{ImportError, Input, Source, json};

/// The variable with which people turn `collectstatic` off.
pub(crate) const WITHOUT_COLLECTSTATIC: &str = "DISABLE_COLLECTSTATIC";

pub(crate) const MANAGE: &str = "manage.py";
pub(crate) const PACKAGE: &str = "package.json";

/// Files that are listed as a whole.
const LISTED: [(&str, &str); 4] = [
    (".buildpacks", "the build is chosen by the files in the commit (docs/languages.md)"),
    ("Aptfile", "install these packages with apt-get on the host"),
    ("heroku.yml", "apps run without containers; write its `run` and `release` as lines of the Procfile"),
    ("nginx.conf.sigil", "write its directives into `nginx_https_extra_config` of the domain"),
];

/// Adds hooks that do the same.
pub(crate) fn read(app: &mut App, input: &Input, collects: bool) -> Result<(), ImportError> {
    if collects && input.file(MANAGE).is_some_and(|it| it.text.contains("django")) {
        add(&mut app.branch.hooks.after_build, "python manage.py collectstatic --noinput");
    }
    for (file, instead) in LISTED {
        if input.file(file).is_some() {
            app.note(file, None, file, instead);
        }
    }
    match input.file(PACKAGE) {
        Some(source) => read_scripts(app, source),
        None => Ok(()),
    }
}

fn read_scripts(app: &mut App, source: &Source) -> Result<(), ImportError> {
    let mut package = Entry::document(&source.name, json::read(source)?).map()?;
    let mut scripts = package.take_map("scripts")?;
    let builds = scripts.take("build").is_some();
    if scripts.take("heroku-prebuild").is_some() {
        add(&mut app.branch.hooks.before_build, "npm run heroku-prebuild");
    }
    if let Some(script) = scripts.take("heroku-postbuild") {
        add(&mut app.branch.hooks.after_build, "npm run heroku-postbuild");
        if builds {
            app.note_entry(&script, "runs after `build`; on Heroku it runs in place of that");
        }
    }
    if let Some(script) = scripts.take("heroku-cleanup") {
        app.note_entry(&script, "has no counterpart; add it to `hooks: {after_build: …}`");
    }
    Ok(())
}

/// Adds a command behind those that are there.
pub(crate) fn add(hook: &mut Option<String>, command: &str) {
    *hook = Some(match hook.take() {
        Some(before) => format!("{before} && {command}"),
        None => command.to_owned(),
    });
}
