//! A YAML or JSON document whose keys are taken one by one: what nobody took is left, and can be listed.

use std::rc::Rc;

use crate::ImportError;

/// A value, and the line it begins on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) line: usize,
    pub(crate) value: Value,
}

/// The value of a [`Node`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    /// A string, number or boolean, as it is spelled.
    Scalar(String),
    List(Vec<Node>),
    /// Keys, each with its line, and their values.
    Map(Vec<(String, usize, Node)>),
}

/// A value with the file and the keys that lead to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) file: Rc<str>,
    pub(crate) line: usize,
    /// Its own key.
    pub(crate) key: String,
    /// All keys down to it, such as `proxy.healthcheck.path`.
    pub(crate) path: String,
    pub(crate) value: Value,
}

/// A mapping whose keys are taken one by one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Map {
    entries: Vec<Entry>,
}

impl Entry {
    /// Returns the document `node` of `file`.
    pub(crate) fn document(file: &str, node: Node) -> Self {
        Self {
            file: file.into(),
            line: node.line,
            key: String::new(),
            path: String::new(),
            value: node.value,
        }
    }

    /// Fails because the value is not what was `expected`.
    pub(crate) fn wrong(&self, expected: &str) -> ImportError {
        let what = if self.path.is_empty() { "the document".to_owned() } else { format!("`{}`", self.path) };
        ImportError::at(&self.file, self.line, format!("{what} is not {expected}"))
    }

    pub(crate) fn text(&self) -> Result<&str, ImportError> {
        match &self.value {
            Value::Scalar(text) => Ok(text),
            Value::Null => Ok(""),
            _ => Err(self.wrong("a string")),
        }
    }

    pub(crate) fn number(&self) -> Result<u64, ImportError> {
        self.text()?.replace('_', "").parse().map_err(|_| self.wrong("a whole number"))
    }

    pub(crate) fn boolean(&self) -> Result<bool, ImportError> {
        match self.text()? {
            "true" | "yes" | "on" => Ok(true),
            "false" | "no" | "off" => Ok(false),
            _ => Err(self.wrong("true or false")),
        }
    }

    /// Returns the values of a list, or the value as the only one.
    pub(crate) fn items(self) -> Vec<Entry> {
        let Self { file, line, key, path, value } = self;
        let item = |node: Node| Entry {
            file: Rc::clone(&file),
            line: node.line,
            key: key.clone(),
            path: path.clone(),
            value: node.value,
        };
        match value {
            Value::List(items) => items.into_iter().map(item).collect(),
            Value::Null => Vec::new(),
            value => vec![item(Node { line, value })],
        }
    }

    /// Returns its keys; no value has none.
    pub(crate) fn map(self) -> Result<Map, ImportError> {
        let nodes = match self.value {
            Value::Map(nodes) => nodes,
            Value::Null => Vec::new(),
            _ => return Err(self.wrong("a mapping")),
        };
        let entry = |(key, line, node): (String, usize, Node)| {
            let path = if self.path.is_empty() { key.clone() } else { format!("{}.{key}", self.path) };
            Entry { file: Rc::clone(&self.file), line, key, path, value: node.value }
        };
        Ok(Map { entries: nodes.into_iter().map(entry).collect() })
    }

    /// Returns whether it is a mapping.
    pub(crate) fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }
}

impl Map {
    /// Returns a mapping that has `entry` at `key`, and nothing else.
    pub(crate) fn of_one(key: &str, entry: Entry) -> Self {
        Self { entries: vec![Entry { key: key.to_owned(), ..entry }] }
    }

    /// Takes the value of `key` out.
    pub(crate) fn take(&mut self, key: &str) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(at))
    }

    /// Takes the mapping at `key` out; an empty one if there is none.
    pub(crate) fn take_map(&mut self, key: &str) -> Result<Map, ImportError> {
        self.take(key).map_or_else(|| Ok(Map::default()), Entry::map)
    }

    /// Takes the values of the list at `key` out; none if there is no list.
    pub(crate) fn take_items(&mut self, key: &str) -> Vec<Entry> {
        self.take(key).map(Entry::items).unwrap_or_default()
    }

    /// Takes the values out whose keys are `wanted`.
    pub(crate) fn take_where(&mut self, wanted: impl Fn(&str) -> bool) -> Vec<Entry> {
        let (taken, left) = self.rest().into_iter().partition(|entry| wanted(&entry.key));
        self.entries = left;
        taken
    }

    /// Takes everything out that is left.
    pub(crate) fn rest(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.entries)
    }
}
