//! Which versions of PHP a `composer.json` wants.

use std::ops::Range;

use pypaas_core::host::Commit;
use serde_json::Value;

/// A minor version, such as 8.4.
pub(crate) type Minor = (u32, u32);

/// Major, minor and patch.
type Version = (u32, u32, u32);

const ALL: Range<Version> = (0, 0, 0)..(u32::MAX, 0, 0);

/// Returns the constraint in `require.php` of the `composer.json` of `commit`.
pub(crate) fn wanted(commit: &Commit) -> Option<String> {
    let composer: Value = serde_json::from_str(commit.files.get("composer.json")?).ok()?;
    Some(composer.get("require")?.get("php")?.as_str()?.to_owned())
}

/// Returns whether some release of `minor` satisfies `constraint`, in the words of Composer. What is not understood is left to Composer,
/// which reads it before anything is live.
pub(crate) fn accepts(constraint: &str, minor: Minor) -> bool {
    constraint.split('|').filter(|it| !it.trim().is_empty()).any(|it| accepts_all(it, minor).unwrap_or(true))
}

/// Does the same for terms that must all hold; `None` for what is not understood.
fn accepts_all(terms: &str, (major, minor): Minor) -> Option<bool> {
    let mut accepted = (major, minor, 0)..(major, minor + 1, 0);
    let mut narrow = |term: Range<Version>| {
        accepted = accepted.start.max(term.start)..accepted.end.min(term.end);
    };
    if let Some((from, to)) = terms.split_once(" - ") {
        narrow(prefix(from.trim())?.start..prefix(to.trim())?.end);
    } else {
        // An operator may stand apart from its version.
        let joined = ["^", "~", "=", "<", ">", "!"]
            .iter()
            .fold(terms.to_owned(), |text, sign| text.replace(&format!("{sign} "), sign));
        for term in joined.split([' ', ',']).filter(|it| !it.is_empty()) {
            narrow(range(term)?);
        }
    }
    Some(accepted.start < accepted.end)
}

/// Reads one term, such as `^8.2`.
fn range(term: &str) -> Option<Range<Version>> {
    let text = term.trim_start_matches(['^', '~', '=', '<', '>', '!']);
    let (sign, _) = term.split_at(term.len() - text.len());
    let own = prefix(text)?;
    let from = own.start;
    Some(match sign {
        "" | "=" | "==" => own,
        ">=" => from..ALL.end,
        ">" => (from.0, from.1, from.2 + 1)..ALL.end,
        "<" => ALL.start..from,
        // Like Composer, which takes 8.2 for 8.2.0.
        "<=" => ALL.start..(from.0, from.1, from.2 + 1),
        "^" => from..(from.0 + 1, 0, 0),
        // The last number that is written may grow.
        "~" if text.matches('.').count() >= 2 => from..(from.0, from.1 + 1, 0),
        "~" => from..(from.0 + 1, 0, 0),
        "!=" => ALL,
        _ => return None,
    })
}

/// Reads a version and returns all that begin with it: `8`, `8.*` and `8.x` are all of 8.
fn prefix(text: &str) -> Option<Range<Version>> {
    let text = text.split(['@', '-']).next()?.trim_start_matches('v');
    let mut numbers = Vec::new();
    for part in text.split('.').take_while(|part| !["*", "x"].contains(part)).take(3) {
        numbers.push(part.parse::<u32>().ok().filter(|number| *number < 100_000)?);
    }
    Some(match numbers.as_slice() {
        [] if text == "*" => ALL,
        [major] => (*major, 0, 0)..(major + 1, 0, 0),
        [major, minor] => (*major, *minor, 0)..(*major, minor + 1, 0),
        [major, minor, patch] => (*major, *minor, *patch)..(*major, *minor, patch + 1),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lists those of 7.4 to 8.5 that a constraint accepts.
    fn of(constraint: &str) -> Vec<String> {
        let all = [(7, 4), (8, 0), (8, 1), (8, 2), (8, 3), (8, 4), (8, 5)];
        let accepted = all.into_iter().filter(|minor| accepts(constraint, *minor));
        accepted.map(|(major, minor)| format!("{major}.{minor}")).collect()
    }

    #[test]
    fn constraints_mean_what_composer_means() {
        for (constraint, accepted) in [
            ("^8.3", vec!["8.3", "8.4", "8.5"]),
            (">=8.1 <8.3", vec!["8.1", "8.2"]),
            (">= 8.1, < 8.3", vec!["8.1", "8.2"]),
            ("~8.2.0 || ~8.4.1", vec!["8.2", "8.4"]),
            ("~8.4", vec!["8.4", "8.5"]),
            ("8.2.*", vec!["8.2"]),
            ("8.2.10", vec!["8.2"]),
            ("7.4 - 8.1", vec!["7.4", "8.0", "8.1"]),
            ("<=8.0", vec!["7.4", "8.0"]),
            (">8.3", vec!["8.3", "8.4", "8.5"]),
            ("^7.4|^8.4@dev", vec!["7.4", "8.4", "8.5"]),
            ("^9.0", vec![]),
        ] {
            assert_eq!(of(constraint), accepted, "{constraint}");
        }
    }

    #[test]
    fn what_is_not_understood_is_left_to_composer() {
        for constraint in ["*", "dev-main", "^8.x-something", "99999999999", "^4294967295"] {
            assert!(!of(constraint).is_empty() || constraint.starts_with("^8"), "{constraint}");
        }
    }
}
