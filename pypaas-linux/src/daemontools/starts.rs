//! How often services were started: the run scripts note each start in a file.

use std::fs;
use std::io::ErrorKind;
use std::time::{SystemTime, UNIX_EPOCH};

use camino::Utf8Path;

/// Counts the starts since `since` of the service in `directory`; `None` when its run script does not note them.
pub(super) fn count(directory: &Utf8Path, since: SystemTime) -> Option<usize> {
    let since = since.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    match fs::read_to_string(directory.join("starts")) {
        Ok(text) => {
            Some(text.lines().filter_map(|line| line.parse().ok()).filter(|at: &u64| *at >= since).count())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_starts_since_the_given_moment_count() {
        let directory = tempfile::tempdir().unwrap();
        let directory = Utf8Path::from_path(directory.path()).unwrap();
        let since = UNIX_EPOCH + Duration::from_secs(100);
        assert_eq!(count(directory, since), None);
        fs::write(directory.join("starts"), "99\n100\ngarbage\n101\n").unwrap();
        assert_eq!(count(directory, since), Some(2));
    }
}
