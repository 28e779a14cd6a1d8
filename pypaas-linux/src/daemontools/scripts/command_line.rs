//! What the shell of a process is given to run.

/// Makes the text for `sh -c`: the command as the admin wrote it, with `exec` in front of one that is a single program.
///
/// dash stays as a program's parent otherwise (0.5.12 does, even for the last command of `-c`), and then the process
/// that the supervisor knows and signals is the shell, which ends at once and leaves the program running.
pub(super) fn command_line(command: &str) -> String {
    if is_one_program(command.trim()) { format!("exec {}", command.trim()) } else { command.to_owned() }
}

/// Returns whether `exec` in front of the command changes nothing but the shell's staying. Rather no than yes: no is
/// always right.
fn is_one_program(command: &str) -> bool {
    let first = command.split_whitespace().next().unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '+');
    !command.contains([';', '&', '|', '<', '>', '(', ')', '`', '\n', '\r'])
        && !first.is_empty()
        && first.chars().all(is_name)
        && !SHELL_WORDS.contains(&first)
}

/// The words that are not programs but the shell's own, apart from those that cannot stand without a `;` or a newline.
const SHELL_WORDS: [&str; 29] = [
    ".", "alias", "bg", "break", "cd", "command", "continue", "eval", "exec", "exit", "export", "fc", "fg",
    "getopts", "hash", "jobs", "local", "read", "readonly", "return", "set", "shift", "times", "trap",
    "type", "ulimit", "umask", "unset", "wait",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_program_takes_the_place_of_its_shell() {
        for command in ["node server.js", "npm start", "./run --port $PORT", "uvicorn \"a:b\" --port ${PORT}"]
        {
            assert_eq!(command_line(command), format!("exec {command}"));
        }
        assert_eq!(command_line("node server.js\n"), "exec node server.js");
    }

    #[test]
    fn everything_else_is_left_to_the_shell() {
        for command in [
            "FOO=1 node x.js",
            "a && b",
            "a; b",
            "a | b",
            "a\nb",
            "exec x",
            ". ./env",
            "$SERVER x",
            "'my app' x",
            "! x",
            "{ x",
            "exit 3",
            "cat <x",
            "(x)",
            "",
        ] {
            assert_eq!(command_line(command), command);
        }
    }
}
