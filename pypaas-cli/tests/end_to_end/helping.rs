//! Help, completions, man pages and colors: what makes the program pleasant to type.

use std::process::Command;

use pypaas_sandbox::Sandbox;

use crate::host;
use crate::shop::{Shop, assert_says};

#[test]
fn help_has_examples_and_explains_exit_statuses() {
    let sandbox = host::start();
    let client = sandbox.client("laptop");
    let help = sandbox.pypaas(&["--help"]).must_succeed();
    assert_says(&help, "Exit status:\n  0  success; for `why` and `check`: no problems found\n");
    for words in [&["help", "restart"][..], &["restart", "--help"]] {
        let help = client.ssh(words).must_succeed();
        assert!(help.stdout.starts_with("Start new processes of the live checkout"), "{help}");
        assert_says(&help, "Examples:\n  pypaas restart shop\n");
    }
    let unknown = client.ssh(&["help", "update-hook"]);
    assert_ne!(unknown.code, 0, "{unknown}");
}

#[test]
fn the_hyphenated_spellings_mean_the_same() {
    let shop =
        Shop::live("static-site", "runners: {web: {type: NginxStatic}}, custom_cmds: {greet: echo hello}");
    let client = shop.sandbox.client("laptop2");
    assert_eq!(client.ssh_line("custom-cmds shop main greet").must_succeed().stdout, "hello\n");
    assert_says(&client.ssh_line("rebuild-authorized-keys").must_succeed(), " may log in now\n");
}

#[test]
fn shells_and_man_get_what_they_understand() {
    let sandbox = host::start();
    let client = sandbox.client("laptop");
    let completions = client.ssh_line("completions bash").must_succeed().stdout;
    let script = format!(
        "{completions}\nCOMP_WORDS=(pypaas roll); COMP_CWORD=1; _pypaas pypaas roll pypaas; echo \"${{COMPREPLY[@]}}\""
    );
    let bash = Command::new("bash").args(["--norc", "-c", &script]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&bash.stdout), "rollback\n", "{bash:?}");
    for shell in ["zsh", "fish"] {
        assert_says(&client.ssh_line(&format!("completions {shell}")).must_succeed(), "rollback");
    }
    let page = client.ssh_line("man rollback").must_succeed().stdout;
    assert!(page.contains(".TH pypaas-rollback 1") && page.contains("pypaas rollback shop 12"), "{page}");
    assert!(client.ssh_line("man").must_succeed().stdout.contains("pypaas\\-rollback(1)"));
    assert_says(
        &client.ssh_line("man update-hook").must_fail(),
        "error: there is no command `update-hook`\n",
    );
    assert_eq!(client.ssh_line("completions tcsh").code, 1);
}

/// Runs pypaas on a terminal of its own.
fn on_terminal(sandbox: &Sandbox, environment: &[(&str, &str)]) -> String {
    let line = format!("stty cols 60; {} status", env!("CARGO_BIN_EXE_pypaas"));
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    command.env("PYPAAS_HOME", sandbox.home()).env("TERM", "xterm").env_remove("NO_COLOR");
    let output = command.envs(environment.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n")
}

#[test]
fn colors_are_for_terminals_and_tables_fit_them() {
    let shop = Shop::new("static-site", "runners: {web: {type: NginxStatic}}");
    shop.code.commit("A subject that goes on and on and on and on and on and on and on and on");
    shop.push().must_succeed();
    let sandbox = &shop.sandbox;
    let colored = on_terminal(sandbox, &[]);
    assert!(colored.contains("\u{1b}[1mshop main\u{1b}[0m"), "{colored:?}");
    let plain = on_terminal(sandbox, &[("NO_COLOR", "1")]);
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    let table: Vec<&str> = plain.lines().take(2).collect();
    assert!(table.iter().all(|line| line.chars().count() <= 60), "{plain}");
    assert!(table[1].contains('…'), "{plain}");
    let piped = sandbox.pypaas(&["status"]).must_succeed().stdout;
    assert!(piped.contains("and on and on and on and on  ") && !piped.contains('\u{1b}'), "{piped}");
}
