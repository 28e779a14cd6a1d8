//! The Unix sockets of this machine that have a path.

use std::fs;
use std::io;

use camino::Utf8PathBuf;

/// One end of a socket: the one that waits for connections, or that of a connection at its side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Socket {
    /// The path it was bound to.
    pub(crate) path: Utf8PathBuf,
    /// Whether it is a connection; otherwise it waits for them.
    pub(crate) is_connected: bool,
    /// The number by which the files of a process name it.
    pub(crate) inode: u64,
}

/// Lists them.
pub(crate) fn sockets() -> io::Result<Vec<Socket>> {
    Ok(read(&fs::read_to_string("/proc/net/unix")?))
}

/// The flag of a socket that waits for connections, `__SO_ACCEPTCON` in the kernel's `net.h`.
const ACCEPTS: u32 = 1 << 16;

/// The state of a connected socket, `SS_CONNECTED` in the kernel's `net.h`.
const CONNECTED: &str = "03";

/// Reads `/proc/net/unix`: `address: references protocol flags type state inode path`.
fn read(text: &str) -> Vec<Socket> {
    let socket = |line: &str| {
        let mut fields = line.split_ascii_whitespace();
        let (flags, state, inode) = (fields.nth(3)?, fields.nth(1)?, fields.next()?);
        let path = fields.next().filter(|path| path.starts_with('/'))?;
        let accepts = u32::from_str_radix(flags, 16).is_ok_and(|flags| flags & ACCEPTS != 0);
        let is_connected = state == CONNECTED;
        let inode = inode.parse().ok()?;
        (accepts || is_connected).then(|| Socket { path: path.into(), is_connected, inode })
    };
    text.lines().filter_map(socket).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_told_from_the_socket_that_waits_for_them() {
        let text = "Num       RefCount Protocol Flags    Type St Inode Path\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 100 /h/run/router-http.sock\n\
            0000000000000000: 00000003 00000000 00000000 0001 03 101 /h/run/router-http.sock\n\
            0000000000000000: 00000003 00000000 00000000 0001 03 102 @abstract\n\
            0000000000000000: 00000003 00000000 00000000 0001 03 103\n";
        let socket =
            |is_connected, inode| Socket { path: "/h/run/router-http.sock".into(), is_connected, inode };
        assert_eq!(read(text), [socket(false, 100), socket(true, 101)]);
    }
}
