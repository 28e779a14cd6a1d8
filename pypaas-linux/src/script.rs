//! Scripts that the shell cannot run, for reasons that its message hides: `not found` is said of a file that is there.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;

use camino::Utf8Path;

/// What a shell exits with when it cannot execute a file, and when it does not find it.
const NOT_EXECUTED: [i32; 2] = [126, 127];

/// How much of a script is looked at.
const LOOKED_AT: u64 = 64 * 1024;

/// Says what is wrong with the script that the shell command `line` runs in `directory`, and how to fix it.
pub(super) fn why_it_cannot_run(line: &str, directory: &Utf8Path, status: i32) -> Option<String> {
    let (shown, by_a_shell) = script(line)?;
    let path = directory.join(shown);
    let name = shown.strip_prefix("./").unwrap_or(shown);
    let is_not_executed = NOT_EXECUTED.contains(&status);
    let Ok(metadata) = fs::metadata(&path) else {
        return is_not_executed.then(|| match fs::symlink_metadata(&path) {
            Ok(_) => format!("`{name}` is a link to something that does not exist"),
            Err(_) => format!("`{name}` is not in the checkout; is it committed? `git add --force {name}`"),
        });
    };
    if !metadata.is_file() {
        return is_not_executed.then(|| format!("`{name}` is not a file"));
    }
    if !by_a_shell && metadata.permissions().mode() & 0o111 == 0 {
        return Some(format!(
            "`{name}` is not executable: run `git update-index --chmod=+x {name}`, commit, then push again"
        ));
    }
    let mut bytes = Vec::new();
    File::open(&path).ok()?.take(LOOKED_AT).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    if text.contains("\r\n") {
        return Some(format!(
            "`{name}` has the line ends of Windows (CRLF), which a shell takes for part of each command: write \
             `{name} text eol=lf` into `.gitattributes`, run `git add --renormalize .`, commit, then push again"
        ));
    }
    let interpreter = text.strip_prefix("#!")?.split_whitespace().next()?;
    (is_not_executed && !by_a_shell && !Utf8Path::new(interpreter).exists())
        .then(|| format!("`{name}` begins with `#!{interpreter}`, and this host has no `{interpreter}`"))
}

/// Returns the script that a shell command runs, if it is a simple one: `./x`, `A=1 ./x y`, `exec ./x`, `sh x`; and whether a
/// shell that is named reads it.
fn script(line: &str) -> Option<(&str, bool)> {
    let assignment =
        |word: &str| word.split_once('=').is_some_and(|(name, _)| pypaas_config::is_variable(name));
    let mut words = line.split_whitespace().skip_while(|word| *word == "exec" || assignment(word));
    let first = words.next()?;
    let by_a_shell = matches!(first, "sh" | "bash" | "dash" | "/bin/sh" | "/bin/bash");
    let script = if by_a_shell { words.next()? } else { first };
    let is_plain =
        script.chars().all(|c| c.is_alphanumeric() || "-_./+".contains(c)) && !script.starts_with('-');
    (is_plain && (by_a_shell || script.contains('/'))).then_some((script, by_a_shell))
}

#[cfg(test)]
mod tests {
    use super::script;

    #[test]
    fn the_script_of_a_simple_command_is_found() {
        for (line, expected) in [
            ("./.build.sh", Some(("./.build.sh", false))),
            ("A=1 exec ./bin/start --port $PORT", Some(("./bin/start", false))),
            ("bash scripts/build.sh", Some(("scripts/build.sh", true))),
            ("npm ci", None),
            ("sh -c 'x'", None),
            ("$HOME/x", None),
            ("", None),
        ] {
            assert_eq!(script(line), expected, "{line}");
        }
    }
}
