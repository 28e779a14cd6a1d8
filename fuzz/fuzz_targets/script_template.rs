//! Script templates.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| pypaas_linux::fuzzing::script_template(data));
