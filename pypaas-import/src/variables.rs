//! Variables of an environment, in the forms in which tools print them.

use crate::document::Entry;
use crate::{ImportError, Source, json};

/// A variable, and the line it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) line: usize,
}

/// Reads what a tool exports: a JSON object, or lines for a shell such as `export NAME='value'`.
pub(crate) fn exported(source: &Source) -> Result<Vec<Variable>, ImportError> {
    if source.text.trim_start().starts_with('{') { of_json(source) } else { of_shell(source) }
}

fn of_json(source: &Source) -> Result<Vec<Variable>, ImportError> {
    let mut map = Entry::document(&source.name, json::read(source)?).map()?;
    let variable = |entry: Entry| {
        let (name, line) = (entry.key.clone(), entry.line);
        // The message of `text` names the variable, not its value.
        Ok(Variable { name, value: entry.text()?.to_owned(), line })
    };
    map.rest().into_iter().map(variable).collect()
}

fn of_shell(source: &Source) -> Result<Vec<Variable>, ImportError> {
    let mut variables = Vec::new();
    // Lines up to the one that closes the last quote.
    let (mut begun, mut first) = (String::new(), 1);
    for (number, line) in (1..).zip(source.text.lines()) {
        if begun.is_empty() {
            first = number;
        } else {
            begun.push('\n');
        }
        begun.push_str(line);
        let Some(words) = shlex::split(&begun) else { continue };
        begun.clear();
        for word in words.into_iter().filter(|it| it != "export") {
            let Some((name, value)) = word.split_once('=') else {
                let reason = "is not of the form `export NAME='value'`";
                return Err(ImportError::at(&source.name, first, reason));
            };
            variables.push(Variable { name: name.to_owned(), value: value.to_owned(), line: first });
        }
    }
    if begun.is_empty() {
        return Ok(variables);
    }
    Err(ImportError::at(&source.name, first, "opens a quote that is never closed"))
}

/// Reads lines such as `NAME=value`, without quotes. `$NAME` and `${NAME}` stand for a variable above, where `expands`.
pub(crate) fn plain(source: &Source, expands: bool) -> Result<Vec<Variable>, ImportError> {
    let mut variables: Vec<Variable> = Vec::new();
    for (line, text) in (1..).zip(source.text.lines()) {
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        let Some((name, value)) = text.split_once('=').map(|(name, value)| (name.trim(), value.trim()))
        else {
            return Err(ImportError::at(&source.name, line, "is not of the form `NAME=value`"));
        };
        let value = if expands { expand(value, &variables) } else { value.to_owned() };
        variables.retain(|other| other.name != name);
        variables.push(Variable { name: name.to_owned(), value, line });
    }
    Ok(variables)
}

/// Puts the values of `known` variables in; others stay as they are written.
fn expand(text: &str, known: &[Variable]) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (name, next) = match after.strip_prefix('{').and_then(|it| it.split_once('}')) {
            Some(braced) => braced,
            None => after.split_at(after.find(|c| !is_name(c)).unwrap_or(after.len())),
        };
        match known.iter().find(|it| it.name == name) {
            Some(variable) => expanded.push_str(&variable.value),
            None => expanded.push_str(&rest[before.len()..rest.len() - next.len()]),
        }
        rest = next;
    }
    expanded + rest
}

/// Returns whether a variable that stands in the app's repository looks as if it should not: by its name, or because it is an
/// address with a password in it.
pub(crate) fn looks_secret(name: &str, value: &str) -> bool {
    const WORDS: [&str; 8] = ["SECRET", "PASSWORD", "PASSWD", "TOKEN", "KEY", "CREDENTIAL", "PRIVATE", "DSN"];
    let name = name.to_ascii_uppercase();
    let of_name = name.split('_').any(|part| WORDS.iter().any(|word| part.trim_end_matches('S') == *word));
    let authority = value.split_once("://").map(|(_, rest)| rest.split(['/', '?']).next().unwrap_or(rest));
    let has_password =
        authority.and_then(|it| it.rsplit_once('@')).is_some_and(|(user, _)| user.contains(':'));
    (of_name && !value.is_empty()) || has_password
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source { name: "config".to_owned(), text: text.to_owned() }
    }

    fn shown(variables: Vec<Variable>) -> Vec<String> {
        variables.into_iter().map(|it| format!("{}: {}={:?}", it.line, it.name, it.value)).collect()
    }

    #[test]
    fn exports_of_all_forms_are_read() {
        let shell = "export A='x y'\nexport B='it'\\''s\nmore'\nC=1 D=\"2\"\n";
        assert_eq!(
            shown(exported(&source(shell)).unwrap()),
            ["1: A=\"x y\"", "2: B=\"it's\\nmore\"", "4: C=\"1\"", "4: D=\"2\""]
        );
        let json = "{\n\"A\": \"x\",\n\"B\": 5}";
        assert_eq!(shown(exported(&source(json)).unwrap()), ["2: A=\"x\"", "3: B=\"5\""]);
        let env = "# it\nA=/srv\n\nB = $A/${A}/$HOME\n";
        assert_eq!(shown(plain(&source(env), true).unwrap()), ["2: A=\"/srv\"", "4: B=\"/srv//srv/$HOME\""]);
    }

    #[test]
    fn a_line_that_is_wrong_is_named_and_not_quoted() {
        let wrong = |text| exported(&source(text)).unwrap_err().to_string();
        assert_eq!(wrong("A=1\nhush\n"), "config:2: is not of the form `export NAME='value'`");
        assert_eq!(wrong("A=1\nB='hush\n"), "config:2: opens a quote that is never closed");
        assert_eq!(wrong("{\"A\": [\"hush\"]}"), "config:1: `A` is not a string");
    }

    #[test]
    fn secrets_are_known_by_their_names_and_by_passwords_in_addresses() {
        for secret in ["API_KEY", "SECRETS", "MY_TOKEN", "DB_PASSWORD", "SENTRY_DSN", "secret_key_base"] {
            assert!(looks_secret(secret, "x"), "{secret}");
        }
        assert!(looks_secret("BROKER", "amqp://me:hush@queue/x"));
        for plain in ["KEYBOARD", "NODE_ENV", "MONKEY"] {
            assert!(!looks_secret(plain, "x"), "{plain}");
        }
        assert!(!looks_secret("SITE", "https://example.com:8080/a@b:c"));
    }
}
