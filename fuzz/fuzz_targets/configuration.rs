//! Configuration text.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| pypaas_cli::fuzzing::configuration(data));
