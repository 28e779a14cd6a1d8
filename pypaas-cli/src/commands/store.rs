//! `store`: the databases of branches.

use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus, Stdio};

use clap::{Args, Parser, Subcommand};
use pypaas_config::{Permission, StoreKind, StoreName, StoreRef, main_store};
use pypaas_core::database;
use pypaas_linux::stores::postgres::{Postgres, Usage};
use pypaas_linux::{confine, durable};
use serde::Serialize;

use crate::access::may_read;
use crate::arguments::BranchArguments;
use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::format::bytes;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::table::{Cell, Table, terminal_width};
use crate::terminal;

/// Use the databases of branches, which `stores` in the configuration makes
#[derive(Debug, Parser)]
#[command(name = "store")]
#[command(after_help = "Examples:\n  pypaas store list\n  pypaas store psql shop -- -c 'SELECT 1'\n  \
    ssh -t deploy@host store psql shop\n  pypaas store dump shop >shop.dump\n  \
    pypaas store load shop <shop.dump       a dump of pg_dump: custom or SQL\n  \
    pypaas store drop shop db\n\n\
    The programs run within the bounds of the branch, and as the role that owns its database.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the databases, their sizes and how many connections are open
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Run psql on a database
    Psql {
        #[command(flatten)]
        store: StoreArguments,
        /// Arguments of psql
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Write a dump of a database to standard output, in the custom format of pg_dump
    Dump(StoreArguments),
    /// Read a dump from standard input, in one transaction: what the dump has replaces what is there
    Load(StoreArguments),
    /// Remove a database with everything in it, once it is out of the configuration
    Drop {
        #[command(flatten)]
        branch: BranchArguments,
        /// The store's name
        store: String,
        /// Print what would be removed, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

/// One store that is configured.
#[derive(Debug, Args)]
struct StoreArguments {
    #[command(flatten)]
    branch: BranchArguments,
    /// The store's name [default: the one whose address is in DATABASE_URL]
    #[arg(long, value_name = "NAME")]
    store: Option<String>,
}

/// One database, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Row {
    repo: String,
    branch: String,
    store: String,
    r#type: &'static str,
    database: String,
    /// Absent: the database is not there yet.
    bytes: Option<u64>,
    connections: Option<u32>,
    configured: bool,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Read);

    fn requirement(&self) -> Requirement {
        match &self.action {
            Action::List { .. } => Requirement::Nothing,
            Action::Psql { store, .. } | Action::Dump(store) | Action::Load(store) => {
                Requirement::Repo(Permission::Run, store.branch.repo.clone())
            }
            Action::Drop { .. } => Requirement::Admin,
        }
    }

    fn effect(&self) -> Effect {
        match self.action {
            Action::List { .. } | Action::Dump(_) => Effect::None,
            _ => Effect::Change,
        }
    }

    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?;
        match self.action {
            Action::List { json } => list(&installation, json),
            Action::Psql { store, arguments } => {
                let used = Used::of(&installation, &store)?;
                used.run("psql", &arguments, Stdio::inherit())
            }
            Action::Dump(store) => Used::of(&installation, &store)?.run(
                "pg_dump",
                &["--format=custom", "--no-owner", "--no-privileges"],
                Stdio::null(),
            ),
            Action::Load(store) => load(&Used::of(&installation, &store)?),
            Action::Drop { branch, store, dry_run } => drop_store(&installation, &branch, &store, dry_run),
        }
    }
}

/// A store that a program is to be run on.
struct Used<'a> {
    installation: &'a Installation,
    postgres: Postgres,
    store: StoreRef,
}

