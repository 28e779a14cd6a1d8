//! Suggestions for misspelled names.

/// Finds the one of `known` that is nearest to `text`, if any is near enough to be a slip of the finger.
pub fn closest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = text.chars().count();
    let bound = (length / 3).clamp(1, 3);
    let lower = text.to_lowercase();
    known
        .into_iter()
        // The cost of a distance grows with the product of the lengths.
        .filter(|name| name.chars().count().abs_diff(length) <= bound)
        .map(|name| (strsim::osa_distance(&lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= bound && *distance < name.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Returns whether two strings differ by at most one edit.
pub(crate) fn is_typo(text: &str, name: &str) -> bool {
    text.len().abs_diff(name.len()) <= 1
        && strsim::osa_distance(&text.to_lowercase(), &name.to_lowercase()) <= 1
}

/// Joins names with "or": `a`, `a or b`, `a, b or c`; at most twelve. Returns `None` for an empty list.
pub(crate) fn any_of<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    list(names, "or")
}

/// Joins names with "and": `a`, `a and b`, `a, b and c`; at most twelve. Returns `None` for an empty list.
pub(crate) fn all_of<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    list(names, "and")
}

fn list<'a>(names: impl IntoIterator<Item = &'a str>, word: &str) -> Option<String> {
    const MAX: usize = 14;
    let names: Vec<&str> = names.into_iter().collect();
    let (last, rest) = names.split_last()?;
    if names.len() > MAX {
        return Some(format!("{} {word} {} more", names[..MAX].join(", "), names.len() - MAX));
    }
    Some(if rest.is_empty() { (*last).to_owned() } else { format!("{} {word} {last}", rest.join(", ")) })
}

#[cfg(test)]
mod tests {
    use super::{all_of, any_of, closest};

    #[test]
    fn a_slip_of_the_finger_is_recognized() {
        assert_eq!(closest("NginxBackedn", ["NginxStatic", "NginxBackend"]), Some("NginxBackend"));
        assert_eq!(closest("nginxbackend", ["NginxStatic", "NginxBackend"]), Some("NginxBackend"));
        assert_eq!(closest("cmd ", ["cmd", "env"]), Some("cmd"));
    }

    #[test]
    fn another_word_is_left_alone() {
        assert_eq!(closest("docker", ["cmd", "env", "type"]), None);
        assert_eq!(closest("x", ["y"]), None);
        assert_eq!(closest(&"cmd".repeat(100_000), ["cmd"]), None);
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(any_of(["a"]).as_deref(), Some("a"));
        assert_eq!(any_of(["a", "b", "c"]).as_deref(), Some("a, b or c"));
        assert_eq!(all_of(["a", "b"]).as_deref(), Some("a and b"));
        assert_eq!(any_of([]), None);
    }
}
