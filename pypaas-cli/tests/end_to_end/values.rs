//! Values of the configuration, on their way to commands and processes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use camino::Utf8Path;

use crate::host;
use crate::shop::{NODE, Shop};

/// Values that a shell, YAML, nginx or a template could take for something else.
const VALUES: [(&str, &str); 15] = [
    ("SPACES", "  two  spaces  "),
    ("DOLLAR", "$HOME ${PATH} $$ $(touch executed) `touch executed`"),
    ("QUOTES", r#"it's "quoted" '' \ \\ \n"#),
    ("LINES", "one\ntwo\r\n\n\tthree\n\n"),
    ("UNICODE", "grüße 日本 🦀 e\u{301}\u{200b}\u{a0}"),
    ("JSON", r##"{"a": [1, null, "c\"d"], "b": {"$ref": "#/x"}}"##),
    ("EMPTY", ""),
    ("PERCENT", "100% %s {cmd} {{ x }} {% y %} {# z #}"),
    ("GLOB", "* ? [a-z] ~ ~root !1"),
    ("WORDS", "; exec false & | < > # no comment"),
    ("EQUALS", "a=b=c"),
    ("DASH", "-n -e"),
    ("YES", "yes"),
    ("VERSION", "1.10"),
    ("CONTROL", "\u{1b}[31m\u{7}\u{1}"),
];

#[test]
fn every_command_and_process_sees_the_configured_values_byte_for_byte() {
    let env: BTreeMap<&str, &str> = VALUES.into();
    let env = serde_json::to_string(&env).unwrap().replace(r#""yes""#, "yes").replace(r#""1.10""#, "1.10");
    let note = |name: &str| format!("'env -0 >$PYPAAS_DATA_DIR/{name}'");
    let runner = r#"{type: NginxBackend, process_count: 2, cmd: "env -0 >$PYPAAS_DATA_DIR/process-$PORT && exec node server.js"}"#;
    let shop = Shop::live(
        "dies-on-sigterm",
        &format!(
            "runners: {{web: {runner}}}, env: {env}, custom_cmds: {{env: env -0}}, \
             hooks: {{before_build: {}, build: [{}], after_build: {}, maintenance: {}}}",
            note("before_build"),
            note("build"),
            note("after_build"),
            note("maintenance"),
        ),
    );

    let data = shop.sandbox.home().join("data/shop/main");
    let mut seen = read_environments(&data);
    let custom = shop.sandbox.client("phone").ssh(&["custom_cmds", "shop", "main", "env"]).must_succeed();
    seen.insert("custom command".to_owned(), parse(&custom.stdout));
    assert_eq!(seen.len(), 7, "{:?}", seen.keys());
    for (place, environment) in &seen {
        for (name, value) in VALUES {
            assert_eq!(environment.get(name).map(String::as_str), Some(value), "{name} in {place}");
        }
        assert_eq!(environment["GIT_COMMIT"], shop.code.head(), "{place}");
    }

    let told = ["GIT_COMMIT", "PYPAAS_BRANCH", "PYPAAS_CACHE_DIR", "PYPAAS_DATA_DIR", "PYPAAS_REPO"];
    let base = ["HOME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "USER"];
    let configured = VALUES.map(|(name, _)| name);
    let all: BTreeSet<&str> = told.into_iter().chain(base).chain(configured).collect();
    let of_process: BTreeSet<&str> =
        all.iter().copied().chain(["OLDPWD", "PORT", "PYPAAS_SERVICE"]).collect();
    let mut ports = BTreeSet::new();
    for (place, environment) in &seen {
        let names: BTreeSet<&str> = environment.keys().map(String::as_str).collect();
        match place.strip_prefix("process-") {
            None => {
                let more = (place != "custom command").then_some("PYPAAS_COMMAND_OF");
                assert_eq!(names, all.iter().copied().chain(more).collect(), "{place}");
            }
            Some(port) => {
                assert_eq!(names.difference(&of_process).collect::<Vec<_>>(), [&""; 0], "{place}");
                assert_eq!(environment["PORT"], port);
                ports.insert(port.parse::<u16>().unwrap());
            }
        }
    }
    assert_eq!(ports.len(), 2);
    assert!(ports.iter().all(|port| shop.sandbox.app_ports().contains(port)), "{ports:?}");
    assert_eq!(files_named(&shop.sandbox.home(), "executed"), 0, "a value was evaluated");
}

#[test]
fn new_values_arrive_with_a_restart_and_the_commit_with_each_push() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let noting = r#"runners: {web: {type: NginxBackend, cmd: "env -0 >$PYPAAS_DATA_DIR/process; exec node server.js"}}"#;
    let data = shop.sandbox.home().join("data/shop/main");
    shop.configure(&format!("{noting}, env: {{MODE: one}}"));
    shop.sandbox.pypaas(&["restart", "shop", "main"]).must_succeed();
    let first = read_environments(&data).remove("process").unwrap();
    assert_eq!((first["MODE"].as_str(), &first["GIT_COMMIT"]), ("one", &shop.code.head()));

    shop.configure(&format!("{noting}, env: {{MODE: two}}"));
    shop.push_version("2").must_succeed();
    let second = read_environments(&data).remove("process").unwrap();
    assert_eq!((second["MODE"].as_str(), &second["GIT_COMMIT"]), ("two", &shop.code.head()));
    assert_ne!(first["GIT_COMMIT"], second["GIT_COMMIT"]);
}

#[test]
fn the_run_script_templates_of_a_pypaas_user_go_on_working() {
    let settings = r#"
runner_runscript_template: |
  #!/bin/sh
  # {repo.name} {branch.name}: ${{HOME}}
  cd {checkout.path}
  {env_cmds}
  exec 2>&1
  echo "{repo.name} of {branch.name} in ${{HOME:-nowhere}}"
  exec {cmd}

runner_logscript_template: |
  #!/bin/sh
  exec multilog n5 ./main
"#;
    let sandbox = host::builder().settings(settings).start().unwrap();
    let branch = r#"runners: {web: {type: NginxBackend, cmd: "FOO=1 env -0 >$PYPAAS_DATA_DIR/process && node server.js"}},
                    env: {QUOTES: "it's $5 {x}", LINES: "a\nb"}"#;
    let shop = Shop::on(sandbox, "dies-on-sigterm", branch);
    shop.push().must_succeed();

    let home = shop.sandbox.home();
    let seen = read_environments(&home.join("data/shop/main")).remove("process").unwrap();
    assert_eq!(
        (seen["QUOTES"].as_str(), seen["LINES"].as_str(), seen["FOO"].as_str()),
        ("it's $5 {x}", "a\nb", "1")
    );
    let script = fs::read_to_string(home.join("services/shop+main+web+0+a/run")).unwrap();
    assert!(script.contains("# shop main: ${HOME}\n"), "{script}");
    let log = fs::read_to_string(home.join("services/shop+main+web+0+a/log/main/current")).unwrap();
    assert_eq!(
        log,
        format!("shop of main in {home}/cache/shop/main/home\n"),
        "without timestamps, as the template has it"
    );

    shop.push_version("2").must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 2\n");
    assert_eq!(shop.pids().len(), 2, "the shell of `cmd` and its node: {:?}", shop.sandbox.app_processes());
}

#[test]
fn a_template_with_an_unknown_placeholder_is_named_and_nothing_changes() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let pids = shop.pids();
    let settings = shop.sandbox.read_config("pypaas.yml") + "runner_runscript_template: exec {command}\n";
    shop.sandbox.write_config("pypaas.yml", &settings);

    let refused = shop.push_version("2").must_fail().stderr;

    assert!(
        refused.contains(
            "error: `runner_runscript_template` cannot be used: unknown placeholder `{command}` on line 1; "
        ),
        "{refused}"
    );
    assert_eq!((shop.pids(), shop.page().as_str()), (pids, "dies-on-sigterm version 1\n"));
}

/// Reads what `env -0` wrote into files of a directory, by the file's name.
fn read_environments(directory: &Utf8Path) -> BTreeMap<String, BTreeMap<String, String>> {
    let entries = directory.read_dir_utf8().unwrap().map(Result::unwrap);
    entries.map(|it| (it.file_name().to_owned(), parse(&fs::read_to_string(it.path()).unwrap()))).collect()
}

fn parse(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split_terminator('\0').map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn files_named(directory: &Utf8Path, name: &str) -> usize {
    let entries = directory.read_dir_utf8().unwrap().map(Result::unwrap);
    let count = |it: camino::Utf8DirEntry| {
        let below = if it.file_type().unwrap().is_dir() { files_named(it.path(), name) } else { 0 };
        below + usize::from(it.file_name() == name)
    };
    entries.map(count).sum()
}
