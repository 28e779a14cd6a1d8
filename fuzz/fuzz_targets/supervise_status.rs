//! The status bytes of a supervisor.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| pypaas_cli::fuzzing::supervise_status(bytes));
