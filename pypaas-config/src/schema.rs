//! The schemas of the configuration: which keys each mapping has.

use crate::{access, domain, health_check, hooks, location, nginx_settings, repo, runner, settings};

/// A mapping with a fixed set of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// The kind of mapping, for messages: `a branch`.
    pub name: &'static str,
    /// Its keys, in the order of the example.
    pub keys: &'static [&'static str],
}

/// All schemas. Messages and suggestions are derived from this list, and a test compares the commented example with it.
pub const SCHEMAS: &[&Schema] = &[
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

impl Schema {
    /// Returns the schemas that have `key`.
    pub(crate) fn with_key(key: &str) -> impl Iterator<Item = &'static Schema> {
        SCHEMAS.iter().copied().filter(move |schema| schema.keys.contains(&key))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::SourceFile;
    use crate::finding::Findings;
    use crate::source_text::SourceText;
    use crate::tree::{self, Entry, Node, Value};

    const FILES: [&str; 3] = [
        include_str!("../../fixtures/configurations/everything/pypaas.yml"),
        include_str!("../../fixtures/configurations/everything/repo/shop.yml"),
        include_str!("../../fixtures/configurations/everything/domains/shop.example.com.yml"),
    ];

    /// The line above the first occurrence of each key, by schema and key.
    type Seen = BTreeMap<(&'static str, String), String>;

    fn entries(node: &Node) -> &[Entry] {
        match &node.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    fn look(schema: &'static Schema, node: &Node, source: &SourceText, seen: &mut Seen) {
        for Entry { key, key_span, .. } in entries(node) {
            let line = source.position(key_span.bytes.unwrap().0 as usize).line;
            let above = source.text.lines().nth(line.saturating_sub(2)).unwrap();
            seen.entry((schema.name, key.clone())).or_insert(above.trim().to_owned());
        }
    }

    fn look_into_settings(root: &Node, source: &SourceText, seen: &mut Seen) {
        look(&settings::SETTINGS, root, source, seen);
        look(&settings::PORTS, &root.get("ports").unwrap().node, source, seen);
        look(&nginx_settings::NGINX, &root.get("nginx").unwrap().node, source, seen);
    }

    fn look_into_repo(root: &Node, source: &SourceText, seen: &mut Seen) {
        look(&repo::REPO, root, source, seen);
        look(&access::ACCESS, &root.get("access").unwrap().node, source, seen);
        for branch in entries(&root.get("branches").unwrap().node) {
            look(&repo::BRANCH, &branch.node, source, seen);
            look(&hooks::HOOKS, &branch.node.get("hooks").unwrap().node, source, seen);
            for runner in entries(&branch.node.get("runners").unwrap().node) {
                let Value::Scalar(name) = &runner.node.get("type").unwrap().node.value else { continue };
                let schema =
                    SCHEMAS.iter().find(|schema| schema.name.ends_with(&format!(" {}", name.text))).unwrap();
                look(schema, &runner.node, source, seen);
                if let Some(healthcheck) = runner.node.get("healthcheck") {
                    look(&health_check::HEALTHCHECK, &healthcheck.node, source, seen);
                }
            }
        }
    }

    fn look_into_domain(root: &Node, source: &SourceText, seen: &mut Seen) {
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
            let (source, _) = SourceText::new(&SourceFile { path: "example.yml".into(), text: text.into() });
            look_into(&tree::parse(&source, 0, &mut Findings::default()).unwrap(), &source, &mut seen);
        }

        for schema in SCHEMAS {
            for key in schema.keys {
                let above = seen.get(&(schema.name, (*key).to_owned()));
                let commented = above.is_some_and(|line| line.starts_with('#'));
                assert!(
                    commented,
                    "`{key}` of {} has no comment above it in the example: {above:?}",
                    schema.name
                );
            }
        }
    }
}
