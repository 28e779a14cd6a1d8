//! The builder for Rust.

use pypaas_core::host::Commit;
use pypaas_core::{BuildRecipe, Builder};

use super::require;

/// Builds what has a `Cargo.toml`: every program, into `target/release`, which is on `PATH`.
///
/// What cargo compiles lies in the cache, where the next build uses it again. The programs are copied from there: those of
/// an earlier release must not change when a later one is built.
#[derive(Debug, Clone, Copy)]
pub struct Rust;

impl Builder for Rust {
    fn name(&self) -> &'static str {
        "rust"
    }

    fn reads(&self) -> &'static [&'static str] {
        &[]
    }

    fn recipe(&self, commit: &Commit) -> Option<BuildRecipe> {
        if !commit.holds("Cargo.toml") {
            return None;
        }
        let (found, locked) = match commit.holds("Cargo.lock") {
            true => ("Cargo.lock", " --locked"),
            false => ("Cargo.toml", ""),
        };
        Some(BuildRecipe {
            reason: format!("found `{found}`"),
            requires: vec![require("cargo", "install it with `apt install cargo`")],
            commands: vec![
                // Programs that a commit no longer has must not come from the cache.
                r#"find "$CARGO_TARGET_DIR/release" -maxdepth 1 -type f -delete 2>/dev/null || true"#
                    .to_owned(),
                format!("cargo build --release{locked}"),
                COPY.to_owned(),
            ],
        })
    }

    fn path(&self) -> &'static [&'static str] {
        &["target/release"]
    }

    fn caches(&self) -> &'static [(&'static str, &'static str)] {
        &[("CARGO_HOME", "cargo"), ("CARGO_TARGET_DIR", "cargo-target")]
    }

    fn variables(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }
}

const COPY: &str = r#"mkdir -p target/release &&
find "$CARGO_TARGET_DIR/release" -maxdepth 1 -type f -perm -u+x -exec cp {} target/release/ \;"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builders::print;

    #[test]
    fn programs_are_built_in_the_cache_and_copied() {
        insta::assert_snapshot!(print(&Rust, &["Cargo.lock", "Cargo.toml", "src/"], &[]), @r#"
        found `Cargo.lock`
        cargo
        find "$CARGO_TARGET_DIR/release" -maxdepth 1 -type f -delete 2>/dev/null || true
        cargo build --release --locked
        mkdir -p target/release &&
        find "$CARGO_TARGET_DIR/release" -maxdepth 1 -type f -perm -u+x -exec cp {} target/release/ \;
        "#);
    }
}
