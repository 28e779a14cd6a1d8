//! JSON as a [`Node`]: serde_json says whether it is right, and a walk over the text finds the lines.

use serde_json::Value as Json;

use crate::document::{Node, Value};
use crate::{ImportError, Source};

/// Reads a document.
pub(crate) fn read(source: &Source) -> Result<Node, ImportError> {
    let text = source.text.trim_start_matches('\u{feff}');
    let json: Json = serde_json::from_str(text).map_err(|error| {
        // Its line is in front already.
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default();
        ImportError::at(&source.name, error.line().max(1), format!("invalid JSON: {reason}"))
    })?;
    drop(json);
    Ok(Walk { rest: text, line: 1 }.value())
}

/// A walk over a text that is JSON.
struct Walk<'a> {
    rest: &'a str,
    line: usize,
}

impl Walk<'_> {
    fn value(&mut self) -> Node {
        let first = self.next();
        let line = self.line;
        let value = match first {
            Some('{') => Value::Map(self.map()),
            Some('[') => Value::List(self.list()),
            Some('"') => Value::Scalar(self.string()),
            _ => match self.word() {
                "null" => Value::Null,
                word => Value::Scalar(word.to_owned()),
            },
        };
        Node { line, value }
    }

    fn map(&mut self) -> Vec<(String, usize, Node)> {
        let mut entries: Vec<(String, usize, Node)> = Vec::new();
        self.advance(1);
        while let Some('"') = self.after_comma() {
            let line = self.line;
            let key = self.string();
            if self.next() == Some(':') {
                self.advance(1);
            }
            let node = self.value();
            // The last one counts, as everywhere in JSON.
            entries.retain(|(other, ..)| *other != key);
            entries.push((key, line, node));
        }
        self.advance(1);
        entries
    }

    fn list(&mut self) -> Vec<Node> {
        let mut items = Vec::new();
        self.advance(1);
        while self.after_comma().is_some_and(|c| c != ']') {
            items.push(self.value());
        }
        self.advance(1);
        items
    }

    /// Reads a string, with its quotes.
    fn string(&mut self) -> String {
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, c)| {
            let is_end = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            is_end
        });
        let length = end.map_or(self.rest.len(), |(at, _)| at + 1);
        let text = serde_json::from_str(&self.rest[..length]).unwrap_or_default();
        self.advance(length);
        text
    }

    /// Reads a number, `true`, `false` or `null`.
    fn word(&mut self) -> &str {
        let end = self.rest.find(|c: char| c.is_whitespace() || ",]}".contains(c));
        let word = &self.rest[..end.unwrap_or(self.rest.len())];
        self.rest = &self.rest[word.len()..];
        word
    }

    fn after_comma(&mut self) -> Option<char> {
        if self.next() == Some(',') {
            self.advance(1);
        }
        self.next()
    }

    /// Returns the next character that is not white space.
    fn next(&mut self) -> Option<char> {
        let length = self.rest.len() - self.rest.trim_start().len();
        self.advance(length);
        self.rest.chars().next()
    }

    fn advance(&mut self, length: usize) {
        let (passed, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.line += passed.matches('\n').count();
        self.rest = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Node, ImportError> {
        read(&Source { name: "app.json".to_owned(), text: text.to_owned() })
    }

    #[test]
    fn keys_have_lines_and_values_their_spelling() {
        let text = "{\n \"a\": \"x\\\"\\u00e9\\\\\",\n\n \"b\": [1.50, true,\n null, {}], \"c\": {\"d\":\n\"e\"}\n}\n";
        let Value::Map(entries) = parse(text).unwrap().value else { panic!() };
        let lines: Vec<(&str, usize)> = entries.iter().map(|(key, line, _)| (key.as_str(), *line)).collect();
        assert_eq!(lines, [("a", 2), ("b", 4), ("c", 5)]);
        assert_eq!(entries[0].2.value, Value::Scalar("x\"é\\".to_owned()));
        let Value::List(items) = &entries[1].2.value else { panic!() };
        assert_eq!(items[0], Node { line: 4, value: Value::Scalar("1.50".to_owned()) });
        assert_eq!(items[2], Node { line: 5, value: Value::Null });
        assert_eq!(items[3], Node { line: 5, value: Value::Map(Vec::new()) });
    }

    #[test]
    fn what_is_no_json_is_named_with_its_line() {
        let error = parse("{\n  \"a\": 1,\n}\n").unwrap_err();
        assert_eq!(error.to_string(), "app.json:3: invalid JSON: trailing comma");
    }
}
