//! `completions`: so that a shell knows the commands and options.

use std::process::ExitCode;

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::{Shell, generate};

use crate::arguments::CommandLine;
use crate::failure::Failure;
use crate::terminal;

/// Print what makes a shell complete commands and options
#[derive(Debug, Args)]
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

/// Prints it.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let shell = match arguments.shell {
        Known::Bash => Shell::Bash,
        Known::Zsh => Shell::Zsh,
        Known::Fish => Shell::Fish,
    };
    let mut text = Vec::new();
    generate(shell, &mut CommandLine::command(), "pypaas", &mut text);
    terminal::out(&String::from_utf8_lossy(&text));
    Ok(ExitCode::SUCCESS)
}
