//! What reads the bytes of others, and what must hold whatever they are: for the fuzz targets in `fuzz/`, and for a test that
//! tries what they kept. No part of the program.
#![expect(clippy::expect_used, reason = "a failure is a finding")]

mod configuration;
#[cfg(test)]
mod tests;

use camino::Utf8Path;
use pypaas_core::{PendingSwitch, Record};

use crate::command::Requirement;
use crate::commands::ssh::{self, Wish};
use crate::{commands, keys};

pub use configuration::configuration;

/// Reads a client's command line, as the SSH entry does, and checks that it asks for nothing that clients may not.
pub fn ssh_command_line(line: &str) {
    let wish = ssh::split(line).and_then(|words| ssh::understand(commands::ALL, words));
    if let Ok(Wish::Run { command, .. }) = wish {
        assert_ne!(command.requirement, Requirement::Host, "{line}");
    }
}

/// Reads a key file, its name in the first line, and checks that every line written from it forces pypaas's own command.
pub fn key_file(data: &str) {
    let (name, text) = data.split_once('\n').unwrap_or(("ada", data));
    let directory = Utf8Path::new("/home/deploy/.ssh/authorized_keys.d");
    // Only names without `/` are those of files in the directory.
    let Ok(keys) = keys::parse(&directory.join(name.replace('/', "")), text) else { return };
    let written = keys::authorized_keys(&keys, "'/usr/bin/pypaas'");
    let lines: Vec<&str> = written.lines().skip(1).collect();
    assert_eq!(lines.len(), keys.len(), "{written}");
    for line in lines {
        let (options, rest) = as_sshd_reads(line);
        let commands = options.iter().filter(|it| it.to_ascii_lowercase().starts_with("command=")).count();
        assert!(commands == 1 && options[0].starts_with("command=\"'/usr/bin/pypaas' ssh '"), "{line}");
        assert_eq!(options[1..3], ["restrict", "pty"], "{line}");
        assert_eq!(rest.split(' ').count(), 3, "{line}");
    }
}

/// Splits a line of `authorized_keys` into its options and the key behind them, as sshd does
/// (`sshkey_advance_past_options`).
fn as_sshd_reads(line: &str) -> (Vec<&str>, &str) {
    let bytes = line.as_bytes();
    let (mut at, mut begin, mut quoted, mut options) = (0, 0, false, Vec::new());
    while at < bytes.len() && (quoted || !matches!(bytes[at], b' ' | b'\t')) {
        match bytes[at] {
            b'\\' if bytes.get(at + 1) == Some(&b'"') => at += 1,
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                options.push(&line[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    options.push(&line[begin..at]);
    (options, line[at..].trim_start())
}

/// Reads the record of a branch, or the note of a switch of nginx's files: what is read can be written and read again, and
/// stays the same.
pub fn record(data: &[u8]) {
    if let Ok(record) = serde_json::from_slice::<Record>(data) {
        let written = serde_json::to_string(&record).expect("a record can be written");
        assert_eq!(serde_json::from_str::<Record>(&written).expect("what was written can be read"), record);
        assert!(record.next_release() >= record.live.as_ref().map_or(0, |live| live.release));
    }
    if let Ok(journal) = serde_json::from_slice::<PendingSwitch>(data) {
        let written = serde_json::to_string(&journal).expect("a note can be written");
        assert_eq!(
            serde_json::from_str::<PendingSwitch>(&written).expect("what was written can be read"),
            journal
        );
    }
}
