//! The blocks of the configuration and the keys that each of them knows.

use crate::{access, domain, health_check, hooks, location, nginx_settings, repo, runner, settings};

/// A mapping with a fixed set of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// What the mapping is, for messages: `a branch`.
    pub name: &'static str,
    /// The keys it may have, in the order of the manual.
    pub keys: &'static [&'static str],
}

/// All blocks. Messages and suggestions are made from this list, and the commented example is tested against it.
pub const BLOCKS: &[&Block] = &[
    &settings::SETTINGS,
    &settings::PORTS,
    &nginx_settings::NGINX,
    &repo::REPO,
    &access::ACCESS,
    &repo::BRANCH,
    &hooks::HOOKS,
    &runner::SIMPLE_PROCESS,
    &runner::NGINX_BACKEND,
    &runner::UWSGI_NGINX_BACKEND,
    &runner::NGINX_STATIC,
    &health_check::HEALTHCHECK,
    &domain::DOMAIN,
    &location::LOCATION,
    &location::UPSTREAM,
];

impl Block {
    /// Finds the blocks that know `key`.
    pub(crate) fn that_know(key: &str) -> impl Iterator<Item = &'static Block> {
        BLOCKS.iter().copied().filter(move |block| block.keys.contains(&key))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::SourceFile;
    use crate::finding::Findings;
    use crate::place::Source;
    use crate::tree::{self, Entry, Node, Value};

    const FILES: [&str; 3] = [
        include_str!("../../fixtures/configurations/everything/pypaas.yml"),
        include_str!("../../fixtures/configurations/everything/repo/shop.yml"),
        include_str!("../../fixtures/configurations/everything/domains/shop.example.com.yml"),
    ];

    /// The line above each key's first occurrence, by block and key.
    type Seen = BTreeMap<(&'static str, String), String>;

    fn entries(node: &Node) -> &[Entry] {
        match &node.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    fn look(block: &'static Block, node: &Node, source: &Source, seen: &mut Seen) {
        for Entry { key, key_place, .. } in entries(node) {
            let line = source.position(key_place.span.unwrap().0 as usize).line;
            let above = source.text.lines().nth(line.saturating_sub(2)).unwrap();
            seen.entry((block.name, key.clone())).or_insert(above.trim().to_owned());
        }
    }

    fn look_into_settings(root: &Node, source: &Source, seen: &mut Seen) {
        look(&settings::SETTINGS, root, source, seen);
        look(&settings::PORTS, &root.get("ports").unwrap().node, source, seen);
        look(&nginx_settings::NGINX, &root.get("nginx").unwrap().node, source, seen);
    }

    fn look_into_repo(root: &Node, source: &Source, seen: &mut Seen) {
        look(&repo::REPO, root, source, seen);
        look(&access::ACCESS, &root.get("access").unwrap().node, source, seen);
        for branch in entries(&root.get("branches").unwrap().node) {
            look(&repo::BRANCH, &branch.node, source, seen);
            look(&hooks::HOOKS, &branch.node.get("hooks").unwrap().node, source, seen);
            for runner in entries(&branch.node.get("runners").unwrap().node) {
                let Value::Scalar(name) = &runner.node.get("type").unwrap().node.value else { continue };
                let block = BLOCKS.iter().find(|block| block.name == format!("a {}", name.text)).unwrap();
                look(block, &runner.node, source, seen);
                if let Some(healthcheck) = runner.node.get("healthcheck") {
                    look(&health_check::HEALTHCHECK, &healthcheck.node, source, seen);
                }
            }
        }
    }

    fn look_into_domain(root: &Node, source: &Source, seen: &mut Seen) {
        look(&domain::DOMAIN, root, source, seen);
        for location in entries(&root.get("locations").unwrap().node) {
            look(&location::LOCATION, &location.node, source, seen);
            look(&location::UPSTREAM, &location.node.get("upstream").unwrap().node, source, seen);
        }
    }

    #[test]
    fn the_commented_example_explains_every_key() {
        let mut seen = Seen::new();
        let look_into = [look_into_settings, look_into_repo, look_into_domain];
        for (text, look_into) in FILES.into_iter().zip(look_into) {
            let (source, _) = Source::new(&SourceFile { path: "example.yml".into(), text: text.into() });
            look_into(&tree::parse(&source, 0, &mut Findings::default()).unwrap(), &source, &mut seen);
        }

        for block in BLOCKS {
            for key in block.keys {
                let above = seen.get(&(block.name, (*key).to_owned()));
                let commented = above.is_some_and(|line| line.starts_with('#'));
                assert!(commented, "`{key}` of {} stands nowhere under a comment: {above:?}", block.name);
            }
        }
    }
}
