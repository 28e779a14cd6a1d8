//! The builder for Go.

use pypaas_core::host::Commit;
use pypaas_core::{BuildRecipe, Builder};

use super::require;

/// Builds what has a `go.mod`: every program of the module, into `bin`, which is on `PATH`.
///
/// A program has the name of its directory, or, at the root, of the module.
#[derive(Debug, Clone, Copy)]
pub struct Go;

impl Builder for Go {
    fn name(&self) -> &'static str {
        "go"
    }

    fn reads(&self) -> &'static [&'static str] {
        &[]
    }

    fn recipe(&self, commit: &Commit) -> Option<BuildRecipe> {
        commit.holds("go.mod").then(|| BuildRecipe {
            reason: "found `go.mod`".to_owned(),
            requires: vec![require("go", "install it with `apt install golang-go`")],
            commands: vec!["go build -o bin/ ./...".to_owned()],
        })
    }

    fn path(&self) -> &'static [&'static str] {
        &["bin"]
    }

    fn caches(&self) -> &'static [(&'static str, &'static str)] {
        &[("GOCACHE", "go-build"), ("GOMODCACHE", "go-mod")]
    }

    fn variables(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builders::print;

    #[test]
    fn all_programs_of_a_module_are_built() {
        insta::assert_snapshot!(print(&Go, &["go.mod", "main.go"], &[]), @"
        found `go.mod`
        go
        go build -o bin/ ./...
        ");
    }
}
