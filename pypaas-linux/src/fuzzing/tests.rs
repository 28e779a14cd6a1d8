//! What the fuzz targets kept, tried without them.

use std::fs;

use camino::Utf8Path;

/// Gives every file of a target's corpus to it; there must be some.
fn try_all(target: &str, give: impl Fn(&[u8])) {
    let directory = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let files: Vec<_> = directory.read_dir_utf8().unwrap().map(|entry| entry.unwrap().into_path()).collect();
    assert!(files.len() > 1, "{directory}");
    for file in files {
        give(&fs::read(&file).unwrap());
    }
}

#[test]
fn what_was_fuzzed_once_goes_well_again() {
    try_all("supervise_status", super::supervise_status);
    try_all("script_template", |data| {
        if let Ok(text) = std::str::from_utf8(data) {
            super::script_template(text);
        }
    });
}
