//! The configurations that attempts were made with, kept to be compared.

use pypaas_config::{BranchRef, SourceFile, flatten_values};

/// Prints what of the configuration concerns `branch`, one value a line, so that two of them can be compared: its part of
/// the repo's file, and the files of the domains that lead to it.
pub(crate) fn text_of(files: &[SourceFile], branch: &BranchRef) -> String {
    let mut lines = Vec::new();
    for file in files {
        let values = flatten_values(file);
        let stem = file.path.file_stem().unwrap_or_default();
        match file.path.components().next().map(|part| part.as_str()) {
            Some("repo" | "repos") if stem == branch.repo.as_str() => {
                let own = |path: &[String]| {
                    path.first().is_some_and(|key| key == "branches")
                        && path.get(1).is_some_and(|name| name == branch.branch.as_str())
                };
                let own = values.iter().filter(|(path, _)| own(path));
                lines.extend(own.map(|(path, value)| line(path.get(2..).unwrap_or_default(), value)));
            }
            Some("domains") if leads_to(&values, branch) => {
                lines.extend(values.iter().map(|(path, value)| format!("{stem}: {}", line(path, value))));
            }
            _ => {}
        }
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

fn line(path: &[String], value: &str) -> String {
    format!("{} = {}", path.join("."), value.escape_debug())
}

fn leads_to(values: &[(Vec<String>, String)], branch: &BranchRef) -> bool {
    let says = |upstream: &[String], key: &str, wanted: &str| {
        values.iter().any(|(path, value)| {
            path.split_last().is_some_and(|(last, above)| last == key && above == upstream) && value == wanted
        })
    };
    values.iter().filter_map(|(path, _)| Some((path.split_last()?.0, path.split_last()?.1))).any(
        |(last, upstream)| {
            last == "repo"
                && says(upstream, "repo", branch.repo.as_str())
                && says(upstream, "branch", branch.branch.as_str())
        },
    )
}

/// Returns the hash of a configuration, which is git's for such a file.
pub(crate) fn hash(text: &str) -> Option<String> {
    let hash = gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, text.as_bytes());
    Some(hash.ok()?.to_hex_with_len(11).to_string())
}

#[cfg(test)]
mod tests {
    use pypaas_config::{BranchName, RepoName};

    use super::*;

    fn branch() -> BranchRef {
        BranchRef { repo: RepoName::new("shop").unwrap(), branch: BranchName::new("main").unwrap() }
    }

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.into(), text: text.into() }
    }

    #[test]
    fn a_branchs_configuration_is_its_own_part_and_the_domains_that_lead_to_it() {
        let files = [
            file("pypaas.yml", "ports: {min: 1, max: 2}"),
            file(
                "repo/shop.yml",
                "branches: {main: {env: {A: \"x\\ny\"}, runners: {web: {type: NginxStatic}}}, other: {env: {B: 1}}}",
            ),
            file("repo/zoo.yml", "branches: {main: {env: {C: 1}}}"),
            file(
                "domains/shop.example.yml",
                "locations: {/: {upstream: {repo: shop, branch: main, runner: web}}}",
            ),
            file(
                "domains/zoo.example.yml",
                "locations: {/: {upstream: {repo: zoo, branch: main, runner: web}}}",
            ),
        ];
        assert_eq!(
            text_of(&files, &branch()),
            "env.A = x\\ny\nruntime".replace("runtime", "runners.web.type = NginxStatic")
                + "\nshop.example: locations./.upstream.repo = shop\nshop.example: locations./.upstream.branch = main\n\
                   shop.example: locations./.upstream.runner = web\n"
        );
    }
}
