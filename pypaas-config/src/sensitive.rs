//! Lines of a file that no message shows, because they may hold secrets: those under `env`, and those that an alias may put
//! there.
//!
//! They are found in the text and not in the tree, for messages are most often about files that have no tree. What is
//! doubtful counts as sensitive.

use std::collections::BTreeSet;

/// Returns the numbers, from 1, of the lines of `text` that may hold secrets.
pub(crate) fn sensitive_lines(text: &str) -> BTreeSet<usize> {
    let mut lines = BTreeSet::new();
    if !text.lines().any(names_env) {
        return lines;
    }
    // How deep the line stands below which all is sensitive, and how many brackets it left open.
    let mut within: Option<(usize, usize)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let content = line.trim_start_matches([' ', '\t', '\u{feff}']);
        let depth = line.len() - content.len();
        if let Some((outer, open)) = within {
            // Entries of a list may stand as deep as the key they belong to.
            let is_within = open > 0
                || content.is_empty()
                || depth > outer
                || (depth == outer && content.starts_with('-'));
            if is_within {
                lines.insert(number);
                within = Some((outer, (open + opened(line)).saturating_sub(closed(line))));
                continue;
            }
            within = None;
        }
        if begins_secrets(content) {
            lines.insert(number);
            within = Some((depth, opened(line).saturating_sub(closed(line))));
        }
    }
    lines
}

/// Returns whether a line begins what may hold secrets: it has the key `env`, or an anchor that an `env` may refer to.
fn begins_secrets(line: &str) -> bool {
    names_env(line) || line.split_whitespace().any(|word| word.starts_with('&') && word.len() > 1)
}

fn names_env(line: &str) -> bool {
    let is_end = |c: char| matches!(c, '"' | '\'' | ':') || c.is_whitespace();
    let is_start = |c: char| matches!(c, '"' | '\'' | '{' | ',' | '-' | '?') || c.is_whitespace();
    line.match_indices("env").any(|(at, word)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + word.len()..];
        before.is_none_or(is_start) && after.chars().next().is_none_or(is_end)
    })
}

fn opened(line: &str) -> usize {
    line.matches(['{', '[']).count()
}

fn closed(line: &str) -> usize {
    line.matches(['}', ']']).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_under_env_and_under_anchors_are_sensitive() {
        for (text, expected) in [
            ("a: 1\nenv:\n  A: hush\n\n  B: hush\nb: 2\n", vec![2, 3, 4, 5]),
            ("env: {A: hush}\nb: 2\n", vec![1]),
            ("main: {env: {\nA: hush,\nB: hush}}\nb: 2\n", vec![1, 2, 3]),
            ("  \"env\":\n    A: |\n      hush\n  hooks: x\n", vec![1, 2, 3]),
            ("env:\n- A=hush\nb: 2\n", vec![1, 2]),
            ("env :\n\tA: hush\nb: 2\n", vec![1, 2]),
            ("common: &c\n  A: hush\nmain:\n  env: *c\n", vec![1, 2, 4]),
            ("main:\n  'env': {<<: *c, B: hush}\n  environment: x\n  env_file: y\n", vec![2]),
            ("a: &a\n  b: 1\n", vec![]),
            ("? env\n: {A: hush}\nb: 2\n", vec![1]),
        ] {
            assert_eq!(sensitive_lines(text).into_iter().collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
