//! Names and paths of every kind, from the configuration's text to what nginx reads: nothing is changed on the way and
//! nothing is taken for more than data.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use pypaas_config::{SourceFile, load};
use pypaas_core::decode;
use pypaas_nginx::directives;
use pypaas_runners::runner_types;
use serde_json::{Value, json};

use crate::memory::{deployed, interpret};

/// How many configurations are made.
const CASES: usize = 48;

/// A configuration, and what nginx must find in it.
#[derive(Debug, Clone)]
struct Hostile {
    branch: String,
    runner: String,
    directory: String,
    index: String,
    path: String,
    proxy_path: String,
    aliases: Vec<String>,
}

fn hostile() -> impl Strategy<Value = Hostile> {
    // What git allows in a branch, and what a path may hold: quotes, braces, `;`, `#`, backslashes, letters of any script.
    let branch = r##"[a-zA-Z0-9!"#%&'()+,;<=>_`{|}é日🦀-][a-zA-Z0-9!"#$%&'()+,;<=>_`{|}é日🦀/-]{0,20}[a-zA-Z0-9"';}#é]"##;
    let name = "[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,12}";
    let directory = r##"[ -#%-.0-~é日🦀]{1,20}x"##;
    let index = r##"[a-zA-Z0-9!#%&()+,<=>_|é日🦀-]{1,12}"##;
    let path = r##"/[a-zA-Z0-9!$%&()*+,./:<=>@_|~é日🦀-]{1,20}"##;
    let proxy_path = r##"/[a-zA-Z0-9!#%&()*+,./:<=>@_|~é日🦀-]{0,12}"##;
    let alias = "(\\*\\.)?[a-z0-9_]{1,20}(-[a-z0-9]{1,9})?\\.example";
    let aliases = prop::collection::vec(alias, 0..3);
    (branch, name, directory, index, path, proxy_path, aliases).prop_map(
        |(branch, runner, directory, index, path, proxy_path, aliases)| {
            let aliases: BTreeSet<String> = aliases.into_iter().collect();
            let aliases = aliases.into_iter().collect();
            Hostile { branch, runner, directory, index, path, proxy_path, aliases }
        },
    )
}

impl Hostile {
    /// Writes it down. JSON is YAML, and quotes everything.
    fn files(&self) -> Vec<SourceFile> {
        let upstream = |runner: &str| json!({"repo": "shop", "branch": self.branch, "runner": runner});
        let backend =
            json!({"type": "NginxBackend", "cmd": "npm start", "nginx_proxy_path": self.proxy_path});
        let files = json!({"type": "NginxStatic", "subdirectory": self.directory, "index": self.index});
        let repo =
            json!({"branches": {(&*self.branch): {"runners": {(&*self.runner): backend, "files": files}}}});
        let locations = json!({(&*self.path): {"upstream": upstream(&self.runner)}, "= /exact": {"upstream": upstream("files")}});
        let domain = json!({"locations": locations, "aliases": self.aliases});
        let file =
            |path: &str, value: &Value| SourceFile { path: path.into(), text: value.to_string().into() };
        vec![
            file("pypaas.yml", &json!({"ports": {"min": 61500, "max": 61800}})),
            file("repo/shop.yml", &repo),
            file("domains/shop.example.yml", &domain),
        ]
    }
}

/// What nginx must find: directives of which each occurs exactly once.
fn expected(hostile: &Hostile, upstream: &str, checkout: &Utf8Path) -> Vec<(&'static str, Vec<String>)> {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let mut names = vec!["shop.example"];
    names.extend(hostile.aliases.iter().map(String::as_str));
    let directory = checkout.join(&hostile.directory);
    // Components such as `.` say nothing.
    let directory: Utf8PathBuf = directory.components().collect();
    let target = if hostile.proxy_path.is_empty() { "$pypaas_kept" } else { &hostile.proxy_path };
    let mut expected = vec![
        ("server_name", words(&names)),
        ("location", words(&[&hostile.path])),
        ("location", words(&["=", "/exact"])),
        ("root", words(&[directory.as_str()])),
        ("proxy_pass", words(&[&format!("http://{upstream}{target}")])),
        ("upstream", words(&[upstream])),
    ];
    if hostile.index != "index.html" {
        expected.push(("index", words(&[&hostile.index])));
    }
    expected
}

#[test]
fn names_and_paths_of_every_kind_reach_nginx_unchanged() {
    let mut runner = TestRunner::deterministic();
    let left = std::env::var("PYPAAS_NGINX_FILES").ok().map(|it| Utf8PathBuf::from(it).join("hostile"));
    let temporary = tempfile::tempdir().unwrap();
    let directory = left.unwrap_or_else(|| temporary.path().to_owned().try_into().unwrap());
    let (mut number, mut refused) = (0, 0);
    while number < CASES {
        let hostile = hostile().new_tree(&mut runner).unwrap().current();
        let loaded = load(&hostile.files(), &runner_types().for_loading());
        if !loaded.problems.is_empty() {
            // A branch such as `a.lock`, two aliases that are one: the rules have tests of their own.
            refused += 1;
            assert!(refused < CASES, "{:?}\n{}", hostile, loaded.problems[0].report());
            continue;
        }
        number += 1;
        check(&hostile, &directory.join(number.to_string()));
    }
}

fn check(hostile: &Hostile, directory: &Utf8Path) {
    let loaded = load(&hostile.files(), &runner_types().for_loading());
    let platform = interpret(loaded.configuration.unwrap());
    let host = deployed(&platform);
    let files = host.web_files();
    let name = files.keys().map(ToString::to_string).find(|name| name.matches('+').count() == 2).unwrap();
    let upstream = name.strip_prefix("router.d/").unwrap().strip_suffix(".conf").unwrap();
    let names: Vec<String> = upstream.split('+').map(|part| decode(part).unwrap()).collect();
    assert_eq!(names, ["shop", &hostile.branch, &hostile.runner]);

    let root = files.values().find_map(|text| {
        let roots = directives(&text.text).into_iter().filter(|it| it.words[0] == "disable_symlinks");
        roots.map(|it| it.words[2].strip_prefix("from=").unwrap().to_owned()).next()
    });
    let root = root.unwrap().replace("\\\\", "\\").replace("\\\"", "\"");
    let expected = expected(hostile, upstream, Utf8Path::new(&root));
    fs::create_dir_all(directory.join("temporary")).unwrap();
    fs::write(directory.join("expected.json"), serde_json::to_string(&expected).unwrap()).unwrap();
    for (name, file) in &files {
        let path = directory.join(name.to_string());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Its process id and sockets are to be in this directory.
        fs::write(path, file.text.replace(platform.layout.run().as_str(), directory.as_str())).unwrap();
    }
    accepted(hostile, directory, "edge");
    accepted(hostile, directory, "router");
}

fn accepted(hostile: &Hostile, directory: &Utf8Path, name: &str) {
    let mut nginx = Command::new("nginx");
    nginx.env("PATH", format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default()));
    let main = directory.join(format!("{name}.conf"));
    nginx.args(["-t", "-p", directory.as_str(), "-c", main.as_str(), "-e", "stderr"]);
    let told = nginx.output().expect("this test needs nginx");
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.contains("test is successful") && !told.contains("[warn]"), "{hostile:?}\n{told}");
}