impl<'a> Used<'a> {
    fn of(installation: &'a Installation, arguments: &StoreArguments) -> Result<Self, Failure> {
        let branch = installation.branch(&arguments.branch.repo, &arguments.branch.branch)?;
        let stores = installation.platform.branch(&branch).map(|config| config.stores.clone());
        let stores = stores.unwrap_or_default();
        let name = match &arguments.store {
            Some(name) => stores.keys().find(|it| it.as_str() == name),
            None => main_store(&stores),
        };
        let Some(name) = name else {
            let names: Vec<&str> = stores.keys().map(StoreName::as_str).collect();
            let (message, fix) = match (names.as_slice(), &arguments.store) {
                ([], _) => (
                    format!("{branch} has no store"),
                    "write `stores: {db: Postgres}` into its branch".to_owned(),
                ),
                (_, Some(name)) => {
                    (format!("{branch} has no store `{name}`"), format!("it has {}", names.join(", ")))
                }
                (_, None) => {
                    ("which store?".to_owned(), format!("add `--store {}`", names.join("` or `--store ")))
                }
            };
            return Err(Failure::new(message, fix));
        };
        let postgres = Postgres::of(&installation.platform.layout);
        Ok(Self { installation, postgres, store: StoreRef { name: name.clone(), branch } })
    }

    /// Makes the command of a program of Postgres. It is confined: psql starts other programs when it is asked to.
    fn command(
        &self,
        program: &str,
        arguments: &[impl AsRef<str>],
    ) -> Result<std::process::Command, Failure> {
        let platform = &self.installation.platform;
        let confinement = platform.confinement_without_code(&self.store.branch);
        let programs = self.postgres.programs().map_err(Failure::from_cause)?;
        let mut words = vec![programs.join(program).to_string()];
        words.extend(arguments.iter().map(|it| it.as_ref().to_owned()));
        let mut command = confine::command(confinement.as_ref(), &words);
        let directory = platform.layout.data(&self.store.branch);
        durable::create_directory(&directory)?;
        command.current_dir(directory).env_clear().envs(platform.store_environment(&self.store).iter());
        command.envs(std::env::var_os("TERM").map(|term| ("TERM", term)));
        Ok(command)
    }

    fn run(&self, program: &str, arguments: &[impl AsRef<str>], input: Stdio) -> Result<ExitCode, Failure> {
        let status = self.command(program, arguments)?.stdin(input).status();
        Ok(exit_code(status.map_err(cannot_run(program))?))
    }
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(2))
}

fn cannot_run(program: &str) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::new(format!("cannot run {program}: {error}"), "is Postgres installed?")
}

/// The first bytes of a dump in the custom format; others are SQL.
const CUSTOM: &[u8] = b"PGDMP";

fn load(used: &Used<'_>) -> Result<ExitCode, Failure> {
    let mut begin = Vec::new();
    io::stdin().lock().take(CUSTOM.len() as u64).read_to_end(&mut begin)?;
    if begin.is_empty() {
        return Err(Failure::new("standard input is empty", "pass the dump: `pypaas store load … <dump`"));
    }
    let (program, arguments): (_, &[&str]) = match begin == CUSTOM {
        true => {
            let one = ["--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction"];
            ("pg_restore", &[one.as_slice(), &["-d", ""]].concat())
        }
        false => ("psql", &["-Xq", "-v", "ON_ERROR_STOP=1", "--single-transaction", "-f", "-"]),
    };
    let database = database(&used.store);
    let arguments: Vec<&str> =
        arguments.iter().map(|it| if it.is_empty() { database.as_str() } else { it }).collect();
    let mut child = used
        .command(program, &arguments)?
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(cannot_run(program))?;
    if let Some(mut input) = child.stdin.take() {
        // A program that fails stops reading, and says why.
        let _ = input.write_all(&begin).and_then(|()| io::copy(&mut io::stdin().lock(), &mut input));
    }
    let status = child.wait()?;
    if !status.success() {
        return Err(Failure::new(
            format!("the dump was not loaded into {}", used.store),
            "everything is as it was before",
        ));
    }
    terminal::err(&format!("loaded into {}\n", used.store));
    Ok(ExitCode::SUCCESS)
}

