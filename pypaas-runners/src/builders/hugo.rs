//! The builder for Hugo.

use pypaas_core::host::Commit;
use pypaas_core::{BuildRecipe, Builder};

use super::require;

/// Builds what has a `hugo.toml` (or `.yaml`, `.json`): the site, into `public`, which an `NginxStatic` serves.
#[derive(Debug, Clone, Copy)]
pub struct Hugo;

impl Builder for Hugo {
    fn name(&self) -> &'static str {
        "hugo"
    }

    fn reads(&self) -> &'static [&'static str] {
        &[]
    }

    fn recipe(&self, commit: &Commit) -> Option<BuildRecipe> {
        let files = ["hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json"];
        let found = files.into_iter().find(|file| commit.holds(file))?;
        Some(BuildRecipe {
            reason: format!("found `{found}`"),
            requires: vec![require("hugo", "install it with `apt install hugo`")],
            commands: vec!["hugo --minify --destination public".to_owned()],
        })
    }

    fn path(&self) -> &'static [&'static str] {
        &["node_modules/.bin"]
    }

    fn caches(&self) -> &'static [(&'static str, &'static str)] {
        &[("HUGO_CACHEDIR", "hugo")]
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
    fn a_site_is_built_into_public() {
        insta::assert_snapshot!(print(&Hugo, &["content/", "hugo.toml"], &[]), @"
        found `hugo.toml`
        hugo
        hugo --minify --destination public
        ");
    }
}
