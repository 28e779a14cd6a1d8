//! Sending alerts: to a URL by curl, or to a command.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pypaas_config::Notify;
use pypaas_core::AlertMessage;
use rustix::fs::{MemfdFlags, memfd_create};

use crate::child::{self, Exit};
use crate::program;

/// How long a destination may take.
const LONGEST: Duration = Duration::from_secs(30);

/// Sends `message`. An error says what the program that sent it printed.
pub fn send_alert(to: &Notify, message: &AlertMessage) -> io::Result<()> {
    let json = serde_json::to_string(message)?;
    let (command, input) = match to.is_url() {
        true => (curl()?, curl_config(&to.to, &json)),
        false => (program::command(&["/bin/sh", "-c", &to.to])?, json),
    };
    let mut file = File::from(memfd_create("alert", MemfdFlags::CLOEXEC)?);
    file.write_all(input.as_bytes())?;
    file.rewind()?;
    let (began, mut said) = (Instant::now(), Vec::new());
    let mut stop =
        || (began.elapsed() > LONGEST).then(|| format!("it took longer than {} s", LONGEST.as_secs()));
    let mut keep = |bytes: &[u8]| said.extend_from_slice(bytes);
    match child::run_with_input(command, Stdio::from(file), &mut keep, &mut stop)? {
        Exit::Exited(status) if status.success() => Ok(()),
        Exit::Exited(status) => {
            let said = String::from_utf8_lossy(&said);
            let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
            Err(io::Error::other(format!("{status}: {last}")))
        }
        Exit::Interrupted(reason) => Err(io::Error::new(io::ErrorKind::TimedOut, reason)),
    }
}

/// The URL may be a secret: it is read from standard input, and no list of processes shows it.
fn curl() -> io::Result<Command> {
    program::command(&["curl", "--silent", "--show-error", "--fail", "--max-time", "20", "--config", "-"])
}

/// Writes what curl reads (curl(1), `--config`): values in quotes, with backslashes before quotes and backslashes.
fn curl_config(url: &str, json: &str) -> String {
    let quote = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let header = quote("Content-Type: application/json");
    format!("url = {}\nheader = {header}\ndata-raw = {}\noutput = \"/dev/null\"\n", quote(url), quote(json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_curl_reads_is_quoted() {
        let expected = "url = \"https://a/?b\"\nheader = \"Content-Type: application/json\"\n\
                        data-raw = \"{\\\"a\\\": \\\"\\\\n\\\"}\"\noutput = \"/dev/null\"\n";
        assert_eq!(curl_config("https://a/?b", r#"{"a": "\n"}"#), expected);
    }
}
