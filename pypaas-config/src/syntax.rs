//! What is wrong with a text that is not YAML, in words that help.

use crate::finding::Finding;
use crate::source_text::SourceText;
use crate::span::Span;

/// Words of the YAML library's message; what to say instead, what to put beside the caret, and what to do about it.
/// The first row that matches counts.
const EXPLAINED: [(&str, &str, &str, &str); 20] = [
    (
        "tabs disallowed",
        "a tab indents this line",
        "expected spaces",
        "YAML is indented with spaces; replace the tab",
    ),
    (
        "found a tab",
        "a tab follows this value",
        "expected spaces",
        "YAML is indented with spaces; replace the tab",
    ),
    (
        "multiple YAML documents",
        "the file holds more than one YAML document",
        "a second document begins here",
        "remove the `---` between them",
    ),
    (
        "mapping values are not allowed",
        "a `:` is not allowed here",
        "a value already stands on this line, or the line is indented too far",
        "put a value that contains `: ` into quotes; keys of one mapping begin in the same column",
    ),
    ("unclosed bracket", "a bracket is never closed", "opened here", ""),
    (
        "expected ',' or",
        "a bracket above is not closed, or a `,` is missing",
        "expected `,` or the closing bracket before this",
        "",
    ),
    ("unclosed quote", "a quote is never closed", "opened here", ""),
    (
        "multiline quoted scalar",
        "a quoted text goes on in a line that is not indented",
        "the text goes on here",
        "close the quote, or indent the lines that belong to it",
    ),
    ("unexpected end of plain", "the text ends in the middle of a value", "", ""),
    (
        "unknown escape character",
        "an unknown escape in double quotes",
        "the text begins here",
        r"write `\\` for a backslash, or use single quotes, in which nothing is escaped",
    ),
    (
        "unexpected character",
        "a value cannot begin with this character",
        "expected a value",
        "put the value into quotes",
    ),
    (
        "did not find expected key",
        "this line does not fit the lines above it",
        "expected a key in the same column as the keys above",
        "check the indentation",
    ),
    ("simple key expect", "expected `:` after this key", "expected `key: value`", ""),
    ("could not find expected ':'", "expected `:` after this key", "expected `key: value`", ""),
    (
        "unknown anchor",
        "an alias of something that has no name",
        "no `&…` with this name stands above",
        "put a text that begins with `*` into quotes",
    ),
    ("recursive references", "an alias that contains itself", "expected an alias of something complete", ""),
    ("recursion limit", "the file nests too deeply", "expected at most 40 levels", ""),
    ("Depth", "the file nests too deeply", "expected at most 40 levels", ""),
    (
        "budget breached",
        "the file expands to too many values",
        "expected at most 50,000, aliases included",
        "",
    ),
    (
        "unsupported tag",
        "an unknown tag",
        "expected a plain value",
        "put a text that begins with `!` into quotes",
    ),
];

/// Explains the library's `error`.
pub(crate) fn explain(error: &str, span: Span, source: &SourceText) -> Finding {
    let span = visible(span, source);
    for (words, message, label, help) in EXPLAINED {
        if error.contains(words) {
            let finding = Finding::error(span, message).label(label);
            return if help.is_empty() { finding } else { finding.help(help) };
        }
    }
    let words = error.split(" at line ").next().unwrap_or(error);
    Finding::error(span, format!("not valid YAML: {words}"))
}

/// Moves a place at the end of the text to its last line with something on it, so that there is a line to show.
fn visible(span: Span, source: &SourceText) -> Span {
    let written = source.text.trim_end().len();
    match span.bytes {
        Some((start, _)) if start as usize > written => Span::new(span.file, written, written),
        _ => span,
    }
}
