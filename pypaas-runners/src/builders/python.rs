//! The builder for Python.

use pypaas_core::host::Commit;
use pypaas_core::{BuildRecipe, Builder};

use super::require;

/// Builds what has a lock file of uv, Poetry or Pipenv, a `requirements.txt` or a `pyproject.toml`: a virtual environment in
/// `.venv` of the checkout, with what the file asks for.
///
/// A lock file comes first: it says most precisely what runs. Dependencies for development are left out.
///
/// With both files only `requirements.txt` is followed: `pyproject.toml` then often configures nothing but linters, and
/// a project that is a package too has the line `.` among its requirements. With `pyproject.toml` alone, a project that says
/// how it is built (`[build-system]`) is installed, and its dependencies with it. Of one that does not, only the
/// dependencies are: it is an application and no package (uv draws the same line), and setuptools refuses to guess what
/// belongs to it as soon as two directories lie side by side.
///
/// `--clear` gives the checkout an environment of its own even where someone committed one: it would hold paths
/// of another machine. pip is run as a module because a script's first line cannot name a long path.
#[derive(Debug, Clone, Copy)]
pub struct Python;

impl Builder for Python {
    fn name(&self) -> &'static str {
        "python"
    }

    fn reads(&self) -> &'static [&'static str] {
        &[]
    }

    fn recipe(&self, commit: &Commit) -> Option<BuildRecipe> {
        for (found, program, remedy, command) in LOCKED {
            if commit.holds(found) {
                return Some(BuildRecipe {
                    reason: format!("found `{found}`"),
                    requires: vec![require(program, remedy)],
                    commands: vec![command.to_owned()],
                });
            }
        }
        let (found, install) =
            [("requirements.txt", INSTALL_REQUIREMENTS), ("pyproject.toml", INSTALL_PROJECT)]
                .into_iter()
                .find(|(file, _)| commit.holds(file))?;
        Some(BuildRecipe {
            reason: format!("found `{found}`"),
            requires: vec![require("python3", "install it with `apt install python3-venv`")],
            commands: vec!["python3 -m venv --clear .venv".to_owned(), install.to_owned()],
        })
    }

    fn path(&self) -> &'static [&'static str] {
        &[".venv/bin"]
    }

    fn caches(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("PIP_CACHE_DIR", "pip"),
            ("UV_CACHE_DIR", "uv"),
            ("UV_PYTHON_INSTALL_DIR", "uv-python"),
            ("POETRY_CACHE_DIR", "poetry"),
            ("PIPENV_CACHE_DIR", "pipenv"),
        ]
    }

    /// Output reaches the log when it is printed. Poetry and Pipenv make their environments in the checkout.
    fn variables(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("PYTHONUNBUFFERED", "1"),
            ("POETRY_VIRTUALENVS_IN_PROJECT", "true"),
            ("PIPENV_VENV_IN_PROJECT", "1"),
        ]
    }
}

/// Lock files, each with its program, how to get that, and its command.
const LOCKED: [(&str, &str, &str, &str); 3] = [
    ("uv.lock", "uv", "install it with `pipx install --global uv`", "uv sync --frozen --no-dev"),
    (
        "poetry.lock",
        "poetry",
        "install it with `apt install python3-poetry`",
        "poetry install --only main --no-interaction",
    ),
    ("Pipfile.lock", "pipenv", "install it with `apt install pipenv`", "pipenv sync"),
];

const INSTALL_REQUIREMENTS: &str =
    ".venv/bin/python -m pip install --disable-pip-version-check --no-input -r requirements.txt";

/// `tomllib` is there from Python 3.11 on, which Debian 12 has.
const INSTALL_PROJECT: &str = r#"if grep -q '^\[build-system\]' pyproject.toml; then
  .venv/bin/python -m pip install --disable-pip-version-check --no-input .
else
  .venv/bin/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb")).get("project", {}).get("dependencies", []), sep="\n")' >.venv/requirements.txt &&
  .venv/bin/python -m pip install --disable-pip-version-check --no-input -r .venv/requirements.txt
fi"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builders::commit_of;

    fn print(entries: &[&str]) -> Option<String> {
        let commit = commit_of(entries);
        Python.recipe(&commit).map(|recipe| {
            format!("{}\n{}\n{}", recipe.reason, recipe.requires[0].program, recipe.commands.join("\n"))
        })
    }

    #[test]
    fn requirements_are_installed_into_a_virtual_environment() {
        insta::assert_snapshot!(print(&["app.py", "requirements.txt"]).unwrap(), @"
        found `requirements.txt`
        python3
        python3 -m venv --clear .venv
        .venv/bin/python -m pip install --disable-pip-version-check --no-input -r requirements.txt
        ");
    }

    #[test]
    fn a_package_is_installed_and_of_an_application_its_dependencies_are() {
        insta::assert_snapshot!(print(&["pyproject.toml", "shop/"]).unwrap(), @r#"
        found `pyproject.toml`
        python3
        python3 -m venv --clear .venv
        if grep -q '^\[build-system\]' pyproject.toml; then
          .venv/bin/python -m pip install --disable-pip-version-check --no-input .
        else
          .venv/bin/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb")).get("project", {}).get("dependencies", []), sep="\n")' >.venv/requirements.txt &&
          .venv/bin/python -m pip install --disable-pip-version-check --no-input -r .venv/requirements.txt
        fi
        "#);
    }

    #[test]
    fn requirements_come_before_a_project_file() {
        assert_eq!(print(&["pyproject.toml", "requirements.txt"]), print(&["requirements.txt"]));
    }

    #[test]
    fn a_lock_file_comes_before_all_others() {
        insta::assert_snapshot!(print(&["pyproject.toml", "requirements.txt", "uv.lock"]).unwrap(), @"
        found `uv.lock`
        uv
        uv sync --frozen --no-dev
        ");
        insta::assert_snapshot!(print(&["poetry.lock", "pyproject.toml"]).unwrap(), @"
        found `poetry.lock`
        poetry
        poetry install --only main --no-interaction
        ");
        insta::assert_snapshot!(print(&["Pipfile", "Pipfile.lock"]).unwrap(), @"
        found `Pipfile.lock`
        pipenv
        pipenv sync
        ");
    }

    #[test]
    fn a_directory_of_that_name_does_not_count() {
        assert_eq!(print(&["requirements.txt/", "main.py"]), None);
    }
}
