//! Generated scripts, run by the real `/bin/sh`, `pgrphack` and `multilog`: what the process sees is what was set.
#![expect(clippy::unwrap_used, reason = "a helper that fails is the test failing")]

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Child, Command, Output, Stdio};

use camino::Utf8PathBuf;
use proptest::prelude::*;
use pypaas_core::{Environment, Script, ScriptText, ServiceName};
use pypaas_linux::daemontools::Scripts;
use tempfile::TempDir;

const SERVICE: &str = "shop+feature%2fx+web+0+b";
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
const LEGACY: &str = "#!/bin/sh\nexec 2>&1\ncd '{checkout.path}'\n{env_cmds}\nexec {cmd}\n";

#[test]
fn awkward_values_reach_the_process_unchanged() {
    let values = [
        "two words",
        "  edges  ",
        "$HOME ${HOME} $(id) `id`",
        "it's \"quoted\" \\ twice\\\\",
        "one\ntwo\n\n",
        "\r\n\t",
        r#"{"a": [1, "$x", null], "b": "it's"}"#,
        "grüße 日本語 🦀 \u{80}\u{81}\u{88}\u{fffd}",
        "\u{1}\u{7}\u{1b}[0m\u{7f}",
        "",
        "~",
        "*",
        "-n",
        "#!",
        "!!",
        "a=b",
        "'",
        "''",
        "\\",
        "%s\\n",
        "é'\n'é",
    ];
    let variables =
        values.iter().enumerate().map(|(number, value)| (format!("V{number}"), (*value).to_owned()));
    assert_same_environment(variables.collect());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_environment_reaches_the_process_unchanged(
        variables in prop::collection::btree_map("[A-Z_][A-Z0-9_]{3,9}", "[^\0]*", 0..8),
    ) {
        assert_same_environment(variables);
    }

    #[test]
    fn any_text_passed_to_a_command_is_data(text in "[^\0]*") {
        let command = format!("printf %s '{}'", text.replace('\'', r"'\''"));
        prop_assert_eq!(output(&command), text.as_bytes());
    }
}

#[test]
fn commands_run_as_a_shell_runs_them() {
    let runs = [
        ("FOO=1 sh -c 'echo $FOO'", "1\n"),
        ("true && echo a; false || echo b", "a\nb\n"),
        ("exec echo x", "x\n"),
        ("echo $GREETING \"$GREETING\"", "two words two  words\n"),
        ("printf '%s|' \"it's\" 'a \"b\"' c\\ d", "it's|a \"b\"|c d|"),
        ("echo one\necho 'two\nthree'\n", "one\ntwo\nthree\n"),
        ("echo a | tr a b", "b\n"),
        ("echo out; echo err >&2", "out\nerr\n"),
        ("echo ${#GREETING} # a comment", "10\n"),
        ("  echo padded\n", "padded\n"),
        ("printf %s \"$PWD\" | tail -c 9", "it's here"),
    ];
    for (command, expected) in runs {
        assert_eq!(String::from_utf8_lossy(&output(command)), expected, "{command}");
    }
}

#[test]
fn a_process_leads_its_session_and_group_whether_a_shell_stays_or_not() {
    for (command, template) in [
        ("cat /proc/self/stat", None),
        ("true && cat /proc/$$/stat", None),
        ("cat /proc/self/stat", Some(LEGACY)),
        ("FOO=1 cat /proc/$$/stat", Some(LEGACY)),
    ] {
        let service = Service::new(command, &BTreeMap::new(), template);
        let child = service.start("run");
        let id = child.id().to_string();
        let stat = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        assert_eq!((fields[2], fields[3]), (id.as_str(), id.as_str()), "{command}: {stat}");
    }
}

#[test]
fn a_process_starts_with_any_path() {
    let variables = BTreeMap::from([("PATH".to_owned(), "/opt/app/bin".to_owned())]);
    for template in [None, Some(LEGACY)] {
        let service = Service::new("/bin/echo $PATH", &variables, template);
        assert_eq!(service.run("run").stdout, b"/opt/app/bin\n");
    }
}

