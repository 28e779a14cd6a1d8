//! The builder for Node.

use pypaas_core::host::Commit;
use pypaas_core::{BuildRecipe, Builder, Requirement};

use super::require;

/// Builds what has a `package.json`: installs its packages, then runs its `build` script if it has one.
///
/// The lock file chooses the package manager. With a lock file exactly the locked versions are installed, or the build
/// fails; without any, npm picks versions.
///
/// Development dependencies are always installed, also when the branch's `env` sets `NODE_ENV: production`: build scripts
/// need compilers and bundlers, which projects keep there. `NODE_ENV` itself is left as the admin set it, so that build
/// scripts and processes see it. Nothing is pruned afterwards: some apps start through a development dependency, and disk
/// is cheaper than such a surprise.
#[derive(Debug, Clone, Copy)]
pub struct Node;

impl Builder for Node {
    fn name(&self) -> &'static str {
        "node"
    }

    fn reads(&self) -> &'static [&'static str] {
        &[]
    }

    fn recipe(&self, commit: &Commit) -> Option<BuildRecipe> {
        if !commit.holds("package.json") {
            return None;
        }
        let (found, manager) = LOCK_FILES
            .into_iter()
            .find(|(lock_file, _)| commit.holds(lock_file))
            .unwrap_or(("package.json", Manager::NpmWithoutLock));
        let (program, commands) = manager.recipe();
        Some(BuildRecipe { reason: format!("found `{found}`"), requires: vec![program], commands })
    }

    fn path(&self) -> &'static [&'static str] {
        &["node_modules/.bin"]
    }

    /// pnpm is not here: which variable names its store depends on its version, so its command line does.
    fn caches(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("npm_config_cache", "npm"),
            ("YARN_CACHE_FOLDER", "yarn"),
            ("YARN_GLOBAL_FOLDER", "yarn-global"),
            ("COREPACK_HOME", "corepack"),
            ("BUN_INSTALL_CACHE_DIR", "bun"),
        ]
    }

    fn variables(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }
}

const LOCK_FILES: [(&str, Manager); 6] = [
    ("bun.lock", Manager::Bun),
    ("bun.lockb", Manager::Bun),
    ("pnpm-lock.yaml", Manager::Pnpm),
    ("yarn.lock", Manager::Yarn),
    ("package-lock.json", Manager::Npm),
    ("npm-shrinkwrap.json", Manager::Npm),
];

#[derive(Debug, Clone, Copy)]
enum Manager {
    Bun,
    Pnpm,
    Yarn,
    Npm,
    NpmWithoutLock,
}

impl Manager {
    /// Its program, and its commands.
    fn recipe(self) -> (Requirement, Vec<String>) {
        match self {
            Self::Bun => (
                require("bun", "install it with `npm install -g bun`"),
                vec!["bun install --frozen-lockfile".to_owned(), "bun run --if-present build".to_owned()],
            ),
            Self::Pnpm => (
                require("pnpm", "install it with `npm install -g pnpm`"),
                vec![PNPM_INSTALL.to_owned(), "pnpm run --if-present build".to_owned()],
            ),
            Self::Yarn => (
                require("yarn", "install it with `npm install -g yarn`"),
                vec![YARN_INSTALL.to_owned(), YARN_BUILD.to_owned()],
            ),
            Self::Npm => npm("npm ci"),
            Self::NpmWithoutLock => npm("npm install"),
        }
    }
}

fn npm(install: &str) -> (Requirement, Vec<String>) {
    let commands = vec![
        format!("{install} --include=dev --no-audit --no-fund --no-update-notifier"),
        "npm run build --if-present --no-update-notifier".to_owned(),
    ];
    (require("npm", "install it with `apt install nodejs npm`"), commands)
}

/// `--prod=false` installs development dependencies whatever `NODE_ENV` is. Tried with pnpm 9 and 12.
const PNPM_INSTALL: &str =
    r#"pnpm install --frozen-lockfile --prod=false --store-dir "$PYPAAS_CACHE_DIR/pnpm""#;

/// Yarn 1 and its successors have different options. Tried with 1.22, 2.4 and 4.
const YARN_INSTALL: &str = r#"case "$(yarn --version)" in
  [01].*) yarn install --frozen-lockfile --production=false ;;
  *) yarn install --immutable ;;
esac"#;

/// Yarn has no `--if-present`, and under Plug'n'Play npm cannot run the script.
const YARN_BUILD: &str =
    r#"if node -e 'process.exit(require("./package.json").scripts?.build ? 0 : 1)'; then yarn run build; fi"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builders::commit_of;

    fn print(entries: &[&str]) -> String {
        let commit = commit_of(entries);
        let recipe = Node.recipe(&commit).unwrap();
        format!("{}\n{}\n{}", recipe.reason, recipe.requires[0].program, recipe.commands.join("\n"))
    }

    #[test]
    fn npm_installs_what_its_lock_file_says() {
        insta::assert_snapshot!(print(&["package-lock.json", "package.json"]), @"
        found `package-lock.json`
        npm
        npm ci --include=dev --no-audit --no-fund --no-update-notifier
        npm run build --if-present --no-update-notifier
        ");
        insta::assert_snapshot!(print(&["npm-shrinkwrap.json", "package.json"]).lines().next().unwrap(), @"found `npm-shrinkwrap.json`");
    }

    #[test]
    fn without_a_lock_file_npm_picks_versions() {
        insta::assert_snapshot!(print(&["package.json", "src/"]), @"
        found `package.json`
        npm
        npm install --include=dev --no-audit --no-fund --no-update-notifier
        npm run build --if-present --no-update-notifier
        ");
    }

    #[test]
    fn pnpm_and_yarn_are_chosen_by_their_lock_files() {
        insta::assert_snapshot!(print(&["package.json", "pnpm-lock.yaml"]), @r#"
        found `pnpm-lock.yaml`
        pnpm
        pnpm install --frozen-lockfile --prod=false --store-dir "$PYPAAS_CACHE_DIR/pnpm"
        pnpm run --if-present build
        "#);
        insta::assert_snapshot!(print(&["package-lock.json", "package.json", "yarn.lock"]), @r#"
        found `yarn.lock`
        yarn
        case "$(yarn --version)" in
          [01].*) yarn install --frozen-lockfile --production=false ;;
          *) yarn install --immutable ;;
        esac
        if node -e 'process.exit(require("./package.json").scripts?.build ? 0 : 1)'; then yarn run build; fi
        "#);
    }

    #[test]
    fn bun_is_chosen_by_its_lock_file() {
        insta::assert_snapshot!(print(&["bun.lock", "package.json"]), @"
        found `bun.lock`
        bun
        bun install --frozen-lockfile
        bun run --if-present build
        ");
    }

    #[test]
    fn a_lock_file_alone_is_not_a_node_project() {
        assert_eq!(Node.recipe(&commit_of(&["yarn.lock"])), None);
    }
}
