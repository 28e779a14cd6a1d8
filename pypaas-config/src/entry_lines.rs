//! Where an entry of a configuration file is, for advice on what to edit.

use crate::SourceFile;
use crate::finding::Findings;
use crate::source_text::SourceText;
use crate::tree::{self, Entry, Node, Value};

/// The lines of a file that an entry takes: its key and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryLines {
    /// The number of the first line, from 1.
    pub first: usize,
    /// The lines, as they are written.
    pub lines: Vec<String>,
    /// Whether other entries are on these lines, too.
    pub shared: bool,
}

impl EntryLines {
    /// Finds the entry at `path`, which names the keys from the outermost inwards. `None` if the file has no such entry or is
    /// not valid YAML. What an alias refers to is written elsewhere and is not part of it.
    pub fn find(file: &SourceFile, path: &[&str]) -> Option<Self> {
        let (source, _) = SourceText::new(file);
        let root = tree::parse(&source, 0, &mut Findings::default())?;
        let (last, above) = path.split_last()?;
        let parent = above.iter().try_fold(&root, |node, key| Some(&node.get(key)?.node))?;
        let entry = parent.get(last)?;
        let (start, end) = (entry.key_span.bytes?.0 as usize, end_of(entry, &source.text));
        let first = source.position(start).line;
        let last = source.position(end.saturating_sub(1).max(start)).line;
        let range = source.lines(first, last);
        let text = source.text.get(range.clone()).unwrap_or_default();
        let before = source.text.get(range.start..start).unwrap_or_default();
        let after = source.text.get(end..range.end).unwrap_or_default().trim_start();
        let shared = !before.trim_matches([' ', '"', '\'']).is_empty()
            || !(after.is_empty() || after.starts_with('#') || after == "\"" || after == "'");
        Some(Self { first, lines: text.lines().map(str::to_owned).collect(), shared })
    }

    /// Prints the lines with their numbers.
    pub fn numbered(&self) -> String {
        let lines = (self.first..).zip(&self.lines);
        lines.map(|(number, line)| format!("{number:>5} | {line}\n")).collect()
    }
}

/// Returns the byte after the last one of an entry, as far as it is written after its key.
fn end_of(entry: &Entry, text: &str) -> usize {
    let key_end = entry.key_span.bytes.unwrap_or_default().1 as usize;
    key_end.max(end_of_node(&entry.node, text))
}

fn end_of_node(node: &Node, text: &str) -> usize {
    let (start, own) = node.span.bytes.unwrap_or_default();
    let inner = match &node.value {
        Value::Null => return 0,
        Value::Scalar(_) => return text.get(..own as usize).map_or(0, |text| text.trim_end().len()),
        Value::Sequence(items) => items.iter().map(|item| end_of_node(item, text)).max(),
        Value::Mapping(entries) => entries.iter().map(|entry| end_of(entry, text)).max(),
    };
    let start = start as usize;
    let inner = inner.unwrap_or(start);
    match text.get(start..).and_then(|text| text.chars().next()) {
        Some('{' | '[') => end_of_brackets(text, inner.max(start + 1)),
        _ => inner,
    }
}

/// Returns the byte after the bracket that closes a list or mapping whose last value ends at `end`.
fn end_of_brackets(text: &str, end: usize) -> usize {
    let mut is_comment = false;
    for (at, c) in text.get(end..).unwrap_or_default().char_indices() {
        match c {
            '\n' => is_comment = false,
            '#' => is_comment = true,
            '}' | ']' if !is_comment => return end + at + 1,
            _ => {}
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, path: &[&str]) -> Option<String> {
        let file = SourceFile { path: "domains/a.example.yml".into(), text: text.into() };
        let found = EntryLines::find(&file, path)?;
        Some(found.numbered() + if found.shared { "shared" } else { "" })
    }

    #[test]
    fn an_entry_is_its_key_with_all_lines_of_its_value() {
        let text = "# ours\nlocations:\n  /: # home\n    upstream: {repo: a,\n      branch: b, runner: c} # d\n\n  /x:\n    upstream:\n      repo: x\n      runner: 'y'\naliases: [www.a.example]\nlist:\n- one\n- two\n";
        insta::assert_snapshot!(find(text, &["locations", "/"]).unwrap(), @r"
            3 |   /: # home
            4 |     upstream: {repo: a,
            5 |       branch: b, runner: c} # d
        ");
        insta::assert_snapshot!(find(text, &["locations", "/x"]).unwrap(), @r"
            7 |   /x:
            8 |     upstream:
            9 |       repo: x
           10 |       runner: 'y'
        ");
        insta::assert_snapshot!(find(text, &["aliases"]).unwrap(), @"   11 | aliases: [www.a.example]");
        insta::assert_snapshot!(find(text, &["list"]).unwrap(), @r"
           12 | list:
           13 | - one
           14 | - two
        ");
        assert_eq!(find(text, &["locations", "/y"]), None);
        assert_eq!(find("a: [", &["a"]), None);
    }

    #[test]
    fn a_line_that_holds_more_is_shared() {
        let text = "locations: {/: {upstream: {repo: a}}, /x: {upstream: {repo: x}}}\n";
        insta::assert_snapshot!(find(text, &["locations", "/x"]).unwrap(), @r"
            1 | locations: {/: {upstream: {repo: a}}, /x: {upstream: {repo: x}}}
        shared
        ");
    }
}
