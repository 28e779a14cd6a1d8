//! `man`: the manual, as `man` reads it.

use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_mangen::Man;

use crate::arguments::CommandLine;
use crate::failure::Failure;
use crate::terminal;

/// Print a page of the manual, in the format of man pages
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  pypaas man | man -l -\n  \
    pypaas man status >/usr/local/share/man/man1/pypaas-status.1")]
pub(crate) struct Arguments {
    /// The command whose page it is; without it, the page of pypaas itself
    command: Option<String>,
}

/// Prints the page.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    // Built, a command knows its full name and all of its options.
    let mut line = CommandLine::command();
    line.build();
    let page = match &arguments.command {
        None => line,
        Some(name) => {
            let found = line.find_subcommand(name).filter(|it| !it.is_hide_set()).cloned();
            found.ok_or_else(|| {
                Failure::new(format!("there is no command `{name}`"), "`pypaas --help` lists the commands")
            })?
        }
    };
    let mut text = Vec::new();
    Man::new(page).render(&mut text)?;
    terminal::out(&String::from_utf8_lossy(&text));
    Ok(ExitCode::SUCCESS)
}
