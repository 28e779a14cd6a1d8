//! The kinds of files in the configuration directory.

use camino::Utf8Path;

use crate::finding::{Finding, quote};
use crate::span::Span;
use crate::suggest;

/// The main file's name.
pub(crate) const SETTINGS_FILE: &str = "pypaas.yml";

/// Directories that are read; the first two contain repos.
const DIRECTORIES: [&str; 3] = ["repo", "repos", "domains"];

/// The kind of a file in the configuration directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role<'a> {
    /// `pypaas.yml`.
    Settings,
    /// `repo/<name>.yml` or `repos/<name>.yml`.
    Repo(&'a str),
    /// `domains/<name>.yml`.
    Domain(&'a str),
    /// A file that looks like configuration but is not read, with the reason and advice.
    Ignored { reason: &'static str, help: Option<String> },
    /// A file that does not look like configuration.
    Unrelated,
}

/// Returns the kind of the file at `path`, relative to the configuration directory.
pub(crate) fn role(path: &Utf8Path) -> Role<'_> {
    let name = path.file_name().unwrap_or_default();
    let directory = path.parent().unwrap_or(Utf8Path::new("")).as_str();
    match (directory, name) {
        ("", SETTINGS_FILE) => Role::Settings,
        ("repo" | "repos" | "domains", _) => in_known_directory(directory, name),
        _ if directory.starts_with('.') || name.starts_with('.') => Role::Unrelated,
        _ => elsewhere(path, directory, name),
    }
}

fn in_known_directory<'a>(directory: &str, name: &'a str) -> Role<'a> {
    if matches!(name, ".gitkeep" | ".gitignore") {
        return Role::Unrelated;
    }
    if name.starts_with('.') || name.starts_with('#') {
        return ignored("hidden files are not read", None);
    }
    if let Some(name) = name.strip_suffix(".yml") {
        return if directory == "domains" { Role::Domain(name) } else { Role::Repo(name) };
    }
    if let Some(stem) = name.strip_suffix(".yaml") {
        return ignored(
            "only `.yml` files are read",
            Some(format!("rename it to {}", quote(&format!("{stem}.yml")))),
        );
    }
    if is_backup(name) {
        return ignored("editor backups are not read", None);
    }
    ignored("only `.yml` files are read", None)
}

fn elsewhere<'a>(path: &'a Utf8Path, directory: &str, name: &str) -> Role<'a> {
    let yaml = path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml");
    let (first, deeper) = directory.split_once('/').unwrap_or((directory, ""));
    if directory.is_empty() {
        return match suggest::closest(name, [SETTINGS_FILE]) {
            Some(_) if name == "pypaas.yaml" => {
                ignored("the main file is `pypaas.yml`", Some("rename it to `pypaas.yml`".to_owned()))
            }
            _ if is_backup(name) && name.starts_with("pypaas") => {
                ignored("editor backups are not read", None)
            }
            _ if yaml => ignored(
                "only `pypaas.yml` is read here",
                Some("put repos into `repo/` and domains into `domains/`".to_owned()),
            ),
            _ => Role::Unrelated,
        };
    }
    match suggest::closest(first, DIRECTORIES) {
        Some(directory) if yaml && directory != first => {
            ignored("the directory is not read", Some(format!("did you mean `{directory}/`?")))
        }
        Some(_) if yaml && !deeper.is_empty() || DIRECTORIES.contains(&first) => {
            ignored("subdirectories are not read", None)
        }
        _ => Role::Unrelated,
    }
}

fn is_backup(name: &str) -> bool {
    let endings = ["~", ".bak", ".orig", ".old", ".save", ".swp", ".tmp", ".rej", ".dpkg-old", ".dpkg-dist"];
    endings.iter().any(|ending| name.ends_with(ending))
}

fn ignored(reason: &'static str, help: Option<String>) -> Role<'static> {
    Role::Ignored { reason, help }
}

/// Creates the warning that file number `file` is not read.
pub(crate) fn ignored_finding(file: u32, path: &Utf8Path, reason: &str, help: Option<String>) -> Finding {
    let finding =
        Finding::warning(Span::whole_file(file), format!("{} is ignored: {reason}", quote(path.as_str())));
    match help {
        Some(help) => finding.help(help),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_has_its_role() {
        assert_eq!(role("pypaas.yml".into()), Role::Settings);
        assert_eq!(role("repo/shop.yml".into()), Role::Repo("shop"));
        assert_eq!(role("repos/shop.v2.yml".into()), Role::Repo("shop.v2"));
        assert_eq!(role("domains/shop.example.com.yml".into()), Role::Domain("shop.example.com"));
    }

    #[test]
    fn similar_names_are_mentioned() {
        for path in [
            "pypaas.yaml",
            "pypaas.yml~",
            "shop.yml",
            "repo/shop.yaml",
            "repo/shop.yml~",
            "repo/shop.yml.bak",
            "repo/.shop.yml.swp",
            "repo/old/shop.yml",
            "domain/shop.example.com.yml",
        ] {
            assert!(matches!(role(path.into()), Role::Ignored { .. }), "{path}");
        }
    }

    #[test]
    fn other_files_are_left_alone() {
        for path in [
            "README.md",
            ".git/config",
            ".gitignore",
            "repo/.gitkeep",
            "scripts/deploy.sh",
            "ansible/all.yml",
        ] {
            assert_eq!(role(path.into()), Role::Unrelated, "{path}");
        }
    }
}
