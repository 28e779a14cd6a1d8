//! Words for what processes wrote into their checkout.

use std::collections::BTreeSet;

use camino::Utf8Path;

/// Says what an old version wrote into its checkout, where it is, and how such files are kept.
pub(crate) fn set_aside_words(paths: &[String], to: &Utf8Path) -> String {
    format!(
        "the old version wrote into its checkout: {}. The new version does not have that. It is kept in `{to}` for 30 days; \
         {} in the branch's configuration keeps such files across deploys",
        written_words(paths),
        persist_words(paths)
    )
}

/// Names files by the directories they are in: `db.sqlite3, uploads/ (3 files)`.
pub fn written_words(paths: &[String]) -> String {
    let counted = roots(paths).into_iter().map(|root| {
        let is_within = |path: &&String| path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
        match paths.iter().filter(is_within).count() {
            0 => root.to_owned(),
            1 => format!("{root}/ (1 file)"),
            count => format!("{root}/ ({count} files)"),
        }
    });
    counted.collect::<Vec<_>>().join(", ")
}

/// Says how these files would be kept: `` `persist: [db.sqlite3, uploads]` ``.
pub fn persist_words(paths: &[String]) -> String {
    format!("`persist: [{}]`", roots(paths).into_iter().collect::<Vec<_>>().join(", "))
}

/// Returns the directories that the files are in, and the files that are in none. None is within another.
fn roots(paths: &[String]) -> BTreeSet<&str> {
    let parents: BTreeSet<&str> = paths
        .iter()
        .map(|path| path.rsplit_once('/').map_or(path.as_str(), |(directory, _)| directory))
        .collect();
    let is_within =
        |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
    parents.iter().copied().filter(|one| !parents.iter().any(|other| is_within(one, other))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_by_their_directories() {
        let paths = ["db.sqlite3", "up/a.png", "up/b/c.png", "up/d.png"].map(str::to_owned);
        assert_eq!(written_words(&paths), "db.sqlite3, up/ (3 files)");
        assert_eq!(persist_words(&paths), "`persist: [db.sqlite3, up]`");
    }
}
