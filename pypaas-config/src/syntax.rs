//! Explanations of YAML syntax errors.

use crate::finding::Finding;
use crate::source_text::SourceText;
use crate::span::Span;

/// A part of the YAML library's message; our message, the label at the caret, and the advice. The first match is used.
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
        "the file contains more than one YAML document",
        "a second document begins here",
        "remove the `---` between them",
    ),
    (
        "mapping values are not allowed",
        "a `:` is not allowed here",
        "there is already a value on this line, or the line is indented too far",
        "quote a value that contains `: `; the keys of a mapping must begin in the same column",
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
        "a quoted string continues on a line that is not indented",
        "the string continues here",
        "close the quote, or indent the lines that continue it",
    ),
    ("unexpected end of plain", "the file ends in the middle of a value", "", ""),
    (
        "unknown escape character",
        "unknown escape in double quotes",
        "the string begins here",
        r"write `\\` for a backslash, or use single quotes, which have no escapes",
    ),
    (
        "unexpected character",
        "a value cannot begin with this character",
        "expected a value",
        "quote the value",
    ),
    (
        "did not find expected key",
        "this line does not match the lines above it",
        "expected a key in the same column as the keys above",
        "check the indentation",
    ),
    ("simple key expect", "expected `:` after this key", "expected `key: value`", ""),
    ("could not find expected ':'", "expected `:` after this key", "expected `key: value`", ""),
    (
        "unknown anchor",
        "unknown alias",
        "expected an anchor `&…` with this name above",
        "quote a value that begins with `*`",
    ),
    ("recursive references", "an alias that contains itself", "expected an alias of a complete value", ""),
    ("recursion limit", "the file is nested too deeply", "expected at most 40 levels", ""),
    ("Depth", "the file is nested too deeply", "expected at most 40 levels", ""),
    (
        "budget breached",
        "the file expands to too many values",
        "expected at most 50,000, aliases included",
        "",
    ),
    ("unsupported tag", "unknown tag", "expected a plain value", "quote a value that begins with `!`"),
];

/// Converts the library's `error` to a finding.
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

/// Moves a span at the end of the text to the last line that is not empty, so that there is a line to show.
fn visible(span: Span, source: &SourceText) -> Span {
    let written = source.text.trim_end().len();
    match span.bytes {
        Some((start, _)) if start as usize > written => Span::new(span.file, written, written),
        _ => span,
    }
}