#[test]
fn a_missing_checkout_is_a_temporary_failure_that_is_logged() {
    let service = Service::new("echo never", &BTreeMap::new(), None);
    std::fs::remove_dir(&service.checkout).unwrap();
    let output = service.run("run");
    assert_eq!(output.status.code(), Some(111));
    assert!(String::from_utf8_lossy(&output.stdout).contains("it's here"));
}

#[test]
fn the_exit_status_is_the_commands() {
    let service = Service::new("exit 7", &BTreeMap::new(), None);
    assert_eq!(service.run("run").status.code(), Some(7));
}

#[test]
fn the_log_script_keeps_lines_with_a_timestamp() {
    let service = Service::new("true", &BTreeMap::new(), None);
    let mut child = service.start("log");
    child.stdin.take().unwrap().write_all(b"hello\n").unwrap();
    assert!(child.wait().unwrap().success());
    let line = std::fs::read_to_string(service.directory.path().join("main/current")).unwrap();
    assert!(line.starts_with("@4") && line.ends_with(" hello\n"), "{line}");
}

/// Runs `env -0` with `variables` set, by our script and by a legacy template, and compares all of its environment.
fn assert_same_environment(mut variables: BTreeMap<String, String>) {
    variables.insert("PATH".to_owned(), PATH.to_owned());
    for (template, command) in [(None, "env -0"), (None, "true; env -0"), (Some(LEGACY), "env -0")] {
        let service = Service::new(command, &variables, template);
        let output = service.run("run");
        let mut seen: BTreeMap<String, String> = String::from_utf8(output.stdout)
            .unwrap()
            .split_terminator('\0')
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(seen.remove("PWD").as_deref(), Some(service.checkout.as_str()), "{command}");
        seen.remove("OLDPWD");
        if template.is_some() {
            // An admin's own script begins with what svscan has.
            assert_eq!(seen.remove("INHERITED").as_deref(), Some("from svscan"));
        }
        let mut set = variables.clone();
        set.insert("PYPAAS_SERVICE".to_owned(), SERVICE.to_owned());
        assert_eq!(seen, set, "{command}");
    }
}

fn output(command: &str) -> Vec<u8> {
    let variables = [("GREETING", "two  words"), ("PATH", PATH)];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Service::new(command, &variables, None).run("run").stdout
}

/// A service directory with both scripts, as a host makes it, and a checkout.
struct Service {
    directory: TempDir,
    checkout: Utf8PathBuf,
}

impl Service {
    fn new(command: &str, variables: &BTreeMap<String, String>, template: Option<&str>) -> Self {
        let directory = TempDir::with_prefix("service").unwrap();
        // A template can hold plain paths only.
        let name = if template.is_some() { "checkout" } else { "it's here" };
        let checkout = Utf8PathBuf::from_path_buf(directory.path().join(name)).unwrap();
        std::fs::create_dir(&checkout).unwrap();
        let mut environment = Environment::default();
        environment.extend(variables.clone());
        let script = Script {
            service: ServiceName::parse(SERVICE).unwrap(),
            command: command.to_owned(),
            checkout: checkout.clone(),
            environment,
            confinement: None,
        };
        let scripts = Scripts::new(template.map(str::to_owned), None).unwrap();
        let definition = scripts.definition(&script).unwrap();
        let service = Self { directory, checkout };
        service.install("run", &definition.run);
        service.install("log", &definition.log);
        service
    }

    /// Writes a script by another process: while a test running beside this one forks, a file that is open for writing
    /// here is open there too, and cannot be run.
    fn install(&self, name: &str, text: &str) {
        let mut install = Command::new("install")
            .args(["-m", "755", "/dev/stdin"])
            .arg(self.directory.path().join(name))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        install.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(install.wait().unwrap().success());
    }

    fn start(&self, name: &str) -> Child {
        Command::new(self.directory.path().join(name))
            .current_dir(&self.directory)
            .env_clear()
            .env("PATH", PATH)
            .env("INHERITED", "from svscan")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs a script to its end. pypaas's own ends the line of the process before first; that is not the command's output.
    fn run(&self, name: &str) -> Output {
        let mut output = self.start(name).wait_with_output().unwrap();
        if let Some(rest) = output.stdout.strip_prefix(b"\r\n") {
            output.stdout = rest.to_vec();
        }
        output
    }
}
