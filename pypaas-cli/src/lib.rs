//! The `pypaas` program: the command line, the SSH entry, and what is said to people.
//!
//! A library only so that `fuzz/` reaches what reads the bytes of others; the program is [`main`].

mod access;
mod arguments;
mod audit;
mod commands;
mod deploy_log;
mod deploy_logger;
mod diagnosis;
mod failure;
mod foreground;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod history;
mod installation;
mod keys;
mod moment;
mod narrator;
#[cfg(test)]
mod reference;
mod secrets;
mod table;
mod terminal;
mod wording;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::CommandLine;
use crate::commands::Context;

/// Runs what the command line says.
pub fn main() -> ExitCode {
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) => return terminal::usage(&error),
    };
    match commands::run(line.command, &Context::from_environment()) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
