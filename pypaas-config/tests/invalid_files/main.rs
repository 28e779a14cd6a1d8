//! Invalid files, and the message for each: one inline snapshot per mistake.

mod broken_files;
mod directory;
mod domain;
mod foreign_keys;
mod keys;
mod no_effect;
mod references;
mod repo;
mod runner;
mod settings;
mod sizes;
mod syntax;
mod values;

use pypaas_config::{Loaded, SourceFile, load};
use pypaas_runners::runner_types;

const SETTINGS: &str = "ports: {min: 61500, max: 61800}\n";

const SHOP: &str = "\
branches:
  main:
    runners:
      web: {type: NginxBackend, cmd: npm start}
      files: {type: NginxStatic, subdirectory: public}
      worker: {type: SimpleProcess, cmd: node worker.js}
";

/// Loads files given as (path, text); a right `pypaas.yml` is added when there is none.
fn load_files(files: &[(&str, &str)]) -> Loaded {
    let mut files = files.to_vec();
    if !files.iter().any(|(path, _)| matches!(*path, "pypaas.yml" | "pypaas.yaml")) {
        files.push(("pypaas.yml", SETTINGS));
    }
    let source =
        |(path, text): &(&str, &str)| SourceFile { path: (*path).into(), text: text.as_bytes().to_vec() };
    load(&files.iter().map(source).collect::<Vec<_>>(), &runner_types().for_loading())
}

/// Loads files and returns all that is said about them.
fn reports(files: &[(&str, &str)]) -> String {
    let loaded = load_files(files);
    for problem in &loaded.problems {
        assert!(!problem.message.contains('\n'), "{:?}", problem.message);
        assert!(!problem.report().contains('\u{1b}'), "{}", problem.report());
        if let Some(place) = problem.place.as_ref().filter(|place| place.line.is_some()) {
            let place = place.to_string();
            assert!(
                problem.report().contains(&place),
                "{place} is not where this points: {}",
                problem.report()
            );
        }
    }
    loaded.problems.iter().map(|problem| problem.report()).collect::<Vec<_>>().join("\n\n")
}

/// Says what is wrong with a `pypaas.yml`.
fn settings(text: &str) -> String {
    reports(&[("pypaas.yml", text)])
}

/// Says what is wrong with a repo file.
fn repo(text: &str) -> String {
    reports(&[("repo/shop.yml", text)])
}

/// Says what is wrong with a runner, given as the lines under its name.
fn runner(lines: &str) -> String {
    let indented: String = lines.lines().map(|line| format!("        {line}\n")).collect();
    repo(&format!("branches:\n  main:\n    runners:\n      web:\n{indented}"))
}

/// Says what is wrong with a branch, given as the lines beside its `runners`.
fn branch(lines: &str) -> String {
    let indented: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    repo(&format!(
        "branches:\n  main:\n    runners: {{web: {{type: NginxBackend, cmd: npm start}}}}\n{indented}"
    ))
}

/// Says what is wrong with a domain file that can lead to the repo `shop`.
fn domain(text: &str) -> String {
    reports(&[("repo/shop.yml", SHOP), ("domains/shop.example.com.yml", text)])
}

/// Says what is wrong with a location, given as its path and the runner it leads to.
fn location(path: &str, runner: &str) -> String {
    let upstream = format!("upstream: {{repo: shop, branch: main, runner: {runner}}}");
    domain(&format!("locations:\n  {path}:\n    {upstream}\n"))
}
