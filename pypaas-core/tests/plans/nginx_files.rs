//! What nginx is given for each example configuration, in every state of its branches: for nginx's independent readers.

use std::collections::BTreeMap;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_core::{Engine, MemoryHost, NoProgress, Platform};
use pypaas_nginx::directives;

use crate::memory::{branches, deployed, fixtures, machine, platform};

/// What the files of domains and upstreams have outside of any block.
const TOP_LEVEL: [&str; 2] = ["server", "upstream"];

/// Returns the files of a machine to which nothing was pushed, of one on which all is live, and of one in maintenance.
fn states(fixture: &str) -> [(&'static str, BTreeMap<String, String>); 3] {
    let platform = platform(fixture);
    let files = |host: &MemoryHost| {
        host.web_files().into_iter().map(|(name, file)| (name.to_string(), file.text)).collect()
    };
    let live = deployed(&platform);
    [
        ("nothing", files(&closed(machine(&platform), &platform))),
        ("live", files(&live)),
        ("maintenance", files(&closed(deployed(&platform), &platform))),
    ]
}

/// Switches maintenance of every branch on.
fn closed(mut host: MemoryHost, platform: &Platform) -> MemoryHost {
    for branch in branches(platform) {
        Engine::new(&mut host, platform, &mut NoProgress).maintenance(&branch, true, None, "laptop").unwrap();
    }
    host
}

#[test]
fn every_included_file_holds_only_what_belongs_into_the_http_block() {
    for fixture in fixtures() {
        for (state, files) in states(&fixture) {
            for (name, text) in files.into_iter().filter(|(name, _)| name.contains('/')) {
                let outer = directives(&text).into_iter().filter(|it| it.within.is_empty());
                let names: Vec<String> = outer.map(|mut it| it.words.remove(0)).collect();
                assert!(!names.is_empty(), "{fixture} {state} {name} is empty");
                for directive in names {
                    assert!(TOP_LEVEL.contains(&directive.as_str()), "{fixture} {state} {name}: {directive}");
                }
            }
        }
    }
}

/// Leaves all files in the directory that `PYPAAS_NGINX_FILES` names, each set in a directory of its own, for other
/// readers than nginx: see `fixtures/check-nginx-files`.
#[test]
fn all_files_can_be_left_for_other_readers() {
    let Ok(directory) = std::env::var("PYPAAS_NGINX_FILES") else { return };
    for fixture in fixtures() {
        for (state, files) in states(&fixture) {
            leave(&Utf8PathBuf::from(&directory).join(&fixture).join(state), &files);
        }
    }
}

fn leave(directory: &Utf8Path, files: &BTreeMap<String, String>) {
    for (name, text) in files {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}
