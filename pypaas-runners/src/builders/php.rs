//! The builder for PHP.

use pypaas_core::host::Commit;
use pypaas_core::{BuildRecipe, Builder};

use super::require;

/// Builds what has a `composer.json`: installs its packages with Composer, without those for development.
#[derive(Debug, Clone, Copy)]
pub struct Php;

impl Builder for Php {
    fn name(&self) -> &'static str {
        "php"
    }

    fn reads(&self) -> &'static [&'static str] {
        &[]
    }

    fn recipe(&self, commit: &Commit) -> Option<BuildRecipe> {
        if !commit.holds("composer.json") {
            return None;
        }
        let found = if commit.holds("composer.lock") { "composer.lock" } else { "composer.json" };
        Some(BuildRecipe {
            reason: format!("found `{found}`"),
            requires: vec![require("composer", "install it with `apt install php-cli composer`")],
            commands: vec![
                "composer install --no-dev --no-interaction --no-progress --optimize-autoloader".to_owned(),
            ],
        })
    }

    fn path(&self) -> &'static [&'static str] {
        &["vendor/bin"]
    }

    fn caches(&self) -> &'static [(&'static str, &'static str)] {
        &[("COMPOSER_CACHE_DIR", "composer")]
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
    fn packages_are_installed_without_those_for_development() {
        insta::assert_snapshot!(print(&Php, &["composer.json", "composer.lock", "public/"], &[]), @"
        found `composer.lock`
        composer
        composer install --no-dev --no-interaction --no-progress --optimize-autoloader
        ");
    }
}
