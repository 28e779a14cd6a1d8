//! A file of public keys, its name in the first line.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    let (name, text) = data.split_once('\n').unwrap_or(("ada", data));
    pypaas_cli::fuzzing::key_file(name, text);
});
