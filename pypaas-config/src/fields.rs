//! Reading a mapping key by key: known keys are asked for by name, all others are reported.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, Findings, quote};
use crate::schema::Schema;
use crate::span::Span;
use crate::suggest;
use crate::tree::{Entry, Node, Value};

/// A value together with the key it stands under.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'n> {
    pub(crate) name: &'n str,
    /// The key; for a whole file, the file.
    pub(crate) key: Span,
    pub(crate) node: &'n Node,
}

/// A mapping with known keys.
#[derive(Debug)]
pub(crate) struct Fields<'n> {
    schema: &'static Schema,
    owner: Field<'n>,
    known: BTreeMap<&'n str, &'n Entry>,
    /// Known keys that a mistyped one was probably meant to be; they are not reported as missing as well.
    mistyped: BTreeSet<&'static str>,
}

impl<'n> Field<'n> {
    /// Reads the value as a mapping with the keys of `block`.
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
            findings.add(fields.unknown_key(entry));
        }
        Some(fields)
    }

    /// Reads the value as a mapping whose keys the admin chose; `what` says what stands under each.
    pub(crate) fn named(self, what: &str, findings: &mut Findings) -> Vec<Field<'n>> {
        let Value::Mapping(entries) = &self.node.value else {
            findings.add(self.unexpected(&format!("a mapping of names to {what}")));
            return Vec::new();
        };
        entries.iter().map(Field::of).collect()
    }

    /// Says that the value is not what it should be.
    pub(crate) fn unexpected(&self, expected: &str) -> Finding {
        // An empty value has no text to point at, and a block's first line says nothing about the block.
        let pointless = matches!(self.node.value, Value::Null | Value::Mapping(_));
        let span = if pointless && self.key.bytes.is_some() { self.key } else { self.node.span };
        Finding::error(span, format!("{} is {}", quote(self.name), self.node.describe()))
            .label(format!("expected {expected}"))
    }

    /// Takes an entry of a mapping for a field.
    pub(crate) fn of(entry: &'n Entry) -> Self {
        Field { name: &entry.key, key: entry.key_span, node: &entry.node }
    }
}

impl<'n> Fields<'n> {
    /// Returns a key's value; an empty one counts as absent.
    pub(crate) fn get(&self, key: &str) -> Option<Field<'n>> {
        self.written(key).filter(|field| field.node.value != Value::Null)
    }

    /// Reads a key that may be absent.
    pub(crate) fn optional<T>(
        &self,
        key: &str,
        findings: &mut Findings,
        read: impl FnOnce(&Field<'n>) -> Result<T, Finding>,
    ) -> Option<T> {
        let field = self.get(key)?;
        findings.take(read(&field))
    }

    /// Reads a key whose value nginx will see as it is.
    pub(crate) fn verbatim(&self, key: &'static str, findings: &mut Findings) -> Option<String> {
        let field = self.get(key)?;
        findings.mark_verbatim(key, field.node.span);
        findings.take(field.text())
    }

    /// Reads a key that must be there.
    pub(crate) fn required<T>(
        &self,
        key: &str,
        findings: &mut Findings,
        read: impl FnOnce(&Field<'n>) -> Result<T, Finding>,
    ) -> Option<T> {
        let field = self.require(key, findings)?;
        findings.take(read(&field))
    }

    /// Returns the value of a key that must be there; it may be empty.
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

    /// Returns a key's value, also when it is empty.
    pub(crate) fn written(&self, key: &str) -> Option<Field<'n>> {
        debug_assert!(self.schema.keys.contains(&key), "`{key}` is not in the list of {}", self.schema.name);
        self.known.get(key).copied().map(Field::of)
    }

    fn unknown_key(&mut self, entry: &Entry) -> Finding {
        let keys = self.schema.keys.iter().copied();
        let finding = Finding::error(entry.key_span, format!("unknown key {}", quote(&entry.key)))
            .label(format!("{} has {}", self.schema.name, suggest::all_of(keys.clone()).unwrap_or_default()));
        let nearest = suggest::closest(&entry.key, keys.filter(|key| !self.known.contains_key(key)));
        let elsewhere: Vec<&str> = Schema::with_key(&entry.key).map(|schema| schema.name).collect();
        match nearest {
            Some(meant) if elsewhere.is_empty() || suggest::is_typo(&entry.key, meant) => {
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
