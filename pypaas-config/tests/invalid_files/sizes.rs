//! Values that no process could be started with.

use crate::branch;

/// Returns the messages about a branch whose lines hold `x`es as the value of `key`.
fn messages(lines: &str, length: usize) -> Vec<String> {
    let said = branch(&lines.replace("{x}", &"x".repeat(length)));
    said.lines().filter(|line| line.starts_with("error:")).map(str::to_owned).collect()
}

#[test]
fn what_linux_does_not_pass_to_a_process_is_refused_where_it_is_written() {
    for (lines, length, message) in [
        ("env:\n  A: {x}", 200_000, "error: `A` has 200002 bytes"),
        ("hooks:\n  release: [ls, '{x}']", 200_000, "error: a command of `release` has 200000 bytes"),
        ("custom_cmds:\n  test: {x}", 200_000, "error: `test` has 200000 bytes"),
    ] {
        assert_eq!(messages(lines, length), [message]);
    }
    assert_eq!(messages("env:\n  A: {x}", 128 * 1024 - 3), [""; 0]);
    assert_eq!(messages("env:\n  A: {x}", 128 * 1024 - 2), ["error: `A` has 131072 bytes"]);
}

#[test]
fn the_help_says_where_a_large_value_belongs() {
    let said = branch(&format!("env:\n  A: {}", "x".repeat(200_000)));
    for words in [
        "Linux passes at most 131071 bytes to a process",
        "help: put it into a file, in the repository or in `$PYPAAS_DATA_DIR`",
    ] {
        assert!(said.contains(words), "{said:.500}");
    }
}
