//! Builders: how a checkout is built whose branch has no `build` hook and no `.build.sh`.
//!
//! One file each. The next one, `builders/ruby.rs` for example, defines a struct `Ruby`, implements [`Builder`] for it
//! (what in the root of a checkout tells its kind, the commands, the directory for `PATH`, the caches) and joins the list in
//! [`builders`]. Nothing else changes: Go, Rust, PHP and Java follow the same way.

mod node;
mod python;

pub use node::Node;
use pypaas_core::{Builder, Requirement};
pub use python::Python;

/// Lists all builders. The first whose kind a checkout is of builds it.
///
/// Python comes before Node: a project with both kinds of files is most often a Python application whose `package.json`
/// serves its front end or its linters, and without its virtual environment it does not start at all. Where it is
/// otherwise, or both must be built, the branch says so in its `build` hook.
pub fn builders() -> Vec<Box<dyn Builder>> {
    vec![Box::new(Python), Box::new(Node)]
}

/// Asks for `program` on the host.
fn require(program: &str, remedy: &str) -> Requirement {
    Requirement { program: program.to_owned(), remedy: remedy.to_owned() }
}

/// Makes a commit whose root holds `entries`.
#[cfg(test)]
fn commit_of(entries: &[&str]) -> pypaas_core::host::Commit {
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
        assert_eq!(chosen(&["index.html", "package.json/"]), None);
    }
}
