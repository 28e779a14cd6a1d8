//! The `pypaas` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    pypaas_cli::main()
}