fn drop_store(
    installation: &Installation,
    branch: &BranchArguments,
    name: &str,
    dry_run: bool,
) -> Result<ExitCode, Failure> {
    let postgres = Postgres::of(&installation.platform.layout);
    let rows = rows(installation, &usage(&postgres)?);
    let is_it = |row: &&Row| row.repo == branch.repo && row.branch == branch.branch && row.store == name;
    let Some(row) = rows.iter().find(is_it) else {
        let message = format!("{} {} has no store `{name}`", branch.repo, branch.branch);
        return Err(Failure::new(message, "`pypaas store list` lists them"));
    };
    if row.configured {
        return Err(Failure::new(
            format!("`{name}` is still among the `stores` of {} {}", row.repo, row.branch),
            "take it out first: the next deploy would make it again",
        ));
    }
    let size = row.bytes.map(|size| format!(", {}", bytes(size))).unwrap_or_default();
    if dry_run {
        terminal::out(&format!("would remove the database {}{size}\n", row.database));
        return Ok(ExitCode::SUCCESS);
    }
    postgres.drop(&row.database).map_err(Failure::from_cause)?;
    terminal::err(&format!("removed the database {}{size}\n", row.database));
    Ok(ExitCode::SUCCESS)
}

fn list(installation: &Installation, json: bool) -> Result<ExitCode, Failure> {
    let postgres = Postgres::of(&installation.platform.layout);
    let mut rows = rows(installation, &usage(&postgres)?);
    rows.retain(|row| {
        row.repo.clone().try_into().is_ok_and(|repo: pypaas_config::RepoName| may_read(installation, &repo))
    });
    if json {
        terminal::json(&rows)?;
    } else if rows.is_empty() {
        terminal::out("no branch has a store: write `stores: {db: Postgres}` into one\n");
    } else {
        let mut table = Table::new(["REPO", "BRANCH", "STORE", "TYPE", "SIZE", "CONNECTIONS", "STATE"]);
        for row in &rows {
            table.row([
                Cell::name(&row.repo),
                Cell::name(&row.branch),
                Cell::name(&row.store),
                row.r#type.into(),
                row.bytes.map(bytes).unwrap_or_default().into(),
                row.connections.map(|it| it.to_string()).unwrap_or_default().into(),
                row.state().into(),
            ]);
        }
        terminal::out(&table.text(terminal_width(), |_| String::new()));
    }
    Ok(ExitCode::SUCCESS)
}

impl Row {
    fn state(&self) -> &'static str {
        match (self.bytes.is_some(), self.configured) {
            (true, true) => "ready",
            (false, _) => "made by the next push",
            (true, false) => "not configured any more",
        }
    }
}

/// Asks the server; nothing where there is none yet.
fn usage(postgres: &Postgres) -> Result<Vec<Usage>, Failure> {
    if postgres.is_there() { postgres.usage().map_err(Failure::from_cause) } else { Ok(Vec::new()) }
}

/// Lists the stores that are configured, and those that once were.
fn rows(installation: &Installation, usage: &[Usage]) -> Vec<Row> {
    let platform = &installation.platform;
    let mut rows = Vec::new();
    for (branch, _) in platform.configuration.branches() {
        for store in platform.stores(&branch) {
            let database = database(&store.reference);
            let used = usage.iter().find(|it| it.database == database);
            rows.push(Row {
                repo: branch.repo.to_string(),
                branch: branch.branch.to_string(),
                store: store.reference.name.to_string(),
                r#type: store.kind.name(),
                bytes: used.map(|it| it.bytes),
                connections: used.map(|it| it.connections),
                configured: true,
                database,
            });
        }
    }
    for used in
        usage.iter().filter(|used| rows.iter().all(|row| row.database != used.database)).collect::<Vec<_>>()
    {
        let [repo, branch, store] = used.owner.clone();
        rows.push(Row {
            repo,
            branch,
            store,
            r#type: StoreKind::Postgres.name(),
            database: used.database.clone(),
            bytes: Some(used.bytes),
            connections: Some(used.connections),
            configured: false,
        });
    }
    rows
}
