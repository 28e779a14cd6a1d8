//! The builder for Elixir.

use pypaas_core::host::Commit;
use pypaas_core::{BuildRecipe, Builder};

use super::require;

/// Builds what has a `mix.exs`, for production: its dependencies, the app, and the assets where the project has the alias
/// `assets.deploy`, as Phoenix does.
#[derive(Debug, Clone, Copy)]
pub struct Elixir;

impl Builder for Elixir {
    fn name(&self) -> &'static str {
        "elixir"
    }

    fn reads(&self) -> &'static [&'static str] {
        &["mix.exs"]
    }

    fn recipe(&self, commit: &Commit) -> Option<BuildRecipe> {
        if !commit.holds("mix.exs") {
            return None;
        }
        let has_assets = commit.text("mix.exs").contains("\"assets.deploy\"");
        let commands = ["mix local.hex --force --if-missing", "mix local.rebar --force --if-missing"]
            .into_iter()
            .chain(["mix deps.get --only prod", "mix compile"])
            .chain(has_assets.then_some("mix assets.deploy"));
        Some(BuildRecipe {
            reason: "found `mix.exs`".to_owned(),
            requires: vec![require("mix", "install it with `apt install elixir`")],
            commands: commands.map(str::to_owned).collect(),
        })
    }

    fn path(&self) -> &'static [&'static str] {
        &[]
    }

    fn caches(&self) -> &'static [(&'static str, &'static str)] {
        &[("MIX_HOME", "mix"), ("HEX_HOME", "hex")]
    }

    fn variables(&self) -> &'static [(&'static str, &'static str)] {
        &[("MIX_ENV", "prod")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builders::print;

    #[test]
    fn an_app_is_compiled_for_production_with_its_assets() {
        insta::assert_snapshot!(print(&Elixir, &["mix.exs"], &[("mix.exs", "\"assets.deploy\": [\"esbuild\"]")]), @"
        found `mix.exs`
        mix
        mix local.hex --force --if-missing
        mix local.rebar --force --if-missing
        mix deps.get --only prod
        mix compile
        mix assets.deploy
        ");
    }
}
