//! The `pypaas` program: the command line, the SSH entry, and what is said to people.
//!
//! A library only so that `fuzz/` reaches what reads the bytes of others; the program is [`main`].

mod access;
mod address;
mod alerts;
mod arguments;
mod audit;
mod branch_checks;
mod command;
mod command_line;
mod commands;
mod configuration_change;
mod configuration_directory;
mod configurations;
mod confine;
mod console_reporter;
mod deploy_log;
mod deploy_logger;
mod diagnosis;
mod domain_file;
mod failure;
mod foreground;
mod format;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod installation;
mod invocation;
mod issuing;
mod jobs;
mod keeper;
mod key_files;
mod keys;
mod left_out_branch;
mod private;
mod pusher;
#[cfg(test)]
mod reference;
mod regular_file;
mod remembered_limits;
mod repo_databases;
mod secret_input;
mod secrets;
mod since;
mod table;
mod terminal;
mod violations;

use std::process::ExitCode;

use crate::invocation::Invocation;

/// Runs what the command line says.
pub fn main() -> ExitCode {
    private::begin();
    let mut invocation = Invocation::local(commands::ALL);
    if invocation.words.first().is_some_and(|word| word == confine::NAME) {
        return confine::run(&invocation.words);
    }
    match left_out_branch::put_in(commands::ALL, &invocation.words, &invocation) {
        Ok(words) => invocation.words = words,
        Err(failure) => return failure.report(),
    }
    match command_line::read(commands::ALL, &invocation.words) {
        Err(error) => terminal::usage(&error),
        Ok(command) => command_line::run(command, &invocation).unwrap_or_else(|failure| failure.report()),
    }
}
