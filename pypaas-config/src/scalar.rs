//! Decoding of single values: strings, commands, booleans, numbers, paths.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use crate::fields::Field;
use crate::finding::{Finding, quote};
use crate::suggest;
use crate::tree::{Node, Scalar, Value};

impl Field<'_> {
    /// Decodes a string; numbers and booleans keep their spelling.
    pub fn text(&self) -> Result<String, Finding> {
        let text = self.scalar("a string")?.text.clone();
        if text.contains('\0') {
            return Err(self.unexpected(
                "a string without NUL characters, which environment variables and arguments cannot contain",
            ));
        }
        Ok(text)
    }

    /// Returns whether the value is the word `word`.
    pub(crate) fn is(&self, word: &str) -> bool {
        matches!(&self.node.value, Value::Scalar(scalar) if scalar.text == word)
    }

    /// Decodes a shell command.
    pub fn command(&self) -> Result<String, Finding> {
        let expected = "a shell command";
        self.scalar(expected)?;
        let text = self.text()?;
        if text.trim().is_empty() { Err(self.unexpected(expected)) } else { Ok(text) }
    }

    /// Reads a string or a list of strings.
    pub fn texts(&self) -> Result<Vec<String>, Finding> {
        match &self.node.value {
            Value::Sequence(items) => items.iter().map(|item| self.item(item).text()).collect(),
            Value::Mapping(_) => Err(self.unexpected("a string or a list of strings")),
            Value::Null | Value::Scalar(_) => Ok(vec![self.text()?]),
        }
    }

    /// Decodes a boolean, in any spelling of YAML 1.1.
    pub fn boolean(&self) -> Result<bool, Finding> {
        let expected = "true or false";
        let scalar = self.scalar(expected)?;
        match scalar.text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" if scalar.literal => Ok(true),
            "false" | "no" | "off" if scalar.literal => Ok(false),
            "true" | "yes" | "on" | "false" | "no" | "off" => {
                Err(self.unexpected(expected).help("remove the quotes"))
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    /// Decodes an integer from `least` to `most`.
    pub fn number(&self, least: u16, most: u16) -> Result<u16, Finding> {
        let expected = format!("a whole number from {least} to {most}");
        let scalar = self.scalar(&expected)?;
        let decimal = scalar.text == "0" || !scalar.text.starts_with('0');
        let digits =
            decimal && !scalar.text.is_empty() && scalar.text.bytes().all(|byte| byte.is_ascii_digit());
        if digits && !scalar.literal {
            return Err(self.unexpected(&expected).help("remove the quotes"));
        }
        match scalar.text.parse() {
            Ok(number) if digits && (least..=most).contains(&number) => Ok(number),
            _ => Err(self.unexpected(&expected)),
        }
    }

    /// Decodes one of the given words.
    pub fn one_of<T: Copy>(&self, choices: &[(&str, T)]) -> Result<T, Finding> {
        let words = || choices.iter().map(|(word, _)| *word);
        let expected = suggest::any_of(words()).unwrap_or_default();
        let text = &self.scalar(&expected)?.text;
        match choices.iter().find(|(word, _)| word == text) {
            Some((_, choice)) => Ok(*choice),
            None => {
                let finding = self.unexpected(&expected);
                Err(match suggest::closest(text, words()) {
                    Some(meant) => finding.help(format!("did you mean `{meant}`?")),
                    None => finding,
                })
            }
        }
    }

    /// Decodes an absolute path.
    pub fn absolute_path(&self) -> Result<Utf8PathBuf, Finding> {
        let expected = "an absolute path";
        let path = self.path(expected)?;
        if path.starts_with('/') { Ok(path.into()) } else { Err(self.unexpected(expected)) }
    }

    /// Reads an absolute path, or a path that begins with `~/`, the deploy user's home.
    pub fn path_from_home(&self) -> Result<String, Finding> {
        let expected = "an absolute path, or a path that begins with `~/`";
        let path = self.path(expected)?;
        if !path.starts_with('/') && !path.starts_with("~/") {
            return Err(self.unexpected(expected));
        }
        // The names of other directories are derived from this one.
        match path.trim_end_matches('/') {
            "" | "~" => Err(self.unexpected("a directory within `/` or `~/`")),
            path => Ok(path.to_owned()),
        }
    }

    /// Decodes a directory in the checkout, as a relative path; `.` is the checkout itself.
    pub fn path_in_checkout(&self) -> Result<Utf8PathBuf, Finding> {
        let expected = "a directory of the checkout";
        let path = self.path(expected)?;
        let mut inside = Utf8PathBuf::new();
        for component in Utf8Path::new(&path).components() {
            match component {
                Utf8Component::Normal(part) => inside.push(part),
                Utf8Component::CurDir => {}
                Utf8Component::ParentDir => {
                    return Err(self.unexpected(expected).help("`..` would leave the checkout"));
                }
                Utf8Component::RootDir | Utf8Component::Prefix(_) => {
                    let relative = path.trim_start_matches('/');
                    return Err(self.unexpected("a path relative to the checkout").help(
                        if relative.is_empty() {
                            "omit the key to serve the root of the checkout".to_owned()
                        } else {
                            format!("did you mean {}?", quote(relative))
                        },
                    ));
                }
            }
        }
        Ok(inside)
    }

    /// Decodes a path that is used in generated files. nginx has no escape for `$`.
    fn path(&self, expected: &str) -> Result<String, Finding> {
        let path = &self.scalar(expected)?.text;
        if path.is_empty() {
            Err(self.unexpected(expected))
        } else if path.chars().any(|c| c.is_control() || c == '$') {
            Err(self.unexpected(&format!("{expected}, without `$` or control characters")))
        } else {
            Ok(path.clone())
        }
    }

    /// Decodes a scalar, in its own spelling; `expected` describes it for the error.
    pub fn word(&self, expected: &str) -> Result<&str, Finding> {
        self.scalar(expected).map(|scalar| scalar.text.as_str())
    }

    /// Returns the value if it is a scalar.
    pub(crate) fn scalar(&self, expected: &str) -> Result<&Scalar, Finding> {
        match &self.node.value {
            Value::Scalar(scalar) => Ok(scalar),
            _ => Err(self.unexpected(expected)),
        }
    }

    /// Creates a field for one item of a list.
    pub(crate) fn item<'i>(&'i self, node: &'i Node) -> Field<'i> {
        // An item has no key; the span of the item is the best position for messages.
        Field { name: self.name, key: node.span, node }
    }
}
