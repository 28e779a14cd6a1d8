//! YAML as a tree with source positions. The only module that uses the YAML library.
//!
//! Scalars keep their spelling. The library converts a plain scalar (`1.10` to a number, `yes` to a boolean), so the
//! spelling is taken from its position in the text.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_yaml::options::NonFiniteFloatPolicy;
use serde_yaml::{DuplicateKeyPolicy, MergeKeyPolicy, Options, Spanned};

use crate::finding::{Finding, Findings, quote};
use crate::source_text::SourceText;
use crate::span::Span;
use crate::syntax;

/// Keeps hostile files from exhausting the stack.
const MAX_DEPTH: usize = 40;
/// Limits the expansion of nested aliases.
const MAX_EVENTS: usize = 50_000;
/// Far more than a configuration with a thousand branches needs.
pub(crate) const MAX_FILE_SIZE: usize = 1 << 20;

/// One value and its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

/// The value of a [`Node`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// Empty, `~` or `null`.
    Null,
    /// A string, number or boolean.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values, in the order of the file; no key occurs twice.
    Mapping(Vec<Entry>),
}

/// A scalar with its spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scalar {
    /// Its spelling, without quotes.
    pub(crate) text: String,
    /// Whether YAML reads it as a number or a boolean: true for `4` and `yes`, false for `"4"` and `30s`.
    pub(crate) literal: bool,
}

/// One key of a mapping, and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) node: Node,
}

/// Parses `source`, the text of file number `file`. Returns `None` if it is not valid YAML.
pub(crate) fn parse(source: &SourceText, file: u32, findings: &mut Findings) -> Option<Node> {
    if source.text.len() > MAX_FILE_SIZE {
        findings.add(
            Finding::error(Span::whole_file(file), "the file is larger than 1 MiB")
                .label("expected a configuration file"),
        );
        return None;
    }
    match serde_yaml::from_str_with_options::<Spanned<Raw>>(&source.text, options()) {
        Ok(raw) => {
            let root = Reader { source, file, findings }.node(raw);
            // The library puts an empty document after the comments, where there is no line to show.
            let span = if root.value == Value::Null { Span::new(file, 0, 0) } else { root.span };
            Some(Node { span, ..root })
        }
        Err(error) => {
            let span = error.location().and_then(|location| location_span(location, source, file));
            findings.add(syntax::explain(&error.to_string(), span.unwrap_or(Span::whole_file(file)), source));
            None
        }
    }
}

fn options() -> Options {
    let mut options = serde_yaml::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    options.budget = serde_yaml::budget! { max_events: MAX_EVENTS, max_depth: MAX_DEPTH };
    options
}

/// Converts a location of the library to a span; syntax errors have only character offsets.
fn location_span(location: serde_yaml::Location, source: &SourceText, file: u32) -> Option<Span> {
    if location == serde_yaml::Location::UNKNOWN {
        return None;
    }
    let span = location.span();
    let number = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
    let (start, end) = match (span.byte_offset(), span.byte_len()) {
        (Some(start), Some(length)) => (number(start), number(start).saturating_add(number(length))),
        _ => {
            let start = number(span.offset());
            (
                source.byte_of_character(start),
                source.byte_of_character(start.saturating_add(number(span.len()))),
            )
        }
    };
    Some(Span::new(file, start, end))
}

/// A value from the library; the spelling of literals is not known yet.
enum Raw {
    Null,
    Text(String),
    Literal,
    Sequence(Vec<Spanned<Raw>>),
    Mapping(Vec<(Spanned<Raw>, Spanned<Raw>)>),
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

    fn visit_bool<E: Error>(self, _: bool) -> Result<Raw, E> {
        Ok(Raw::Literal)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Raw, E> {
        Ok(Raw::Literal)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Raw, E> {
        Ok(Raw::Literal)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Literal)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Mapping(entries))
    }
}

/// Converts raw values to nodes, and reports keys that are not scalars or occur twice.
struct Reader<'a> {
    source: &'a SourceText,
    file: u32,
    findings: &'a mut Findings,
}

impl Reader<'_> {
    fn node(&mut self, raw: Spanned<Raw>) -> Node {
        let span = location_span(raw.defined, self.source, self.file).unwrap_or(Span::whole_file(self.file));
        let value = match raw.value {
            Raw::Null => Value::Null,
            Raw::Text(text) => Value::Scalar(Scalar { text, literal: false }),
            Raw::Literal => Value::Scalar(Scalar { text: self.spelling(span), literal: true }),
            Raw::Sequence(items) => Value::Sequence(items.into_iter().map(|item| self.node(item)).collect()),
            Raw::Mapping(entries) => Value::Mapping(self.entries(entries)),
        };
        Node { span, value }
    }

    fn spelling(&self, span: Span) -> String {
        let (start, end) = span.bytes.unwrap_or_default();
        let text = self.source.text.get(start as usize..end as usize).unwrap_or_default().trim();
        // Only tagged values such as `!!int "5"` are both quoted and literal.
        text.trim_matches(['"', '\'']).to_owned()
    }

    fn entries(&mut self, raw: Vec<(Spanned<Raw>, Spanned<Raw>)>) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut first_places: BTreeMap<String, Span> = BTreeMap::new();
        let mut merged = Vec::new();
        for (raw_key, raw_value) in raw {
            let plain = matches!(raw_key.value, Raw::Text(_));
            let (key_node, node) = (self.node(raw_key), self.node(raw_value));
            let key_span = key_node.span;
            let Value::Scalar(Scalar { text: key, .. }) = key_node.value else {
                let found = key_node.describe();
                let finding = Finding::error(key_span, format!("a key is {found}"));
                self.findings.add(finding.label("expected a name").help("quote the key"));
                continue;
            };
            if plain && key == "<<" {
                self.merge(node, &mut merged);
            } else if let Some(first) = first_places.get(&key) {
                let finding = Finding::error(key_span, format!("duplicate key {}", quote(&key)));
                self.findings.add(finding.label("duplicate").also(*first, "first occurrence"));
            } else {
                first_places.insert(key.clone(), key_span);
                entries.push(Entry { key, key_span, node });
            }
        }
        for entry in merged {
            if !first_places.contains_key(&entry.key) {
                first_places.insert(entry.key.clone(), entry.key_span);
                entries.push(entry);
            }
        }
        entries
    }

    /// Collects the entries that `<<` merges: a mapping, or a list of mappings where earlier ones win.
    fn merge(&mut self, node: Node, merged: &mut Vec<Entry>) {
        match node.value {
            Value::Mapping(entries) => merged.extend(entries),
            Value::Sequence(items) if items.iter().all(|item| matches!(item.value, Value::Mapping(_))) => {
                items.into_iter().for_each(|item| self.merge(item, merged));
            }
            _ => self.findings.add(
                Finding::error(node.span, format!("`<<` merges {}", node.describe()))
                    .label("expected an alias of a mapping, such as `*defaults`"),
            ),
        }
    }
}

impl Node {
    /// Returns the entry with `key`, if this is a mapping that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Mapping(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// Describes the value for a message: `` `maybe` ``, `a list`, `empty`.
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            Value::Null => "empty".to_owned(),
            Value::Scalar(scalar) if scalar.text.is_empty() => "an empty string".to_owned(),
            Value::Scalar(scalar) => quote(&scalar.text),
            Value::Sequence(items) if items.is_empty() => "an empty list".to_owned(),
            Value::Sequence(_) => "a list".to_owned(),
            Value::Mapping(entries) if entries.is_empty() => "an empty mapping".to_owned(),
            Value::Mapping(_) => "a mapping".to_owned(),
        }
    }
}
