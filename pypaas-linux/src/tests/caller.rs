//! Whoever waits.

use std::io;

use pypaas_core::host::Caller;

use super::machine::Machine;
use crate::caller::is_gone;

#[test]
fn a_pipe_nobody_reads_is_gone() {
    let (reader, writer) = io::pipe().unwrap();
    assert!(!is_gone(&writer));
    drop(reader);
    assert!(is_gone(&writer));
}

#[test]
fn a_socket_whose_other_end_is_closed_is_gone() {
    let (near, far) = std::os::unix::net::UnixStream::pair().unwrap();
    assert!(!is_gone(&near));
    drop(far);
    assert!(is_gone(&near));
}

#[test]
fn a_file_is_never_gone() {
    assert!(!is_gone(tempfile::tempfile().unwrap()));
    assert!(!is_gone(std::fs::OpenOptions::new().write(true).open("/dev/null").unwrap()));
}

#[test]
fn nobody_wants_to_stop_unless_watched() {
    assert_eq!(Machine::new().host.wants_to_stop(), None);
}
