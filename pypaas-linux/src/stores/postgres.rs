//! Postgres: one cluster of the host, run by the supervisor as the deploy user, reached through a socket alone.
//!
//! Each store is a database with a role of its own, which may connect to no other one. Nobody is trusted without a password: the
//! code of all apps runs as the deploy user, so that `peer` would let every app be every role.

mod dumps;

use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::{BranchName, BranchRef, RepoName, StoreName, StoreRef};
use pypaas_core::{Layout, database};

use super::{admin_password, password};
use crate::shell_word::quote;
use crate::{LinuxHost, durable, program};

/// What went wrong.
type Failure = Box<dyn Error + Send + Sync>;

/// The name of its service.
const SERVICE: &str = "postgres";

/// The role that makes the others.
const ADMIN: &str = "pypaas";

/// Where Debian keeps the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// How long a server may take to start: after a crash it reads its journal first.
const STARTED: Duration = Duration::from_secs(120);

/// How long a server that starts is left alone between two questions.
const BETWEEN: Duration = Duration::from_millis(25);

/// How long making a cluster or a database may take.
const LONGEST: Duration = Duration::from_secs(300);

/// The `run` script. Words in capitals stand for values.
const RUN: &str = include_str!("postgres_run.sh");

/// Who may connect: the admin to all, everybody else to the database with their own name.
const ACCESS: &str =
    "# Written by pypaas.\nlocal all pypaas scram-sha-256\nlocal sameuser all scram-sha-256\n";

/// The host's cluster.
#[derive(Debug)]
pub struct Postgres {
    layout: Layout,
    data: Utf8PathBuf,
    sockets: Utf8PathBuf,
}

/// A store as the server sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The name of its database.
    pub database: String,
    /// The repo, the branch and the name of its store.
    pub owner: [String; 3],
    /// How many bytes it takes.
    pub bytes: u64,
    /// How many connections are open to it.
    pub connections: u32,
}

impl Postgres {
    /// Finds the cluster of the host; it may not be there yet.
    pub fn of(layout: &Layout) -> Self {
        let (data, sockets) = (layout.stores().join("postgres"), layout.store_sockets());
        Self { layout: layout.clone(), data, sockets }
    }

    /// Returns whether the cluster was made.
    pub fn is_there(&self) -> bool {
        self.data.join("PG_VERSION").exists()
    }

