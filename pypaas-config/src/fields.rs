//! Decoding of mappings: known keys are read by name, all others are reported.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, Findings, quote};
use crate::foreign_keys::{self, Advice};
use crate::removed_key;
use crate::schema::Schema;
use crate::span::Span;
use crate::tree::{Entry, Node, Value};
use crate::{RunnerType, suggest};

/// A value and its key.
#[derive(Debug, Clone, Copy)]
pub struct Field<'n> {
    pub(crate) name: &'n str,
    /// The span of the key; for the root of a file, the whole file.
    pub(crate) key: Span,
    pub(crate) node: &'n Node,
}

/// A mapping with known keys.
#[derive(Debug)]
pub(crate) struct Fields<'n> {
    schema: &'static Schema,
    owner: Field<'n>,
    known: BTreeMap<&'n str, &'n Entry>,
    /// Known keys that are probably misspelled in the file; they are not reported as missing.
    mistyped: BTreeSet<&'static str>,
}

impl<'n> Field<'n> {
    /// Decodes the value as a mapping with the keys of `schema`.
    pub(crate) fn fields(self, schema: &'static Schema, findings: &mut Findings) -> Option<Fields<'n>> {
        let Value::Mapping(entries) = &self.node.value else {
            let keys = suggest::all_of(schema.keys.iter().copied()).unwrap_or_default();
            findings.add(self.unexpected(&format!("a mapping with {keys}")));
            return None;
        };
        let (known, unknown): (Vec<_>, Vec<_>) =
            entries.iter().partition(|entry| schema.keys.contains(&entry.key.as_str()));
        let known = known.into_iter().map(|entry| (entry.key.as_str(), entry)).collect();
        let mut fields = Fields { schema, owner: self, known, mistyped: BTreeSet::new() };
        for entry in unknown {
            let finding = fields.unknown_key(entry, &findings.runner_types());
            findings.add(finding);
        }
        Some(fields)
    }

    /// Decodes the value as a mapping with arbitrary keys; `what` describes its values, for messages.
    pub(crate) fn named(self, what: &str, findings: &mut Findings) -> Vec<Field<'n>> {
        let Value::Mapping(entries) = &self.node.value else {
            findings.add(self.unexpected(&format!("a mapping of names to {what}")));
            return Vec::new();
        };
        entries.iter().map(Field::of).collect()
    }

    /// Creates the error that the value is not what was `expected`.
    pub fn unexpected(&self, expected: &str) -> Finding {
        // An empty value has no text to point at, and the first line of a mapping is misleading.
        let pointless = matches!(self.node.value, Value::Null | Value::Mapping(_));
        let span = if pointless && self.key.bytes.is_some() { self.key } else { self.node.span };
        Finding::error(span, format!("{} is {}", quote(self.name), self.node.describe()))
            .label(format!("expected {expected}"))
    }

    /// Creates a field from an entry of a mapping.
    pub(crate) fn of(entry: &'n Entry) -> Self {
        Field { name: &entry.key, key: entry.key_span, node: &entry.node }
    }
}

impl<'n> Fields<'n> {
    /// Returns the value of `key`; an empty value counts as absent.
    pub(crate) fn get(&self, key: &str) -> Option<Field<'n>> {
        self.written(key).filter(|field| field.node.value != Value::Null)
    }

    /// Decodes an optional key.
    pub(crate) fn optional<T>(
        &self,
        key: &str,
        findings: &mut Findings,
        read: impl FnOnce(&Field<'n>) -> Result<T, Finding>,
    ) -> Option<T> {
        let field = self.get(key)?;
        findings.take(read(&field))
    }

    /// Decodes an optional key whose value is copied verbatim into nginx's files.
    pub(crate) fn verbatim(&self, key: &'static str, findings: &mut Findings) -> Option<String> {
        let field = self.get(key)?;
        findings.mark_verbatim(key, field.node.span);
        findings.take(field.text())
    }

    /// Decodes a required key.
    pub(crate) fn required<T>(
        &self,
        key: &str,
        findings: &mut Findings,
        read: impl FnOnce(&Field<'n>) -> Result<T, Finding>,
    ) -> Option<T> {
        let field = self.require(key, findings)?;
        findings.take(read(&field))
    }

    /// Returns the value of a required key; it may be empty.
    pub(crate) fn require(&self, key: &str, findings: &mut Findings) -> Option<Field<'n>> {
        let field = self.written(key);
        if field.is_none() && !self.mistyped.contains(key) {
            let span = if self.owner.key.bytes.is_some() { self.owner.key } else { self.owner.node.span };
            findings.add(
                Finding::error(span, format!("{} has no {}", quote(self.owner.name), quote(key)))
                    .label(format!("expected the key `{key}` in {}", self.schema.name)),
            );
        }
        field
    }

    /// Returns whether `key` is probably there, but misspelled.
    pub(crate) fn mistyped(&self, key: &str) -> bool {
        self.mistyped.contains(key)
    }

    /// Returns the value of `key`, also if it is empty.
    pub(crate) fn written(&self, key: &str) -> Option<Field<'n>> {
        debug_assert!(self.schema.keys.contains(&key), "`{key}` is not in the list of {}", self.schema.name);
        self.known.get(key).copied().map(Field::of)
    }

    fn unknown_key(&mut self, entry: &Entry, types: &[RunnerType]) -> Finding {
        if let Some(finding) = removed_key::finding(self.schema, entry) {
            return finding;
        }
        let keys = self.schema.keys.iter().copied();
        let finding = Finding::error(entry.key_span, format!("unknown key {}", quote(&entry.key)))
            .label(format!("{} has {}", self.schema.name, suggest::all_of(keys.clone()).unwrap_or_default()));
        let nearest = suggest::closest(&entry.key, keys.filter(|key| !self.known.contains_key(key)));
        if let Some(meant) = nearest.filter(|meant| suggest::is_typo(&entry.key, meant)) {
            self.mistyped.insert(meant);
            return finding.help(format!("did you mean `{meant}`?"));
        }
        match foreign_keys::advice(self.schema, &entry.key) {
            Some(Advice::Key(meant)) => {
                if !self.known.contains_key(meant) {
                    self.mistyped.insert(meant);
                }
                return finding.help(format!("use `{meant}`"));
            }
            Some(Advice::Text(advice)) => return finding.help(advice),
            None => {}
        }
        let elsewhere: Vec<&str> = Schema::with_key(&entry.key, types).map(|schema| schema.name).collect();
        match nearest {
            Some(meant) if elsewhere.is_empty() => {
                self.mistyped.insert(meant);
                finding.help(format!("did you mean `{meant}`?"))
            }
            _ => match suggest::all_of(elsewhere) {
                Some(schemas) => finding.help(format!("`{}` is a key of {schemas}", entry.key)),
                None => finding,
            },
        }
    }
}
