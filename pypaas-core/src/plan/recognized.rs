//! What a pusher is told of the files that decide how an app is built: nothing that is seen and not used goes unsaid.

use pypaas_config::{Branch, BuildChoice};

use super::build::builder;
use crate::Platform;
use crate::host::Commit;

/// Says what in the root of `commit` is not used, and what to write so that it is.
pub(super) fn notes(platform: &Platform, config: &Branch, commit: &Commit) -> Vec<String> {
    let mut notes = Vec::new();
    let is_automatic = config.build == BuildChoice::Auto && config.hooks.build.is_none();
    let chosen = builder(platform, config, commit).map(|(name, _)| name);
    if let Some(chosen) = chosen {
        for other in platform.builders.iter().filter(|other| other.name() != chosen) {
            let Some(recipe) = other.recipe(commit) else { continue };
            let (name, reason, commands) = (other.name(), recipe.reason, recipe.commands.join("` and `"));
            notes.push(format!(
                "also {reason}, but {chosen} builds it; what {name} would run, `{commands}`, can be a hook: `hooks: {{after_build: […]}}`"
            ));
        }
    } else if is_automatic && !commit.holds(super::build::BUILD_SCRIPT) {
        let names: Vec<&str> = platform.builders.iter().map(|builder| builder.name()).collect();
        notes.push(format!(
            "nothing is built: there is no file of {}, no `.build.sh` and no `build` hook",
            names.join(", ")
        ));
    }
    let formats = platform.manifest_formats.iter().filter(|it| it.has_no_other_use());
    for format in formats.filter(|it| !config.procfile && commit.holds(it.file())) {
        let file = format.file();
        notes.push(format!(
            "`{file}` is not used: `runners` are configured; `runners: procfile` would use it"
        ));
    }
    let unused = platform.unused_files.iter().filter(|(file, _)| commit.holds(file));
    notes.extend(unused.map(|(file, instead)| format!("`{file}` is not used: {instead}")));
    notes
}
