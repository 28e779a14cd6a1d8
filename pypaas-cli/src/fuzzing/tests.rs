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

/// Gives a target what of it is text.
fn try_texts(target: &str, give: impl Fn(&str)) {
    try_all(target, |data| {
        if let Ok(text) = std::str::from_utf8(data) {
            give(text);
        }
    });
}

#[test]
fn what_was_fuzzed_once_goes_well_again() {
    try_all("configuration", super::configuration);
    try_all("record", super::record);
    try_texts("key_file", super::key_file);
    try_texts("ssh_command_line", super::ssh_command_line);
}
