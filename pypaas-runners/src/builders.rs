//! Builders: how a checkout is built whose branch has no `build` hook and no `.build.sh`.
//!
//! One file each, which implements [`Builder`]: what in the root of a checkout tells its kind, the commands, the directory for
//! `PATH`, the caches, the variables. A new one joins the list in [`builders`]; nothing else changes.

mod deno;
mod elixir;
mod go;
mod hugo;
mod java;
mod node;
mod php;
mod python;
mod ruby;
mod rust;

pub use deno::Deno;
pub use elixir::Elixir;
pub use go::Go;
pub use hugo::Hugo;
pub use java::Java;
pub use node::Node;
pub use php::Php;
use pypaas_core::{Builder, Requirement};
pub use python::Python;
pub use ruby::Ruby;
pub use rust::Rust;

/// Lists all builders. The first whose kind a checkout is of builds it.
///
/// Node comes last: a project with both kinds of files is most often a Python, Ruby or PHP application whose `package.json`
/// serves its front end or its linters, and without its own packages it does not start at all. Where it is
/// otherwise, or both must be built, the branch says so in its `build` hook.
pub fn builders() -> Vec<Box<dyn Builder>> {
    vec![
        Box::new(Python),
        Box::new(Ruby),
        Box::new(Php),
        Box::new(Elixir),
        Box::new(Java),
        Box::new(Go),
        Box::new(Rust),
        Box::new(Deno),
        Box::new(Hugo),
        Box::new(Node),
    ]
}

/// Asks for `program` on the host.
fn require(program: &str, remedy: &str) -> Requirement {
    Requirement { program: program.to_owned(), names: Vec::new(), remedy: remedy.to_owned() }
}

/// Prints the recipe of `builder` for a commit with `entries`, of which some have a text.
#[cfg(test)]
fn print(builder: &dyn Builder, entries: &[&str], texts: &[(&str, &str)]) -> String {
    let mut commit = commit_of(entries);
    commit.files = texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let recipe = builder.recipe(&commit).unwrap();
    let programs: Vec<&str> = recipe.requires.iter().map(|it| it.program.as_str()).collect();
    format!("{}\n{}\n{}", recipe.reason, programs.join(", "), recipe.commands.join("\n"))
}

/// Makes a commit whose root holds `entries`.
#[cfg(test)]
pub(crate) fn commit_of(entries: &[&str]) -> pypaas_core::host::Commit {
    let entries = entries.iter().map(|&entry| entry.to_owned()).collect();
    pypaas_core::host::Commit { entries, ..Default::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_builder_that_knows_the_kind_is_chosen() {
        let chosen = |entries: &[&str]| {
            let commit = commit_of(entries);
            builders().iter().find(|builder| builder.recipe(&commit).is_some()).map(|builder| builder.name())
        };
        assert_eq!(chosen(&["package.json", "server.js"]), Some("node"));
        assert_eq!(chosen(&["app.py", "requirements.txt"]), Some("python"));
        assert_eq!(chosen(&["package.json", "requirements.txt"]), Some("python"));
        assert_eq!(chosen(&["Gemfile", "package.json"]), Some("ruby"));
        assert_eq!(chosen(&["composer.json", "package.json"]), Some("php"));
        assert_eq!(chosen(&["index.html", "package.json/"]), None);
    }
}