    /// Finds the directory of Postgres' programs: of the version that made the cluster, or the newest.
    pub fn programs(&self) -> Result<Utf8PathBuf, Failure> {
        let mut versions: Vec<(u32, Utf8PathBuf)> = Utf8Path::new(VERSIONS)
            .read_dir_utf8()
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                Some((entry.as_ref().ok()?.file_name().parse().ok()?, entry.ok()?.path().join("bin")))
            })
            .filter(|(_, programs)| programs.join("initdb").exists())
            .collect();
        versions.sort();
        let made_by = fs::read_to_string(self.data.join("PG_VERSION")).unwrap_or_default();
        let found = match made_by.trim() {
            "" => versions.pop(),
            version => versions.into_iter().find(|(number, _)| number.to_string() == version),
        };
        found.map(|(_, programs)| programs).ok_or_else(|| match made_by.trim() {
            "" => "Postgres is not installed: `apt install postgresql`".into(),
            version => format!("the data is of Postgres {version}, which is not installed: `apt install postgresql-{version}`").into(),
        })
    }

    /// Makes sure that the database of `store` can be used.
    pub(super) fn prepare(&self, host: &mut LinuxHost, store: &StoreRef) -> Result<(), Failure> {
        durable::create_directory(&self.layout.stores())?;
        durable::create_directory(&self.sockets)?;
        // Two first pushes would make two clusters.
        let lock = File::create(self.layout.stores().join("lock"))?;
        lock.lock()?;
        let programs = self.programs()?;
        if !self.is_there() {
            self.make_cluster(&programs)?;
        }
        host.supervisor.start_own_service(SERVICE, &self.script(&programs))?;
        self.await_start(&programs)?;
        let (name, password) = (database(store), password(&self.layout, store)?);
        let StoreRef { branch, name: own } = store;
        let owner = format!("{branch} {own}").replace('\'', "''");
        // What else stands between quotes has lower-case letters, digits and `_` only.
        self.ask(&format!(
            "SELECT 'CREATE ROLE \"{name}\" LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') \\gexec\n\
             ALTER ROLE \"{name}\" LOGIN PASSWORD '{password}';\n\
             SELECT 'CREATE DATABASE \"{name}\" OWNER \"{name}\"' \
             WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{name}') \\gexec\n\
             REVOKE ALL ON DATABASE \"{name}\" FROM PUBLIC;\n\
             COMMENT ON DATABASE \"{name}\" IS '{owner}';\n"
        ))?;
        Ok(())
    }

    /// Lists all databases of stores.
    pub fn usage(&self) -> Result<Vec<Usage>, Failure> {
        let rows = self.ask(
            "SELECT d.datname, shobj_description(d.oid, 'pg_database'), pg_database_size(d.oid), count(a.pid) FROM pg_database d \
             LEFT JOIN pg_stat_activity a ON a.datid = d.oid AND a.usename <> 'pypaas' \
             WHERE NOT d.datistemplate AND d.datname <> 'postgres' GROUP BY d.datname, d.oid ORDER BY 1;\n",
        )?;
        let row = |line: &str| {
            let mut fields = line.split('|');
            let database = fields.next()?.to_owned();
            let mut words = fields.next()?.split(' ').map(str::to_owned);
            let owner = [words.next()?, words.next()?, words.next()?];
            // An app owns its database, and can write any comment on it.
            is_of(&owner, &database).then_some(())?;
            Some(Usage {
                owner,
                database,
                bytes: fields.next()?.parse().ok()?,
                connections: fields.next()?.parse().ok()?,
            })
        };
        Ok(rows.lines().filter_map(row).collect())
    }

    /// Returns whether there is a database of this name.
    pub(crate) fn has(&self, name: &str) -> Result<bool, Failure> {
        Ok(!self.ask(&format!("SELECT 1 FROM pg_database WHERE datname = '{name}';\n"))?.trim().is_empty())
    }

    /// Removes a database with everything in it, and its role. What is not there is already removed.
    pub fn drop(&self, name: &str) -> Result<(), Failure> {
        self.ask(&format!(
            "DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE);\nDROP ROLE IF EXISTS \"{name}\";\n"
        ))?;
        Ok(())
    }

    /// Runs statements as the admin; returns what they answer, fields separated by `|`.
    fn ask(&self, statements: &str) -> Result<String, Failure> {
        self.ask_in("postgres", statements)
    }

    fn ask_in(&self, database: &str, statements: &str) -> Result<String, Failure> {
        let mut command = self.program(&self.programs()?, "psql")?;
        command.args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-f", "-"]);
        command.env("PGUSER", ADMIN).env("PGDATABASE", database);
        command.env("PGPASSWORD", admin_password(&self.layout)?);
        // The owner of a database may have set another path, in which a function of its own has the name of one of Postgres's.
        command.env("PGOPTIONS", "-c search_path=pg_catalog");
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(statements.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned().into()),
        }
    }

    fn program(&self, programs: &Utf8Path, name: &str) -> Result<Command, Failure> {
        let mut command = program::command(&[programs.join(name)])?;
        command.env("PGHOST", &self.sockets);
        Ok(command)
    }

    /// Makes the cluster beside its place, and moves it there when it is complete.
    fn make_cluster(&self, programs: &Utf8Path) -> Result<(), Failure> {
        let new = self.layout.stores().join("postgres.new");
        if new.exists() {
            fs::remove_dir_all(&new)?;
        }
        let secret = self.layout.stores().join("password");
        durable::replace(&secret, admin_password(&self.layout)?.as_bytes(), 0o600)?;
        let mut words: Vec<String> = as_ordinary_user();
        words.push(programs.join("initdb").into());
        words.extend(["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"].map(str::to_owned));
        words.extend([
            format!("--username={ADMIN}"),
            format!("--pwfile={secret}"),
            format!("--pgdata={new}"),
        ]);
        let answer = program::ask(program::command(&words)?, LONGEST)?;
        durable::remove_file(&secret)?;
        if !answer.status.success() {
            return Err(answer.text.trim().to_owned().into());
        }
        fs::write(new.join("pg_hba.conf"), ACCESS)?;
        let mut settings = File::options().append(true).open(new.join("postgresql.conf"))?;
        write!(
            settings,
            "\n# Written by pypaas.\nlisten_addresses = ''\nunix_socket_directories = '{}'\nmax_connections = 200\n",
            self.sockets.as_str().replace('\'', "''")
        )?;
        settings.sync_all()?;
        fs::set_permissions(&new, fs::Permissions::from_mode(0o700))?;
        fs::rename(&new, &self.data)?;
        durable::sync_directory(&self.layout.stores())?;
        Ok(())
    }

    /// Prints its `run` script.
    fn script(&self, programs: &Utf8Path) -> String {
        let mut words = as_ordinary_user();
        words.push(programs.join("postgres").to_string());
        let words: Vec<String> = words.iter().map(quote).collect();
        RUN.replace("PROGRAM", &words.join(" "))
            .replace("DATA", &quote(&self.data))
            .replace("SOCKETS", &quote(&self.sockets))
    }

    /// Returns whether its server takes connections.
    pub fn runs(&self) -> Result<bool, Failure> {
        self.is_ready(&self.programs()?)
    }

    fn is_ready(&self, programs: &Utf8Path) -> Result<bool, Failure> {
        let mut command = self.program(programs, "pg_isready")?;
        command.args(["-q", "-U", ADMIN, "-d", "postgres"]);
        Ok(program::ask(command, STARTED)?.status.success())
    }

    fn await_start(&self, programs: &Utf8Path) -> Result<(), Failure> {
        let began = Instant::now();
        loop {
            if self.is_ready(programs)? {
                return Ok(());
            }
            if began.elapsed() > STARTED {
                let log = self.layout.own_service(SERVICE).join("log/main/current");
                return Err(format!("Postgres takes no connections: see {log}").into());
            }
            thread::sleep(BETWEEN);
        }
    }
}

/// Returns whether a database has the name that the store of this repo and branch has.
fn is_of([repo, branch, store]: &[String; 3], name: &str) -> bool {
    let reference = || {
        let branch = BranchRef {
            repo: RepoName::new(repo.as_str()).ok()?,
            branch: BranchName::new(branch.as_str()).ok()?,
        };
        Some(StoreRef { branch, name: StoreName::new(store.as_str()).ok()? })
    };
    reference().is_some_and(|reference| database(&reference) == name)
}

/// Returns the words in front of a server that refuses to run as root: it then runs under another number, which on the outside
/// is root still.
fn as_ordinary_user() -> Vec<String> {
    let words: &[&str] = match rustix::process::geteuid().is_root() {
        true => &["/usr/bin/unshare", "--user", "--map-user=1000", "--map-group=1000", "--"],
        false => &[],
    };
    words.iter().map(|&word| word.to_owned()).collect()
}
