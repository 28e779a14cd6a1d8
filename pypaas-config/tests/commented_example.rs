//! The commented example configuration is the manual: every key stands in it, under a comment.

use std::collections::BTreeMap;

use pypaas_config::{SCHEMAS, Schema};
use pypaas_runners::runner_types;

const FILES: [(&str, &str); 3] = [
    ("pypaas.yml", include_str!("../../fixtures/configurations/everything/pypaas.yml")),
    ("repo", include_str!("../../fixtures/configurations/everything/repo/shop.yml")),
    ("domain", include_str!("../../fixtures/configurations/everything/domains/shop.example.com.yml")),
];

/// A key of the example.
struct Key<'a> {
    /// The keys that lead to it, and itself.
    path: Vec<&'a str>,
    value: &'a str,
    is_commented: bool,
}

/// Lists the keys of a file in which each key has a line of its own.
fn keys(text: &str) -> Vec<Key<'_>> {
    let mut keys = Vec::new();
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut above = "";
    for line in text.lines() {
        let words = line.trim_start();
        let indent = line.len() - words.len();
        if let Some((key, value)) = words.split_once(':').filter(|(key, _)| !key.contains([' ', '#'])) {
            open.retain(|(outer, _)| *outer < indent);
            open.push((indent, key));
            let path = open.iter().map(|(_, key)| *key).collect();
            keys.push(Key { path, value: value.trim(), is_commented: above.starts_with('#') });
        }
        above = words;
    }
    keys
}

/// Finds the schema of the mapping at `path`, by its place in `file`; `types` has the types of runners by their path.
fn schema(
    file: &str,
    path: &[&str],
    types: &BTreeMap<Vec<&str>, &'static Schema>,
) -> Option<&'static Schema> {
    let name = match (file, path) {
        ("pypaas.yml", []) => "pypaas.yml",
        ("pypaas.yml", ["backup"]) => "a backup",
        ("pypaas.yml", [key] | ["backup", key]) => key,
        ("repo", []) => "a repo",
        ("repo", ["branches", _]) => "a branch",
        ("repo", ["branches", _, "hooks"]) => "hooks",
        ("repo", ["branches", _, "runners", _, "healthcheck"]) => "a healthcheck",
        ("repo", ["branches", _, "runners", _]) => return types.get(path).copied(),
        ("repo", ["access"]) => "access",
        ("domain", []) => "a domain",
        ("domain", ["locations", _]) => "a location",
        ("domain", ["locations", _, "upstream"]) => "an upstream",
        _ => return None,
    };
    SCHEMAS.iter().copied().find(|schema| schema.name == name)
}

#[test]
fn the_commented_example_explains_every_key() {
    let runner_types = runner_types().for_loading();
    let mut explained: Vec<(&'static str, &str)> = Vec::new();
    for (file, text) in FILES {
        let keys = keys(text);
        let type_of = |key: &Key<'_>| runner_types.iter().find(|it| it.name == key.value);
        let types = keys.iter().filter(|key| key.path.last() == Some(&"type"));
        let types = types.filter_map(|key| Some((key.path.split_last()?.1.to_vec(), type_of(key)?.schema)));
        let types = types.collect();
        for key in keys.iter().filter(|key| key.is_commented) {
            let Some((name, path)) = key.path.split_last() else { continue };
            explained.extend(schema(file, path, &types).map(|schema| (schema.name, *name)));
        }
    }
    for schema in SCHEMAS.iter().copied().chain(runner_types.iter().map(|it| it.schema)) {
        for key in schema.keys {
            assert!(
                explained.contains(&(schema.name, key)),
                "`{key}` of {} stands nowhere under a comment",
                schema.name
            );
        }
    }
}
