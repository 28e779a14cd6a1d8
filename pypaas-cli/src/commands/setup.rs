//! `setup`: make a machine ready for pypaas.

use std::process::ExitCode;

use clap::Parser;
use pypaas_config::Permission;
use pypaas_linux::setup::{Machine, Setup};
use pypaas_linux::user_name;

use crate::address::Address;
use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::installation::program;
use crate::invocation::Invocation;
use crate::terminal;

/// Make this machine ready for pypaas: user, directories, systemd units, configuration; run it as root
///
/// It replaces no file that a person wrote. A second run changes nothing.
#[derive(Debug, Parser)]
#[command(name = "setup")]
#[command(
    after_help = "Examples:\n  pypaas setup --dry-run   what would be done\n  pypaas setup             do it"
)]
pub(crate) struct Arguments {
    /// The user that receives pushes and runs the apps
    #[arg(long, value_name = "NAME", default_value = "deploy", value_parser = user)]
    user: String,
    /// Print the plan and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// The names that useradd(8) recommends. systemd and sshd understand them as they are.
fn user(text: &str) -> Result<String, &'static str> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    let begins_well = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    if !begins_well || !text.chars().all(is_plain) || text.len() > 32 {
        return Err("expected lower-case letters, digits, `_` and `-`, and a letter first");
    }
    if text == "root" {
        return Err("apps do not run as root");
    }
    Ok(text.to_owned())
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Admin);

    fn requirement(&self) -> Requirement {
        Requirement::Host
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    /// Does what is missing, step by step; each is printed before it is done.
    fn run(self, _: &Invocation) -> Result<ExitCode, Failure> {
        let own = rustix::process::geteuid();
        if !own.is_root() {
            return Err(Failure::new(
                format!(
                    "`setup` creates a user and systemd units, and runs as `{}`",
                    user_name(own.as_raw())
                ),
                "run it as root: `sudo pypaas setup`",
            ));
        }
        let setup = Setup { user: self.user, program: program()? };
        let machine = Machine::look(&setup);
        let plan = setup.plan(&machine);
        if plan.steps.is_empty() {
            terminal::out("nothing to do\n");
        }
        for step in &plan.steps {
            terminal::out(&format!("{step}\n"));
            if !self.dry_run {
                setup.carry_out(step)?;
            }
        }
        for note in &plan.notes {
            terminal::out(&format!("\n{note}\n"));
        }
        if !self.dry_run {
            terminal::out(&format!("\n{}", next(&setup.user, &machine)));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Says what the administrator does next.
fn next(user: &str, machine: &Machine) -> String {
    let address = Address::of_this_host();
    let host = address.host();
    let home = &machine.home;
    if machine.has_access() {
        return format!(
            "pypaas is ready. From your computer:\n\n  ssh {user}@{host} check\n  ssh {user}@{host} help\n"
        );
    }
    format!(
        "pypaas is ready. Give yourself access from your computer (the file's name becomes your name):\n\n  \
         scp ~/.ssh/id_ed25519.pub root@{host}:{home}/.ssh/authorized_keys.d/$USER.pub\n  \
         ssh root@{host} runuser -l {user} -c \"'pypaas rebuild_authorized_keys'\"\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_plain_name_and_is_not_root() {
        assert_eq!(user("deploy"), Ok("deploy".to_owned()));
        for bad in ["", "root", "-x", "a b", "Anna", "a:b", &"a".repeat(33)] {
            assert!(user(bad).is_err(), "{bad}");
        }
    }
}
