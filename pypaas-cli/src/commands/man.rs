//! `man`: the manual, as `man` reads it.

use std::process::ExitCode;

use clap::Parser;
use clap_mangen::Man;

use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::{command_line, terminal};
use pypaas_config::Permission;

/// Print a page of the manual, in the format of man pages
#[derive(Debug, Parser)]
#[command(name = "man")]
#[command(after_help = "Examples:\n  pypaas man | man -l -\n  \
    pypaas man status >/usr/local/share/man/man1/pypaas-status.1")]
pub(crate) struct Arguments {
    /// The command whose page it is; without it, the page of pypaas itself
    command: Option<String>,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = None;

    fn requirement(&self) -> Requirement {
        Requirement::Nothing
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    /// Prints the page.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        // Built, a command knows its full name and all of its options.
        let mut line = command_line::grammar(invocation.commands);
        line.build();
        let page = match &self.command {
            None => line,
            Some(name) => {
                let found = line.find_subcommand(name).filter(|it| !it.is_hide_set()).cloned();
                found.ok_or_else(|| {
                    Failure::new(
                        format!("there is no command `{name}`"),
                        "`pypaas --help` lists the commands",
                    )
                })?
            }
        };
        let mut text = Vec::new();
        Man::new(page).render(&mut text)?;
        terminal::out(&String::from_utf8_lossy(&text));
        Ok(ExitCode::SUCCESS)
    }
}
