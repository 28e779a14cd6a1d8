//! Lines of nginx configuration, moved to where they belong.

use crate::syntax;

/// Moves every line of `text` one level deeper, except where that would change a value.
pub(crate) fn indent(text: &str) -> String {
    map_lines(text, |line| format!("    {line}"))
}

/// Moves the lines of `text` to the left by what they all have, and drops empty lines around them.
pub(crate) fn dedent(text: &str) -> String {
    let within_value = syntax::read(text).within_value;
    let own = |line: &str| line.len() - line.trim_start().len();
    let lines = text.split('\n').zip(within_value);
    let shared = lines.filter(|(line, within)| !within && !line.trim().is_empty()).map(|(line, _)| own(line));
    let shared = shared.min().unwrap_or(0);
    map_lines(text, |line| line.get(shared..).unwrap_or_default().to_owned()).trim_matches('\n').to_owned()
}

/// Changes the lines that begin outside of values; blanks at the end of a line go, except in values.
fn map_lines(text: &str, change: impl Fn(&str) -> String) -> String {
    let within_value = syntax::read(text).within_value;
    let mut lines = Vec::with_capacity(within_value.len());
    for (number, line) in text.split('\n').enumerate() {
        let within = |number: usize| within_value.get(number).copied().unwrap_or(false);
        let trimmed = line.trim_end();
        let line = if within(number + 1) || trimmed.ends_with('\\') { line } else { trimmed };
        lines.push(if within(number) || line.is_empty() { line.to_owned() } else { change(line) });
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_place_among_themselves() {
        assert_eq!(dedent("\n    a;\n      b;\n\n    c;  \r\n"), "a;\n  b;\n\nc;");
        assert_eq!(indent("a {\n    b;\n\n}"), "    a {\n        b;\n\n    }");
    }

    #[test]
    fn a_value_that_spans_lines_is_left_alone() {
        let text = "  return 200 'a  \n  b';\n  c;";
        assert_eq!(dedent(text), "return 200 'a  \n  b';\nc;");
        assert_eq!(indent(&dedent(text)), "    return 200 'a  \n  b';\n    c;");
    }
}
