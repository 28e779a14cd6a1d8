//! A file of public keys.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| pypaas_cli::fuzzing::key_file(data));
