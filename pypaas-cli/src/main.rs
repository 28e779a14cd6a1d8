//! The `pypaas` program.
fn main() {}
