//! Requests that are still with a worker of the router that is shutting down.
//!
//! Such a worker takes no new connections and closes idle ones, so every connection from the edge that it still has is a
//! request, which it answers by its old configuration: by a file, or by a process, to which it then has a connection. Those
//! with a connection to a process that is not asked for are somebody else's.

use std::collections::BTreeSet;
use std::fs;
use std::io;

use pypaas_core::RouterSockets;

use super::nginx_master::Master;
use super::proc;
use super::proc::tcp;

/// Counts the requests on old workers that are for `ports`, or may yet be.
pub(super) fn requests(master: Master, sockets: &RouterSockets, ports: &BTreeSet<u16>) -> io::Result<usize> {
    let old = master.leaving();
    if old.is_empty() {
        return Ok(0);
    }
    let from_edge = connected(&fs::read_to_string("/proc/net/unix")?, sockets);
    let connected = tcp::connected()?.into_iter();
    let elsewhere = connected.filter(|socket| !ports.contains(&socket.remote.port()));
    let elsewhere: BTreeSet<u64> = elsewhere.map(|socket| socket.inode).collect();
    let requests = |worker: &u32| {
        let open = proc::open_sockets(*worker);
        let count = |among: &BTreeSet<u64>| open.iter().filter(|inode| among.contains(inode)).count();
        count(&from_edge).saturating_sub(count(&elsewhere))
    };
    Ok(old.iter().map(requests).sum())
}

/// Lists the connected sockets at the listening end of `sockets`, by their numbers, from `/proc/net/unix`:
/// `address: references protocol flags type state inode path`.
fn connected(text: &str, sockets: &RouterSockets) -> BTreeSet<u64> {
    let inode = |line: &str| {
        let mut fields = line.split_ascii_whitespace();
        let (state, inode, path) = (fields.nth(5)?, fields.next()?, fields.next()?);
        let ours = path == sockets.http || path == sockets.https;
        if ours && state == "03" { inode.parse().ok() } else { None }
    };
    text.lines().filter_map(inode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_from_the_edge_are_told_from_the_socket_that_waits_for_them() {
        let text = "Num       RefCount Protocol Flags    Type St Inode Path\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 100 /h/run/router-http.sock\n\
            0000000000000000: 00000003 00000000 00000000 0001 03 101 /h/run/router-http.sock\n\
            0000000000000000: 00000003 00000000 00000000 0001 03 102 /h/run/other.sock\n\
            0000000000000000: 00000003 00000000 00000000 0001 03 103\n";
        let sockets = RouterSockets {
            http: "/h/run/router-http.sock".into(),
            https: "/h/run/router-https.sock".into(),
        };
        assert_eq!(connected(text, &sockets), BTreeSet::from([101]));
    }
}
