//! The command reference, made of the help texts. The test fails when `docs/commands.md` says something else; with
//! `PYPAAS_WRITE_REFERENCE` set it is written.

use clap::Command;

use crate::command_line::grammar;
use crate::commands::ALL;
use crate::failure::EXIT_STATUS;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/commands.md");

const HEAD: &str = "# Commands

<!-- Made of the help texts by a test of pypaas-cli; changes are overwritten. -->

Every command is there on the host, as the deploy user, and over SSH with the same words: `pypaas status` and `ssh deploy@host status`. SSH joins words with
spaces, so quote twice what has spaces of its own: `ssh deploy@host \"maintenance on shop -m 'back at five'\"`. `<branch>` may be left out where
the repo has only one. What a key may do is listed by
`ssh deploy@host help`. Results go to standard output, progress and errors to standard error. There are colors only on a terminal, and none with `NO_COLOR` set.
What `--json` prints is described in [json.md](json.md).
";

fn reference() -> String {
    let mut line = grammar(ALL).term_width(100);
    line.build();
    let mut text = format!("{HEAD}\n## Exit status\n\n| | |\n|---|---|\n");
    for (status, meaning) in EXIT_STATUS {
        text.push_str(&format!("| {status} | {meaning} |\n"));
    }
    for command in people_type(&line) {
        describe(command, "##", &format!("pypaas {}", command.get_name()), &mut text);
    }
    text
}

fn describe(command: &Command, mark: &str, name: &str, text: &mut String) {
    let help = command.clone().term_width(100).color(clap::ColorChoice::Never).render_long_help().to_string();
    let lines: Vec<&str> = help.trim().lines().map(str::trim_end).collect();
    text.push_str(&format!("\n{mark} `{name}`\n\n```text\n{}\n```\n", lines.join("\n")));
    for inner in people_type(command) {
        describe(inner, "###", &format!("{name} {}", inner.get_name()), text);
    }
}

/// The commands that people type; `help` is the same everywhere, and clap gives it one of each command again.
fn people_type(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|it| !it.is_hide_set() && it.get_name() != "help")
}

#[test]
fn the_command_reference_is_what_the_help_says() {
    let wanted = reference();
    if std::env::var_os("PYPAAS_WRITE_REFERENCE").is_some() {
        std::fs::write(FILE, &wanted).unwrap();
    }
    let written = std::fs::read_to_string(FILE).unwrap();
    let differing = wanted.lines().zip(written.lines()).find(|(wanted, written)| wanted != written);
    assert_eq!(differing, None, "PYPAAS_WRITE_REFERENCE=1 cargo test -p pypaas-cli reference");
    assert_eq!(written, wanted);
}

#[test]
fn every_command_has_examples_or_needs_none() {
    let line = grammar(ALL);
    for command in people_type(&line) {
        assert!(command.get_after_help().is_some(), "{} has no example", command.get_name());
    }
}
