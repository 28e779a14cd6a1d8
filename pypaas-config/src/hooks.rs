//! `hooks` of a branch.

use crate::argument_size::check_commands;
use crate::fields::Field;
use crate::finding::Findings;
use crate::schema::Schema;

/// `hooks`.
pub(crate) const HOOKS: Schema = Schema {
    name: "hooks",
    keys: &[
        "before_build",
        "build",
        "after_build",
        "release",
        "maintenance",
        "after_deploy",
        "deploy_failed",
    ],
};

/// Shell commands that run during a deploy, each list in order. If a command fails, the deploy is refused; except for
/// commands of the last two lists, which only send notifications.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hooks {
    /// `before_build`: in the fresh checkout, before anything is built.
    pub before_build: Vec<String>,
    /// `build`: replaces `.build.sh` and the automatic builders. `None` if the key is absent.
    pub build: Option<Vec<String>>,
    /// `after_build`: after the build, while the old version still serves.
    pub after_build: Vec<String>,
    /// `release`: after all of these, such as a migration of the database. A `release` of the app's `Procfile` is this
    /// hook; the server's takes its place. `None` if the key is absent.
    pub release: Option<Vec<String>>,
    /// `maintenance`: while no process of the branch runs. If the list is not empty, every deploy has a maintenance break.
    pub maintenance: Vec<String>,
    /// `after_deploy`: when the new version is live; gets a JSON object on standard input.
    pub after_deploy: Vec<String>,
    /// `deploy_failed`: when a deploy was refused or abandoned; gets a JSON object on standard input.
    pub deploy_failed: Vec<String>,
}

impl Hooks {
    pub(crate) fn decode(field: Field<'_>, findings: &mut Findings) -> Self {
        let Some(fields) = field.fields(&HOOKS, findings) else { return Self::default() };
        HOOKS.keys.iter().filter_map(|key| fields.get(key)).for_each(|it| check_commands(it, findings));
        Self {
            before_build: fields.optional("before_build", findings, Field::texts).unwrap_or_default(),
            build: fields.optional("build", findings, Field::texts),
            after_build: fields.optional("after_build", findings, Field::texts).unwrap_or_default(),
            release: fields.optional("release", findings, Field::texts),
            maintenance: fields.optional("maintenance", findings, Field::texts).unwrap_or_default(),
            after_deploy: fields.optional("after_deploy", findings, Field::texts).unwrap_or_default(),
            deploy_failed: fields.optional("deploy_failed", findings, Field::texts).unwrap_or_default(),
        }
    }
}
