//! Secrets as they come from a terminal, a pipe or a file.

use std::io::{IsTerminal, Read, Stdin, stdin};

use pypaas_config::{is_reserved_variable, is_variable};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::failure::Failure;
use crate::terminal;

/// The longest value that is taken: a run script has to hold it.
const MAX_VALUE: usize = 64 * 1024;

/// The longest list of secrets that is taken.
const MAX_INPUT: u64 = 1024 * 1024;

/// Reads one value from standard input, without the newline at its end. Nothing at all is no value.
pub(crate) fn value() -> Result<String, Failure> {
    let text = standard_input("enter the value (it is not shown), then press Enter and Ctrl-D:\n")?;
    if text.is_empty() {
        return Err(refuse("standard input is empty"));
    }
    let value = text.strip_suffix('\n').unwrap_or(&text);
    check_value(value)?;
    Ok(value.to_owned())
}

/// Reads several secrets from standard input, a line each: `NAME=value`. Blank lines and lines that begin with `#` say
/// nothing; quotes around a value are left out.
pub(crate) fn list() -> Result<Vec<(String, String)>, Failure> {
    let text = standard_input("enter lines such as NAME=value (they are not shown), then press Ctrl-D:\n")?;
    let mut secrets: Vec<(String, String)> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // The line is not quoted in the message: it may be half a secret.
        let wrong = |reason: &str| refuse(&format!("line {number} {reason}"));
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=').ok_or_else(|| wrong("is not of the form NAME=value"))?;
        let name = name.trim_end();
        check_name(name)?;
        if secrets.iter().any(|(other, _)| other == name) {
            return Err(wrong(&format!("sets `{name}` a second time")));
        }
        let value = unquoted(value.trim_start());
        check_value(value)?;
        secrets.push((name.to_owned(), value.to_owned()));
    }
    if secrets.is_empty() {
        return Err(refuse("standard input contains no secret"));
    }
    Ok(secrets)
}

/// Refuses names that no secret can have.
pub(crate) fn check_name(name: &str) -> Result<(), Failure> {
    if is_variable(name) && !is_reserved_variable(name) {
        return Ok(());
    }
    Err(Failure::new(
        format!("`{name}` cannot name a secret"),
        "use letters, digits and `_`, and no digit first; names that pypaas or the shell sets itself are not allowed",
    ))
}

fn check_value(value: &str) -> Result<(), Failure> {
    if value.len() > MAX_VALUE {
        return Err(refuse("the value is longer than 64 KiB"));
    }
    if value.contains('\0') {
        return Err(refuse("the value contains a NUL character"));
    }
    Ok(())
}

fn unquoted(value: &str) -> &str {
    let quoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    quoted.unwrap_or(value)
}

fn standard_input(prompt: &str) -> Result<String, Failure> {
    let input = stdin();
    let silence = input.is_terminal().then(|| Silence::begin(&input)).flatten();
    if silence.is_some() {
        terminal::err(prompt);
    }
    let mut text = Vec::new();
    input.lock().take(MAX_INPUT + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_INPUT {
        return Err(refuse("standard input is longer than 1 MiB"));
    }
    String::from_utf8(text).map_err(|_| refuse("standard input is not UTF-8"))
}

fn refuse(reason: &str) -> Failure {
    Failure::new(reason, "nothing was changed")
}

/// While it lives, the terminal does not show what is typed.
struct Silence {
    terminal: Stdin,
    before: Termios,
}

impl Silence {
    fn begin(terminal: &Stdin) -> Option<Self> {
        let before = tcgetattr(terminal).ok()?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL);
        tcsetattr(terminal, OptionalActions::Flush, &silent).ok()?;
        Some(Self { terminal: stdin(), before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}
