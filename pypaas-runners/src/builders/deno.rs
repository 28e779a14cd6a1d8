//! The builder for Deno.

use pypaas_core::host::Commit;
use pypaas_core::{BuildRecipe, Builder};

use super::require;

/// Builds what has a `deno.json`: fetches its modules, as its lock file says if it has one.
#[derive(Debug, Clone, Copy)]
pub struct Deno;

impl Builder for Deno {
    fn name(&self) -> &'static str {
        "deno"
    }

    fn reads(&self) -> &'static [&'static str] {
        &[]
    }

    fn recipe(&self, commit: &Commit) -> Option<BuildRecipe> {
        let found = ["deno.json", "deno.jsonc"].into_iter().find(|file| commit.holds(file))?;
        let frozen = if commit.holds("deno.lock") { " --frozen" } else { "" };
        Some(BuildRecipe {
            reason: format!("found `{found}`"),
            requires: vec![require("deno", "install it with `npm install -g deno`")],
            commands: vec![format!("deno install{frozen}")],
        })
    }

    fn path(&self) -> &'static [&'static str] {
        &["node_modules/.bin"]
    }

    fn caches(&self) -> &'static [(&'static str, &'static str)] {
        &[("DENO_DIR", "deno")]
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
    fn modules_are_fetched_as_they_are_locked() {
        insta::assert_snapshot!(print(&Deno, &["deno.json", "deno.lock", "main.ts"], &[]), @"
        found `deno.json`
        deno
        deno install --frozen
        ");
    }
}
