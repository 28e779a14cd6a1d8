//! The environment of commands and processes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Names and values a command or process finds in its environment; nothing else is inherited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Sets `name` to `value`, over what was there.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// Sets all of `pairs`, over what was there.
    pub fn extend(&mut self, pairs: impl IntoIterator<Item = (String, String)>) {
        self.0.extend(pairs);
    }

    /// Puts `directory` in front of `PATH`.
    pub fn prepend_path(&mut self, directory: &str) {
        let path = match self.0.get("PATH") {
            Some(rest) if !rest.is_empty() => format!("{directory}:{rest}"),
            _ => directory.to_owned(),
        };
        self.set("PATH", path);
    }

    /// Returns the value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Lists names and values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}
