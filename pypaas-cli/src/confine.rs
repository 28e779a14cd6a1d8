//! `confine`: keeps a command within its bounds, and becomes it.
//!
//! Run scripts call it at every start of a process, so it is read apart from the command line of people: nothing else is
//! loaded, and over SSH it does not exist.

use std::process::{Command, ExitCode};

use camino::Utf8PathBuf;
use clap::Parser;
use pypaas_core::Confinement;

use crate::failure::Failure;
use crate::installation::program;
use crate::terminal;
use pypaas_linux::confine;

/// What the program is called with as its first argument.
pub(crate) const NAME: &str = "confine";

/// Run a command that sees only the system and what is named here
///
/// Its words are those of [`Confinement::words`].
#[derive(Debug, Parser)]
#[command(name = "pypaas confine")]
pub(crate) struct Arguments {
    /// The command's home directory
    #[arg(long)]
    home: Utf8PathBuf,
    /// What it finds as /tmp
    #[arg(long)]
    tmp: Utf8PathBuf,
    /// What it may change
    #[arg(long)]
    write: Vec<Utf8PathBuf>,
    /// What it may read besides the system
    #[arg(long)]
    read: Vec<Utf8PathBuf>,
    /// Directories of the system that it must not see
    #[arg(long)]
    hide: Vec<Utf8PathBuf>,
    /// TCP ports it may listen on
    #[arg(long)]
    port: Vec<u16>,
    /// The command and its arguments
    #[arg(required = true, last = true)]
    command: Vec<String>,
}

/// Confines this process and becomes the command. Returns only if that fails.
pub(crate) fn run(words: &[String]) -> ExitCode {
    match Arguments::try_parse_from(words) {
        Ok(arguments) => become_command(&arguments).unwrap_or_else(|failure| failure.report()),
        Err(error) => terminal::usage(&error),
    }
}

fn become_command(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let Some((name, words)) = arguments.command.split_first() else { return Ok(ExitCode::SUCCESS) };
    let Err(error) = confine::exec(&arguments.confinement(program()?), Command::new(name).args(words));
    if error.is_missing_program() {
        return Err(Failure::new(
            format!("there is no program `{name}` in the PATH"),
            "for shell commands, run `sh -c '…'`",
        ));
    }
    Err(Failure::from_cause(error.into()))
}

impl Arguments {
    fn confinement(&self, program: Utf8PathBuf) -> Confinement {
        Confinement {
            program,
            home: self.home.clone(),
            temporary: self.tmp.clone(),
            writable: self.write.clone(),
            readable: self.read.clone(),
            hidden: self.hide.clone(),
            ports: self.port.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_understands_what_a_confinement_is_written_as() {
        let paths = |names: &[&str]| names.iter().map(Utf8PathBuf::from).collect::<Vec<_>>();
        let confinement = Confinement {
            program: "/usr/local/bin/pypaas".into(),
            home: "/home/deploy/cache/shop/main/home".into(),
            temporary: "/home/deploy/cache/shop/main/tmp".into(),
            writable: paths(&["/home/deploy/checkouts/it's here", "--home"]),
            readable: paths(&["/srv/music"]),
            hidden: paths(&["/home/deploy", "/etc/pypaas"]),
            ports: vec![61_500, 61_501],
        };

        let words = confinement.words().into_iter().chain(["node".to_owned(), "--port".to_owned()]);
        let words: Vec<String> = words.collect();
        assert_eq!(words[1], NAME);
        let read = Arguments::try_parse_from(&words[1..]).unwrap();

        assert_eq!(read.confinement(confinement.program.clone()), confinement);
        assert_eq!(read.command, ["node", "--port"]);
    }
}
