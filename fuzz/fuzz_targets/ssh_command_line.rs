//! What a client sends over SSH.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| pypaas_cli::fuzzing::ssh_command_line(data));
