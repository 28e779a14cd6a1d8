//! The builder for Ruby.

use pypaas_core::host::Commit;
use pypaas_core::{BuildRecipe, Builder};

use super::require;

/// Builds what has a `Gemfile`: installs its gems with Bundler, then the assets of a Rails app.
///
/// Gems lie in the cache, where one of a version is installed once for all releases. Groups `development` and `test` are left
/// out. With a `Gemfile.lock` exactly the locked versions are installed, or the build fails.
#[derive(Debug, Clone, Copy)]
pub struct Ruby;

impl Builder for Ruby {
    fn name(&self) -> &'static str {
        "ruby"
    }

    fn reads(&self) -> &'static [&'static str] {
        &["Gemfile.lock"]
    }

    fn recipe(&self, commit: &Commit) -> Option<BuildRecipe> {
        if !commit.holds("Gemfile") {
            return None;
        }
        let (found, install) = match commit.holds("Gemfile.lock") {
            true => ("Gemfile.lock", "BUNDLE_FROZEN=true bundle install"),
            false => ("Gemfile", "bundle install"),
        };
        let mut commands = vec![install.to_owned()];
        // Both asset pipelines of Rails have the task.
        let has_assets = ["sprockets-rails", "propshaft"].iter().any(|gem| names(commit, gem));
        if has_assets && commit.holds("Rakefile") {
            commands.push("SECRET_KEY_BASE_DUMMY=1 bundle exec rake assets:precompile".to_owned());
        }
        Some(BuildRecipe {
            reason: format!("found `{found}`"),
            requires: vec![require(
                "bundle",
                "install it with `apt install ruby-dev ruby-bundler build-essential`",
            )],
            commands,
        })
    }

    fn path(&self) -> &'static [&'static str] {
        &["bin"]
    }

    fn caches(&self) -> &'static [(&'static str, &'static str)] {
        &[("BUNDLE_PATH", "bundle")]
    }

    fn variables(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("BUNDLE_WITHOUT", "development:test"),
            ("RACK_ENV", "production"),
            ("RAILS_ENV", "production"),
            ("RAILS_LOG_TO_STDOUT", "1"),
            ("RAILS_SERVE_STATIC_FILES", "1"),
        ]
    }
}

/// Returns whether the lock file names `gem` among what is installed: indented by four spaces, with its version.
fn names(commit: &Commit, gem: &str) -> bool {
    let lines = commit.text("Gemfile.lock").lines();
    lines.filter_map(|line| line.strip_prefix("    ")).any(|it| it.split(' ').next() == Some(gem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builders::print;

    #[test]
    fn gems_are_installed_as_they_are_locked() {
        insta::assert_snapshot!(print(&Ruby, &["Gemfile", "Gemfile.lock", "config.ru"], &[]), @"
        found `Gemfile.lock`
        bundle
        BUNDLE_FROZEN=true bundle install
        ");
        insta::assert_snapshot!(print(&Ruby, &["Gemfile"], &[]), @"
        found `Gemfile`
        bundle
        bundle install
        ");
    }

    #[test]
    fn assets_are_compiled_where_an_asset_pipeline_is_locked() {
        let lock = "GEM\n  specs:\n    propshaft (1.1.0)\n      actionpack (>= 7.0.0)\n";
        let entries = ["Gemfile", "Gemfile.lock", "Rakefile"];
        insta::assert_snapshot!(print(&Ruby, &entries, &[("Gemfile.lock", lock)]), @"
        found `Gemfile.lock`
        bundle
        BUNDLE_FROZEN=true bundle install
        SECRET_KEY_BASE_DUMMY=1 bundle exec rake assets:precompile
        ");
    }
}
