//! Dumps of databases: making, loading and trying them.

use std::fs::{self, File};
use std::process::Stdio;
use std::time::Duration;

use camino::Utf8Path;
use pypaas_config::{BranchRef, StoreRef};
use pypaas_core::{Environment, Platform, database};

use super::super::{password, trial_password};
use super::{Failure, LONGEST, Postgres};
use crate::program::Answer;
use crate::{confine, durable, program};

/// The role and the database of a trial. No store can have this name.
const TRIAL: &str = "+trial";

/// How long a dump may take.
const DUMPED: Duration = Duration::from_secs(24 * 60 * 60);

impl Postgres {
    /// Writes a dump of the database of `store`, in the custom format of pg_dump. Returns how many tables have their rows in it. It is
    /// made by the role that owns everything in there: functions of the app's may run meanwhile.
    pub(crate) fn dump(&self, store: &StoreRef, to: &Utf8Path) -> Result<usize, Failure> {
        let programs = self.programs()?;
        let name = database(store);
        let mut command = self.program(&programs, "pg_dump")?;
        command.env("PGUSER", &name).env("PGDATABASE", &name);
        command.env("PGPASSWORD", password(&self.layout, store)?);
        command.args(["--format=custom", "--no-owner", "--no-privileges", "--file", to.as_str()]);
        succeed(program::ask(command, DUMPED)?)?;
        let mut command = self.program(&programs, "pg_restore")?;
        command.args(["--list", to.as_str()]);
        let list = succeed(program::ask(command, LONGEST)?)?;
        Ok(list.lines().filter(|line| !line.starts_with(';') && line.contains(" TABLE DATA ")).count())
    }

    /// Replaces everything in the database of `store` by `dump`, in one transaction. The programs are confined as the branch is, and
    /// work as the role that owns the database: what is in a dump was made by the app.
    pub(crate) fn load(&self, platform: &Platform, store: &StoreRef, dump: &Utf8Path) -> Result<(), Failure> {
        self.load_as(platform, &store.branch, &platform.store_environment(store), dump)
    }

    /// Loads the dump of a database of `branch` into a new one, for a trial. Returns how many tables there were then.
    pub(crate) fn try_dump(
        &self,
        platform: &Platform,
        branch: &BranchRef,
        dump: &Utf8Path,
    ) -> Result<usize, Failure> {
        let password = trial_password(&self.layout)?;
        self.drop(TRIAL)?;
        self.ask(&format!(
            "CREATE ROLE \"{TRIAL}\" LOGIN PASSWORD '{password}';\nCREATE DATABASE \"{TRIAL}\" OWNER \"{TRIAL}\";\n\
             REVOKE ALL ON DATABASE \"{TRIAL}\" FROM PUBLIC;\n"
        ))?;
        let mut environment = platform.base_environment.clone();
        environment.set("PGHOST", self.sockets.as_str());
        environment.set("PGUSER", TRIAL);
        environment.set("PGDATABASE", TRIAL);
        environment.set("PGPASSWORD", password);
        let loaded = self.load_as(platform, branch, &environment, dump);
        let tables = loaded.and_then(|()| self.tables(TRIAL));
        self.drop(TRIAL)?;
        tables
    }

    fn load_as(
        &self,
        platform: &Platform,
        branch: &BranchRef,
        environment: &Environment,
        dump: &Utf8Path,
    ) -> Result<(), Failure> {
        let programs = self.programs()?;
        // First as a whole: psql would take the end of half a script for its end.
        let script = dump.with_extension("sql");
        let mut print = self.program(&programs, "pg_restore")?;
        print.args(["--no-owner", "--no-privileges", "--file", script.as_str(), dump.as_str()]);
        succeed(program::ask(print, DUMPED)?)?;
        let psql = programs.join("psql");
        let words = [psql.as_str(), "-Xq", "-v", "ON_ERROR_STOP=1", "--single-transaction"];
        let words = [&words[..], &["-c", "DROP OWNED BY CURRENT_USER", "-f", "-"]].concat();
        let directory = platform.layout.data(branch);
        durable::create_directory(&directory)?;
        let mut command = confine::command(platform.confinement_without_code(branch).as_ref(), &words);
        command.current_dir(directory).env_clear().envs(environment.iter());
        let loaded =
            command.stdin(File::open(&script)?).stdout(Stdio::null()).stderr(Stdio::piped()).output()?;
        fs::remove_file(&script)?;
        match loaded.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&loaded.stderr).trim().to_owned().into()),
        }
    }

    /// Counts the tables of a database that can have rows of their own.
    fn tables(&self, name: &str) -> Result<usize, Failure> {
        let count = self.ask_in(
            name,
            "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%';\n",
        )?;
        Ok(count.trim().parse()?)
    }
}

fn succeed(answer: Answer) -> Result<String, Failure> {
    if answer.status.success() { Ok(answer.text) } else { Err(answer.text.trim().to_owned().into()) }
}
