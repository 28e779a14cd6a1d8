//! A configuration file as a flat list of values, to compare two versions of it.

use crate::SourceFile;
use crate::finding::Findings;
use crate::source_text::SourceText;
use crate::tree::{self, Node, Value};

/// Returns every value of a file with the path of its keys, in the order of the file. Comments, quotes and layout are
/// dropped; an empty value is an empty string. A file that is not valid YAML has no values.
pub fn flatten_values(file: &SourceFile) -> Vec<(Vec<String>, String)> {
    let (source, _) = SourceText::new(file);
    let mut values = Vec::new();
    if let Some(node) = tree::parse(&source, 0, &mut Findings::default()) {
        list(&node, &mut Vec::new(), &mut values);
    }
    values
}

fn list(node: &Node, path: &mut Vec<String>, values: &mut Vec<(Vec<String>, String)>) {
    match &node.value {
        Value::Null => values.push((path.clone(), String::new())),
        Value::Scalar(scalar) => values.push((path.clone(), scalar.text.clone())),
        Value::Sequence(items) => {
            for (position, item) in items.iter().enumerate() {
                path.push(position.to_string());
                list(item, path, values);
                path.pop();
            }
        }
        Value::Mapping(entries) => {
            for entry in entries {
                path.push(entry.key.clone());
                list(&entry.node, path, values);
                path.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_spelling_and_lose_their_layout() {
        let text =
            "# ours\nbranches:\n  main: {env: {A: 1.10, B: 'yes'}, hooks: {build: [one, two]}, build: }\n";
        let file = SourceFile { path: "repo/shop.yml".into(), text: text.into() };
        let printed: Vec<String> = flatten_values(&file)
            .into_iter()
            .map(|(path, value)| format!("{}={value}", path.join(".")))
            .collect();
        assert_eq!(
            printed,
            [
                "branches.main.env.A=1.10",
                "branches.main.env.B=yes",
                "branches.main.hooks.build.0=one",
                "branches.main.hooks.build.1=two",
                "branches.main.build=",
            ]
        );
    }

    #[test]
    fn what_is_not_yaml_has_no_values() {
        let file = SourceFile { path: "repo/shop.yml".into(), text: b"a: [".into() };
        assert_eq!(flatten_values(&file), []);
    }
}
