//! The databases of one repo, whether they are configured or not.

use pypaas_config::RepoName;
use pypaas_linux::stores::postgres::Postgres;

use crate::failure::Failure;
use crate::installation::Installation;
use crate::terminal;

/// The databases of one repo.
#[derive(Default)]
pub(crate) struct RepoDatabases {
    postgres: Option<Postgres>,
    names: Vec<String>,
}

impl RepoDatabases {
    /// Asks the server for them; none where there is no server.
    pub(crate) fn find(installation: &Installation, repo: &RepoName) -> Result<Self, Failure> {
        let postgres = Postgres::of(&installation.platform.layout);
        if !postgres.is_there() {
            return Ok(Self::default());
        }
        let found = postgres.usage().map_err(Failure::from_cause)?.into_iter();
        let names = found.filter(|it| it.owner[0] == repo.as_str()).map(|it| it.database).collect();
        Ok(Self { postgres: Some(postgres), names })
    }

    /// Their names.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Removes them with everything in them.
    pub(crate) fn remove(&self) -> Result<(), Failure> {
        let Some(postgres) = &self.postgres else { return Ok(()) };
        for name in &self.names {
            postgres.drop(name).map_err(Failure::from_cause)?;
            terminal::out(&format!("removed the database {name}\n"));
        }
        Ok(())
    }
}
