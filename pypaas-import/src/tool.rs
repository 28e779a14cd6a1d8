//! The tools that an app can come from.

use std::fmt;

use pypaas_config::{BranchName, RepoName};

use crate::app::App;
use crate::written::{Imported, write};
use crate::{ImportError, Input, dokku, heroku, kamal, piku};

/// A tool that an app can come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Heroku.
    Heroku,
    /// dokku.
    Dokku,
    /// piku.
    Piku,
    /// Kamal.
    Kamal,
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Heroku, Self::Dokku, Self::Piku, Self::Kamal];

    /// Returns its name, as it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Heroku => "heroku",
            Self::Dokku => "dokku",
            Self::Piku => "piku",
            Self::Kamal => "kamal",
        }
    }

    /// Lists what the tool can be asked for: the option that takes it, and the command that prints it.
    pub fn exports(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Heroku => &[
                ("config", "heroku config --json"),
                ("domains", "heroku domains --json"),
                ("scale", "heroku ps:scale"),
            ],
            Self::Dokku => &[
                ("config", "dokku config:export --format json APP"),
                ("domains", "dokku domains:report APP"),
                ("scale", "dokku ps:scale APP"),
            ],
            Self::Piku => &[("config", "piku config APP"), ("scale", "piku ps APP")],
            Self::Kamal => &[("config", "kamal secrets print")],
        }
    }

    /// Lists the files in the app's directory that are read, if they are there.
    pub fn files(self) -> &'static [&'static str] {
        match self {
            Self::Heroku => heroku::FILES,
            Self::Dokku => dokku::FILES,
            Self::Piku => piku::FILES,
            Self::Kamal => kamal::FILES,
        }
    }

    /// Reads an app, as the branch `branch` of `repo`.
    pub fn import(self, repo: RepoName, branch: BranchName, input: &Input) -> Result<Imported, ImportError> {
        let mut app = App::new(repo, branch);
        match self {
            Self::Heroku => heroku::read(&mut app, input)?,
            Self::Dokku => dokku::read(&mut app, input)?,
            Self::Piku => piku::read(&mut app, input)?,
            Self::Kamal => kamal::read(&mut app, input)?,
        }
        Ok(write(app, self))
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Heroku => "Heroku",
            Self::Dokku => "dokku",
            Self::Piku => "piku",
            Self::Kamal => "Kamal",
        })
    }
}
