//! All configurations of `fixtures/configurations`: each is right.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the fixtures are files that must be there"
)]

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::{SourceFile, load};
use pypaas_runners::runner_types;

fn directories() -> Vec<Utf8PathBuf> {
    let all = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/configurations");
    let entries = all.read_dir_utf8().unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| entry.path().to_owned()).filter(|path| path.is_dir()).collect()
}

fn files_below(directory: &Utf8Path, root: &Utf8Path, found: &mut Vec<SourceFile>) {
    for entry in directory.read_dir_utf8().unwrap() {
        let path = entry.unwrap().path().to_owned();
        if path.is_dir() {
            files_below(&path, root, found);
        } else {
            let text = std::fs::read(&path).unwrap();
            found.push(SourceFile { path: path.strip_prefix(root).unwrap().to_owned(), text });
        }
    }
}

#[test]
fn every_example_configuration_is_right() {
    let directories = directories();
    assert!(directories.len() >= 9);
    for directory in directories {
        let mut files = Vec::new();
        files_below(&directory, &directory, &mut files);
        let loaded = load(&files, &runner_types().for_loading());

        let reports: Vec<_> = loaded.problems.iter().map(|problem| problem.report()).collect();
        assert!(reports.is_empty(), "{directory}:\n{}", reports.join("\n\n"));
        assert!(loaded.configuration.is_some_and(|it| it.broken_repos.is_empty()), "{directory}");
    }
}
