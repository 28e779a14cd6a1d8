//! The status bytes of a supervisor.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| pypaas_linux::fuzzing::supervise_status(data));
