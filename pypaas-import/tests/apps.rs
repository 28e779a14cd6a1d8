//! Apps as they are on other platforms: a folder each in `apps`, and a snapshot of everything that is made of it.
//!
//! A folder's name begins with that of the tool. `printed/` in it has what the tool printed: `config`, `domains` and `scale`.

#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "the apps are folders")]

use std::fs;
use std::path::Path;

use pypaas_config::{BranchName, RepoName, SourceFile, load};
use pypaas_import::{Imported, Input, Source, Tool};
use pypaas_runners::runner_types;

const APPS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/apps");

fn source(folder: &Path, name: &str) -> Option<Source> {
    let text = fs::read_to_string(folder.join(name)).ok()?;
    Some(Source { name: name.to_owned(), text })
}

fn import(app: &str) -> Imported {
    let folder = Path::new(APPS).join(app);
    let tool = Tool::ALL.into_iter().find(|it| app.starts_with(it.name())).unwrap();
    let input = Input {
        app: tool.files().iter().filter_map(|name| source(&folder, name)).collect(),
        config: source(&folder.join("printed"), "config"),
        domains: source(&folder.join("printed"), "domains"),
        scale: source(&folder.join("printed"), "scale"),
    };
    tool.import(RepoName::new("shop").unwrap(), BranchName::new("main").unwrap(), &input).unwrap()
}

fn shown(imported: &Imported) -> String {
    let mut text = String::new();
    for (path, file) in &imported.files {
        text.push_str(&format!("--- {path}\n{file}\n"));
    }
    text.push_str(&format!("--- secrets\n{}\n--- notes\n", imported.secret_lines()));
    text.extend(imported.notes.iter().map(|note| format!("{note}\n")));
    text
}

/// Loads what was made, as pypaas does; nothing may be wrong with it, not even a warning.
fn assert_loads(imported: &Imported) {
    let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
    let mut files = vec![file("pypaas.yml", "ports: {min: 61500, max: 61800}")];
    files.extend(imported.files.iter().map(|(path, text)| file(path.as_str(), text)));
    let loaded = load(&files, &runner_types().for_loading());
    let problems: Vec<String> = loaded.problems.iter().map(|it| it.report()).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

#[test]
fn apps_become_configurations_that_load() {
    let mut names: Vec<String> =
        fs::read_dir(APPS).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    for name in names {
        let imported = import(&name);
        insta::assert_snapshot!(name.clone(), shown(&imported));
        assert_loads(&imported);
    }
}

/// Imports an app that has these files.
fn import_files(tool: Tool, files: &[(&str, &str)]) -> Result<Imported, String> {
    let source = |(name, text): &(&str, &str)| Source { name: (*name).to_owned(), text: (*text).to_owned() };
    let input = Input { app: files.iter().map(source).collect(), ..Input::default() };
    let (repo, branch) = (RepoName::new("shop").unwrap(), BranchName::new("main").unwrap());
    tool.import(repo, branch, &input).map_err(|error| error.to_string())
}

#[test]
fn what_is_wrong_is_named_with_file_and_line() {
    let procfile = ("Procfile", "web: npm start\n");
    let app_json = |text| import_files(Tool::Dokku, &[procfile, ("app.json", text)]).unwrap_err();
    let kamal = |text| import_files(Tool::Kamal, &[("config/deploy.yml", text)]).unwrap_err();

    assert_eq!(app_json("{\n\"env\": []}"), "app.json:2: `env` is not a mapping");
    assert_eq!(
        app_json("{\"formation\": {\"web\":\n {\"quantity\": -1}}}"),
        "app.json:2: `formation.web.quantity` is not a whole number"
    );
    assert_eq!(
        app_json("{\"cron\": [\n{\"command\": \"x\", \"schedule\": \"@reboot\"}]}"),
        "app.json:2: `cron.schedule` is not five fields of a time, or a word such as @daily"
    );
    assert_eq!(
        app_json("{\"env\": {\"A\":\n {\"secret\": \"x\"}}}"),
        "app.json:2: `env.A.secret` is not a key of a variable: `value`, `description`, `required`, `generator`, `sync`"
    );
    let checks = import_files(Tool::Dokku, &[procfile, ("CHECKS", "WAIT=1\ncheck ok\n")]).unwrap_err();
    assert_eq!(checks, "CHECKS:2: `check` is not a path such as /check");
    let cron = import_files(Tool::Piku, &[("Procfile", "web: x\ncron1: * * * x\n")]).unwrap_err();
    assert_eq!(cron, "Procfile:2: `cron1` is not five fields of a time and a command");
    let env = import_files(Tool::Piku, &[procfile, ("ENV", "A=1\nhush\n")]).unwrap_err();
    assert_eq!(env, "ENV:2: is not of the form `NAME=value`");
    assert_eq!(kamal("service: shop\n"), "`config/deploy.yml` has no `servers`");
    let no_cmd = "a role with a `cmd`, and no `CMD` of a Dockerfile and no `web` of a Procfile says one";
    assert_eq!(
        kamal("service: shop\nservers:\n- 192.0.2.1\n"),
        format!("config/deploy.yml:2: `servers` is not {no_cmd}")
    );
    assert_eq!(
        kamal("servers:\n  web: {cmd: x}\nproxy:\n  response_timeout: soon\n"),
        "config/deploy.yml:4: `proxy.response_timeout` is not a whole number"
    );
    assert!(kamal("a: b: c\n").starts_with("config/deploy.yml:1: invalid YAML: "), "{}", kamal("a: b: c\n"));
}

#[test]
fn values_arrive_as_they_were() {
    let long = "a  b ".repeat(60) + "c";
    let values = [
        "1.10",
        "yes",
        "null",
        "~",
        "",
        " a ",
        "a: b",
        "# a",
        "a #b",
        "'",
        "\"",
        "\\n",
        "é🦀",
        "*a",
        "&a",
        "{}",
        "[a",
        "@a",
        "%a",
        "- a",
        "? a",
        "!a",
        "|",
        ">",
        "0x1F",
        "2001-01-01",
        "=",
        "<<",
        "$5 `x`",
        &long,
    ];
    let env: serde_json::Map<String, serde_json::Value> =
        (0..).zip(values).map(|(number, value)| (format!("A{number}"), value.into())).collect();
    let app_json = serde_json::json!({ "env": env }).to_string();

    let files = [("Procfile", "web: npm start\n"), ("app.json", app_json.as_str())];
    let imported = import_files(Tool::Heroku, &files).unwrap();

    assert_loads(&imported);
    let (path, text) = &imported.files[0];
    let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
    let files = [file("pypaas.yml", "ports: {min: 61500, max: 61800}"), file(path.as_str(), text)];
    let configuration = load(&files, &runner_types().for_loading()).configuration.unwrap();
    let loaded =
        &configuration.repos[&RepoName::new("shop").unwrap()].branches[&BranchName::new("main").unwrap()].env;
    for (number, value) in (0..).zip(values) {
        assert_eq!(loaded[&format!("A{number}")], value, "{text}");
    }
}
