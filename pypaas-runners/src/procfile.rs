//! `Procfile`: the processes of an app, one line each, as Heroku defined it.

use std::collections::BTreeMap;

use pypaas_core::host::Commit;
use pypaas_core::{Manifest, ManifestError, ManifestFormat};
use serde_json::{Map, Value, json};

/// Reads a `Procfile`: `web` is an HTTP server behind nginx, `release` is a command before the new version starts, and
/// every other line is a process that serves nothing.
#[derive(Debug, Clone, Copy)]
pub struct Procfile;

const FILE: &str = "Procfile";

/// A name becomes a part of the names of services.
const LONGEST_NAME: usize = 60;

impl ManifestFormat for Procfile {
    fn file(&self) -> &'static str {
        FILE
    }

    fn read(&self, commit: &Commit) -> Result<Manifest, ManifestError> {
        let Some(text) = commit.files.get(FILE) else {
            let reason = "is no text file in UTF-8 of a sensible size".to_owned();
            return Err(ManifestError::File { file: FILE, reason });
        };
        let lines = Self::lines(text)?;
        let mut processes: BTreeMap<&str, &str> = lines.iter().map(|it| (it.name, it.command)).collect();
        let release = processes.remove("release");
        if processes.is_empty() {
            let reason = "names no process; write `web: ` and the command that starts your server".to_owned();
            return Err(ManifestError::File { file: FILE, reason });
        }
        let runner = |(name, command): (&str, &str)| {
            let runner_type = if name == "web" { "NginxBackend" } else { "SimpleProcess" };
            (name.to_owned(), json!({ "type": runner_type, "cmd": command }))
        };
        let runners: Map<String, Value> = processes.into_iter().map(runner).collect();
        let mut keys = json!({ "runners": runners });
        if let Some(command) = release {
            keys["hooks"] = json!({ "release": command });
        }
        Ok(Manifest { file: FILE.to_owned(), text: format!("{keys:#}") })
    }
}

/// One line of a `Procfile`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcfileLine<'a> {
    /// The name of the process.
    pub name: &'a str,
    /// The command that starts it.
    pub command: &'a str,
    /// The number of the line, from 1.
    pub line: usize,
}

impl Procfile {
    /// Reads the lines: a name, a colon, a command. Empty lines and comments are left out.
    pub fn lines(text: &str) -> Result<Vec<ProcfileLine<'_>>, ManifestError> {
        let mut lines: Vec<ProcfileLine<'_>> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let wrong = |reason: String| ManifestError::Line { file: FILE, line: index + 1, reason };
            let line = line.trim_start_matches('\u{feff}').trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((name, command)) = line.split_once(':').map(|(name, rest)| (name.trim(), rest.trim()))
            else {
                return Err(wrong("has no `:`; write `web: ` and a command".to_owned()));
            };
            let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(allowed) {
                let expected =
                    format!("expected at most {LONGEST_NAME} letters, digits, `-` and `_` before the `:`");
                return Err(wrong(expected));
            }
            if command.is_empty() {
                return Err(wrong(format!("`{name}` has no command")));
            }
            if lines.iter().any(|it| it.name == name) {
                return Err(wrong(format!("`{name}` is there twice")));
            }
            lines.push(ProcfileLine { name, command, line: index + 1 });
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let files = [(FILE.to_owned(), text.to_owned())].into();
        let commit = Commit { files, ..Commit::default() };
        Procfile.read(&commit).map(|manifest| manifest.text).map_err(|error| error.to_string())
    }

    #[test]
    fn web_is_behind_nginx_release_is_a_hook_and_others_serve_nothing() {
        let text = "# Shop\n\nweb: gunicorn shop.wsgi --bind 0.0.0.0:$PORT\r\nworker:  python -c \"print('it: works')\"\nrelease: ./manage.py migrate\n";
        insta::assert_snapshot!(read(text).unwrap(), @r#"
        {
          "hooks": {
            "release": "./manage.py migrate"
          },
          "runners": {
            "web": {
              "cmd": "gunicorn shop.wsgi --bind 0.0.0.0:$PORT",
              "type": "NginxBackend"
            },
            "worker": {
              "cmd": "python -c \"print('it: works')\"",
              "type": "SimpleProcess"
            }
          }
        }
        "#);
    }

    #[test]
    fn a_wrong_line_is_named() {
        let wrong = |text| read(text).unwrap_err();
        assert_eq!(wrong("web: a\nnpm start"), "Procfile:2: has no `:`; write `web: ` and a command");
        assert_eq!(wrong("web: a\n\nweb: b"), "Procfile:3: `web` is there twice");
        assert_eq!(wrong("web:"), "Procfile:1: `web` has no command");
        let expected = "Procfile:1: expected at most 60 letters, digits, `-` and `_` before the `:`";
        assert_eq!(wrong("../web: a"), expected);
        assert_eq!(
            wrong("release: a"),
            "`Procfile` names no process; write `web: ` and the command that starts your server"
        );
    }
}
