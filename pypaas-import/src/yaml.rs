//! YAML as a [`Node`].

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_yaml::Spanned;

use crate::document::{Node, Value};
use crate::{ImportError, Source};

/// Reads a document; aliases and `<<` stand for what they refer to.
pub(crate) fn read(source: &Source) -> Result<Node, ImportError> {
    let options = serde_yaml::options! { with_snippet: false };
    match serde_yaml::from_str_with_options::<Spanned<Raw>>(&source.text, options) {
        Ok(raw) => Ok(node(raw)),
        Err(error) => {
            let line = error.location().map_or(1, |location| number(location.line()).max(1));
            let reason = error.to_string();
            let reason = reason.lines().next().unwrap_or_default();
            Err(ImportError::at(&source.name, line, format!("invalid YAML: {reason}")))
        }
    }
}

fn node(raw: Spanned<Raw>) -> Node {
    let line = number(raw.referenced.line()).max(1);
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Text(text) => Value::Scalar(text),
        Raw::List(items) => Value::List(items.into_iter().map(node).collect()),
        Raw::Map(entries) => {
            let entry = |(key, value): (Spanned<String>, Spanned<Raw>)| {
                let line = number(key.referenced.line()).max(1);
                (key.value, line, node(value))
            };
            Value::Map(entries.into_iter().map(entry).collect())
        }
    };
    Node { line, value }
}

fn number(line: u64) -> usize {
    usize::try_from(line).unwrap_or(usize::MAX)
}

/// A value from the library. Of numbers and booleans the value counts, not the spelling: Ruby, too, makes `true` of `yes`.
enum Raw {
    Null,
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_string()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}
