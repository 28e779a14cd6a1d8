//! `completions`: so that a shell knows the commands and options.

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use clap_complete::{Shell, generate};

use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::{command_line, terminal};
use pypaas_config::Permission;

/// Print a script that makes a shell complete commands and options
#[derive(Debug, Parser)]
#[command(name = "completions")]
#[command(after_help = "Examples:\n  pypaas completions bash >/etc/bash_completion.d/pypaas\n  \
    pypaas completions zsh >/usr/share/zsh/vendor-completions/_pypaas\n  \
    pypaas completions fish >~/.config/fish/completions/pypaas.fish")]
pub(crate) struct Arguments {
    /// The shell
    shell: Known,
}

/// The shells it is printed for.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Known {
    Bash,
    Zsh,
    Fish,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = None;

    fn requirement(&self) -> Requirement {
        Requirement::Nothing
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    /// Prints it.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let shell = match self.shell {
            Known::Bash => Shell::Bash,
            Known::Zsh => Shell::Zsh,
            Known::Fish => Shell::Fish,
        };
        let mut text = Vec::new();
        generate(shell, &mut command_line::grammar(invocation.commands), "pypaas", &mut text);
        terminal::out(&String::from_utf8_lossy(&text));
        Ok(ExitCode::SUCCESS)
    }
}
